package runs

import (
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
)

// replaceFile writes a file. What was at path stays there, complete, until the
// new file is; if there is an error, it stays for good.
func replaceFile(path string, write func(io.Writer) error) error {
	// A file in a new directory, because [os.CreateTemp] would create one that
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
	if err := f.Sync(); err != nil { // or a power failure could leave it empty
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
