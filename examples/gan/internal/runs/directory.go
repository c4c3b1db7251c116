package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of a run, except the checkpoint.
const (
	metricsName  = "metrics.csv"
	SamplesName  = "samples.png"
	trainingName = "training.png"
	movieName    = "training.gif"
)

var files = []string{checkpointName, metricsName, SamplesName, trainingName, movieName}

// NewDirectory makes a directory for the files of a run, or uses an existing
// one that has no run yet. If the name is empty, it finds a free name:
// gan-ring, then gan-ring-2, and so on.
func NewDirectory(name, data string) (string, error) {
	if name == "" {
		for i := 1; ; i++ {
			name = "gan-" + data
			if i > 1 {
				name = fmt.Sprintf("%s-%d", name, i)
			}
			if err := os.Mkdir(name, 0o777); !errors.Is(err, fs.ErrExist) {
				return name, err
			}
		}
	}
	if err := os.MkdirAll(name, 0o777); err != nil {
		return "", fmt.Errorf("-out: %w", err)
	}
	for _, file := range files {
		_, err := os.Lstat(filepath.Join(name, file))
		if err == nil {
			return "", fmt.Errorf("%s contains %s, expected a directory without a run: continue this run with -resume %[1]s, or choose another -out", name, file)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("-out: %w", err)
		}
	}
	// If the directory is not writable, report it now and not at the first
	// checkpoint.
	f, err := os.CreateTemp(name, "")
	if err != nil {
		return "", fmt.Errorf("-out: %w", err)
	}
	f.Close()
	return name, os.Remove(f.Name())
}
