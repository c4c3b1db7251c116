// Package runstest has functions that tests use to check the files of runs.
package runstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Contents returns the contents of the files in a directory.
func Contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		files[e.Name()] = string(Read(t, filepath.Join(dir, e.Name())))
	}
	return files
}

// Read returns the contents of a file.
func Read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// WantFiles fails the test unless dir contains exactly these files with these
// contents.
func WantFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("the directory contains %v, want %v", entries, want)
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != content {
			t.Errorf("%s contains %q (error %v), want %q", name, got, err, content)
		}
	}
}

// Cells returns the cells of a table. Two or more spaces separate the columns.
func Cells(table string) [][]string {
	var rows [][]string
	for _, line := range strings.Split(strings.TrimRight(table, "\n"), "\n") {
		var row []string
		for _, cell := range strings.Split(line, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				row = append(row, cell)
			}
		}
		rows = append(rows, row)
	}
	return rows
}
