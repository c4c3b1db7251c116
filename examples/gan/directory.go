package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// newDirectory makes a directory for the files of a run, or takes over one that
// holds no run yet. Without a name it finds one that is free: gan-ring, then
// gan-ring-2, and so on.
func newDirectory(name, data string) (string, error) {
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
	if _, err := os.Stat(filepath.Join(name, checkpointName)); err == nil {
		return "", fmt.Errorf("-out is %s, where there is a run already: go on with it by -resume %[1]s, or choose another directory", name)
	}
	// Better to know now than when there is something to write.
	f, err := os.CreateTemp(name, "")
	if err != nil {
		return "", fmt.Errorf("-out: %w", err)
	}
	f.Close()
	return name, os.Remove(f.Name())
}
