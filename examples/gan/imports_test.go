package main

import (
	"go/build"
	"slices"
	"strings"
	"testing"
)

const module = "gorgonia.org/leakyrelu/examples/gan"

// imports are the packages of the program that each of them may import.
var imports = map[string][]string{
	".":                  {"internal/adversary", "internal/data", "internal/draw", "internal/nn", "internal/runs", "internal/score"},
	"internal/runs":      {"internal/adversary", "internal/draw", "internal/score"},
	"internal/adversary": {"internal/nn"},
	"internal/score":     {"internal/data", "internal/nn"},
	"internal/draw":      {"internal/data"},
	"internal/nn":        {},
	"internal/data":      {},
}

// TestImports wants every package to import only what it stands above.
func TestImports(t *testing.T) {
	for dir, allowed := range imports {
		p, err := build.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, path := range p.Imports {
			if below, ok := strings.CutPrefix(path, module+"/"); ok {
				found = append(found, below)
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, allowed) {
			t.Errorf("%s imports %v, want %v", dir, found, allowed)
		}
	}
}
