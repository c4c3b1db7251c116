package main

import (
	_ "embed"
	"os/exec"

	"gorgonia.org/leakyrelu/internal/peerbench/measure"
)

//go:embed pytorch.py
var script string

// startPyTorch starts a Python process. PyTorch's time includes the
// interpreter, because PyTorch is called from Python.
func startPyTorch(python string) (*measure.Process, error) {
	return measure.Start(exec.Command(python, "-c", script))
}
