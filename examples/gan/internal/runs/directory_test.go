package runs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
)

func TestNewDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"gan-ring", "gan-ring-2", "gan-ring-3"} {
		if got, err := NewDirectory("", "ring"); err != nil || got != want {
			t.Fatalf("without a name: got %s (error %v), want %s", got, err, want)
		}
		runstest.WantFiles(t, want, nil)
	}
	// The name is not free if it is a file. Other files do not matter.
	if err := os.WriteFile("gan-grid", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err := NewDirectory("", "grid"); err != nil || got != "gan-grid-2" {
		t.Errorf("beside a file: got %s (error %v), want gan-grid-2", got, err)
	}

	deep := filepath.Join("a", "b")
	for range 2 { // the second time, the directory exists but has no run
		if got, err := NewDirectory(deep, "ring"); err != nil || got != deep {
			t.Fatalf("got %s (error %v), want %s", got, err, deep)
		}
		runstest.WantFiles(t, deep, nil)
	}
	for _, file := range []string{"checkpoint.npz", "metrics.csv", "samples.png", "training.png", "training.gif"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), []byte("a run"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := NewDirectory(dir, "ring")
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "-resume "+dir) {
			t.Errorf("with %s in it: got error %v, want one that names it and says how to go on", file, err)
		}
		runstest.WantFiles(t, dir, map[string]string{file: "a run"})
	}
}
