package runs

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
)

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, content := range []string{"new", "newer"} {
		err := replaceFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		runstest.WantFiles(t, dir, map[string]string{"a": content})
	}
	// Write half a file, then return an error.
	failed := errors.New("failed")
	err := replaceFile(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "newe"); err != nil {
			return err
		}
		// A file beside the old one is always on the same file system.
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
			t.Errorf("while the new file is written, the directory contains %v (error %v), want two entries", entries, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "newer" {
			t.Errorf("while the new file is written, the old one contains %q (error %v)", got, err)
		}
		return failed
	})
	if err != failed {
		t.Errorf("got error %v, want the one of the function", err)
	}
	runstest.WantFiles(t, dir, map[string]string{"a": "newer"})
}

// TestReplaceFileMode checks that the file has the usual permissions.
func TestReplaceFileMode(t *testing.T) {
	dir := t.TempDir()
	ours, other := filepath.Join(dir, "ours"), filepath.Join(dir, "other")
	if err := replaceFile(ours, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := os.Stat(ours)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(other)
	if err != nil {
		t.Fatal(err)
	}
	if got.Mode() != want.Mode() {
		t.Errorf("mode %v, want %v", got.Mode(), want.Mode())
	}
}

// TestReplaceFileErrors uses paths that can't be written.
func TestReplaceFileErrors(t *testing.T) {
	nothing := func(io.Writer) error { return nil }
	dir := t.TempDir()
	if err := replaceFile(filepath.Join(dir, "no", "a"), nothing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that does not exist: got error %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(filepath.Join(dir, "a"), nothing); err == nil {
		t.Error("no error for a directory")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || !entries[0].IsDir() {
		t.Errorf("the directory contains %v, want only the other one", entries)
	}
}

func TestSavePNG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	want := color.RGBA{R: 1, G: 2, B: 3, A: 0xff}
	img.SetRGBA(2, 1, want)
	if err := savePNG(path, img); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if c := color.RGBAModel.Convert(got.At(2, 1)); got.Bounds() != img.Rect || c != want {
		t.Errorf("read %v with %v, want %v with %v", got.Bounds(), c, img.Rect, want)
	}
}
