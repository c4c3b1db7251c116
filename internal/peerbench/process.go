package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A process times cases that it is asked for, on operands of its own.
type process struct {
	requests io.Writer
	answers  *bufio.Reader
	name     string
}

// start starts a process, which says its name first.
func start(cmd *exec.Cmd) (*process, error) {
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
	p := &process{requests: requests, answers: bufio.NewReader(answers)}
	if p.name, err = p.answers.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("%s ends before it says its name: %w", cmd.Path, cmd.Wait())
	}
	p.name = strings.TrimSpace(p.name)
	return p, nil
}

// contend has the process compute the case. The loop over repetitions is there.
func (p *process) contend(c benchCase) (contender, error) {
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
