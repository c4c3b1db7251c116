package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed pytorch.py
var script string

// pytorch is a Python process that times PyTorch on tensors of its own.
type pytorch struct {
	requests io.Writer
	answers  *bufio.Reader
	version  string
}

func startPyTorch(python string) (*pytorch, error) {
	cmd := exec.Command(python, "-c", script)
	cmd.Stderr = os.Stderr
	requests, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &pytorch{requests: requests, answers: bufio.NewReader(answers)}
	if p.version, err = p.answers.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("%s ends before it says PyTorch's version: %w", python, cmd.Wait())
	}
	p.version = strings.TrimSpace(p.version)
	return p, nil
}

// contend prepares the case for PyTorch. The loop over repetitions is in
// Python, whose interpreter is on PyTorch's account: that is how it is called.
func (p *pytorch) contend(c benchCase) (contender, error) {
	return contender{
		run: func(reps int) (time.Duration, error) {
			if _, err := fmt.Fprintln(p.requests, c.backward, c.inPlace, len(c.dst), c.alpha, reps); err != nil {
				return 0, err
			}
			line, err := p.answers.ReadString('\n')
			if err != nil {
				return 0, err
			}
			ns, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
			return time.Duration(ns), err
		},
		free: func() {},
	}, nil
}
