package main

import (
	"cmp"
	"go/build"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
)

// TestImports wants every package to import what README.md says, and only packages
// that it stands above: those that follow in the table there.
func TestImports(t *testing.T) {
	readme := string(runstest.Read(t, "README.md"))
	_, table, _ := strings.Cut(readme, "| package | open it for | imports |\n|---|---|---|\n")
	var above []string
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		name, link, _ := strings.Cut(strings.Trim(cells[0], "[) "), "](")
		want := strings.TrimSpace(cells[2])
		if name == "main" {
			above = append(above, name)
			continue // it may import all
		}
		if link != "internal/"+name {
			t.Errorf("%s links to %s", name, link)
		}
		p, err := build.ImportDir(link, 0)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, i := range p.Imports {
			if strings.Contains(i, "/examples/gan/") {
				found = append(found, path.Base(i))
			}
		}
		slices.Sort(found)
		if got := cmp.Or(strings.Join(found, ", "), "none"); got != want {
			t.Errorf("%s imports %s, and README.md says %s", name, got, want)
		}
		for _, i := range found {
			if slices.Contains(above, i) {
				t.Errorf("%s imports %s, which stands above it", name, i)
			}
		}
		above = append(above, name)
	}
	entries, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(above, e.Name()) {
			t.Errorf("README.md does not list internal/%s", e.Name())
		}
	}
}
