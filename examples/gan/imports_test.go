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

// TestImports checks that every package imports exactly the packages that
// README.md lists for it, and only packages below it in the table.
func TestImports(t *testing.T) {
	readme := string(runstest.Read(t, "README.md"))
	_, table, _ := strings.Cut(readme, "| package | open it for | imports |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var above []string
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		name, link, _ := strings.Cut(strings.Trim(cells[0], "[) "), "](")
		want := strings.TrimSpace(cells[2])
		if name == "main" {
			above = append(above, name)
			continue // main may import all packages
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
				t.Errorf("%s imports %s, which is above it in README.md", name, i)
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
