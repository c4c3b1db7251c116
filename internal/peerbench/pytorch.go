package main

import (
	_ "embed"
	"os/exec"
)

//go:embed pytorch.py
var script string

// startPyTorch starts a Python whose interpreter is on PyTorch's account: that is
// how PyTorch is called.
func startPyTorch(python string) (*process, error) {
	return start(exec.Command(python, "-c", script))
}
