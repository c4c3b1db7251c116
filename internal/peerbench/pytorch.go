package main

import (
	_ "embed"
	"os/exec"
)

//go:embed pytorch.py
var script string

// startPyTorch starts a Python process. PyTorch's time includes the
// interpreter, because PyTorch is called from Python.
func startPyTorch(python string) (*process, error) {
	return start(exec.Command(python, "-c", script))
}
