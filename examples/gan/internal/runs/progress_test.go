package runs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

// full is the longest status there is.
var full = []string{"modes 25/25", "high quality 100.0%", "reverse KL 0.013", "mode width 0.85", "losses 0.69 0.70"}

// TestMain lets the test binary be a program that shows progress on its terminal.
func TestMain(m *testing.M) {
	if os.Getenv("SHOW_PROGRESS") != "" {
		p := NewProgress(os.Stderr, 0, 1000)
		for step := range 100 {
			p.Show(step, full)
			time.Sleep(12 * time.Millisecond)
		}
		p.Finish()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestProgressTerminal shows progress on terminals of several widths.
func TestProgressTerminal(t *testing.T) {
	const bar, left, end = `^ *\d+% \[=*>? +\] `, `(1h)?(\d+m)?\d+s left`, `$`
	for columns, want := range map[uint16]string{
		20:  bar + left + end,
		40:  bar + left + end,
		60:  bar + left + `  modes 25/25` + end,
		80:  bar + left + `  modes 25/25  high quality 100.0%` + end,
		120: bar + left + `  modes 25/25  high quality 100.0%  reverse KL 0.013  mode width 0.85` + end,
		200: bar + left + `  ` + strings.Join(full, "  ") + end,
	} {
		t.Run(fmt.Sprint(columns, " columns"), func(t *testing.T) {
			t.Parallel() // it takes a second until there is a time left
			testTerminal(t, columns, regexp.MustCompile(want))
		})
	}
}

func testTerminal(t *testing.T, columns uint16, want *regexp.Regexp) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "SHOW_PROGRESS=1")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	screen, _ := io.ReadAll(terminal) // the end of a terminal is an error
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	found := ""
	for line := range strings.FieldsFuncSeq(string(screen), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if n := utf8.RuneCountInString(line); n > int(columns) {
			t.Errorf("%q has %d columns", line, n)
		}
		if line = strings.TrimRight(line, " "); want.MatchString(line) {
			found = line
		}
	}
	if found == "" {
		t.Errorf("no line like %s in %q", want, screen)
	}
	t.Log(found)
}

// TestProgressFile wants plain lines where there is no terminal.
func TestProgressFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p := NewProgress(log, 0, 40)
	for step := range 40 {
		p.Show(step+1, full)
	}
	p.Finish()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	want := regexp.MustCompile(`^step \d+/40  \d+m?s  ` + strings.Join(full, "  ") + `$`)
	if len(lines) != 11 || lines[10] != "" {
		t.Errorf("%q, want ten lines", content)
	}
	for _, line := range lines[:10] {
		if !want.MatchString(line) {
			t.Errorf("line %q, want one like %s", line, want)
		}
	}
}
