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

// A process measures the cases that we send to it, on its own operands.
type process struct {
	requests io.Writer
	answers  *bufio.Reader
	name     string
}

// start starts a process. The first line that the process writes is its name.
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
		return nil, fmt.Errorf("%s ended before it wrote its name: %w", cmd.Path, cmd.Wait())
	}
	p.name = strings.TrimSpace(p.name)
	return p, nil
}

// contend returns a contender that runs the case in the process. The loop over
// repetitions is in the process.
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
