// Package measure has what the comparisons share: peers in processes of their
// own, and the median.
package measure

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

// A Process answers each line that it reads with a number of nanoseconds.
type Process struct {
	Name     string
	requests io.Writer
	answers  *bufio.Reader
}

// Start starts a process. The first line that the process writes is its name.
func Start(cmd *exec.Cmd) (*Process, error) {
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
	p := &Process{requests: requests, answers: bufio.NewReader(answers)}
	if p.Name, err = p.answers.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("%s ended before it wrote its name: %w", cmd.Path, cmd.Wait())
	}
	p.Name = strings.TrimSpace(p.Name)
	return p, nil
}

// Time sends a request and returns the time that the process measured. The
// values of the request are separated by spaces.
func (p *Process) Time(request ...any) (time.Duration, error) {
	if _, err := fmt.Fprintln(p.requests, request...); err != nil {
		return 0, err
	}
	line, err := p.answers.ReadString('\n')
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return time.Duration(ns), err
}
