package runs

import (
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
)

// replaceFile writes a file. It replaces the old file at path only when the new
// one is complete. After an error, the old file is still there.
func replaceFile(path string, write func(io.Writer) error) error {
	// A new file in a new directory: [os.CreateTemp] would create a file that
	// only its owner may read.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".gan-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, filepath.Base(path)))
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil { // without Sync, the file may be empty after a power failure
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func savePNG(path string, img image.Image) error {
	return replaceFile(path, func(w io.Writer) error { return png.Encode(w, img) })
}
