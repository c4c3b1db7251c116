package main

import (
	_ "embed"
	"os/exec"

	"gorgonia.org/leakyrelu/internal/peerbench/process"
)

//go:embed pytorch.py
var script string

// startPyTorch starts a Python process. PyTorch's time includes the
// interpreter, because PyTorch is called from Python.
func startPyTorch(python string) (*process.Process, error) {
	return process.Start(exec.Command(python, "-c", script))
}
