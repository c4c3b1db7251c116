package runs

import (
	"errors"
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

// full is the longest possible status.
var full = []string{"modes 25/25", "high quality 100.0%", "reverse KL 0.013", "mode width 0.85", "losses D 0.69 G 0.70"}

// TestMain makes the test binary a program that shows progress on its terminal.
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
	wants := map[int]string{
		20:  bar + left + end,
		40:  bar + left + end,
		60:  bar + left + `  modes 25/25` + end,
		80:  bar + left + `  modes 25/25  high quality 100.0%` + end,
		120: bar + left + `  modes 25/25  high quality 100.0%  reverse KL 0.013  mode width 0.85` + end,
		200: bar + left + `  ` + strings.Join(full, "  ") + end,
	}
	// Show all steps at once: the bar needs a second to estimate the remaining
	// time.
	screens := map[int]<-chan string{}
	for columns := range wants {
		screens[columns] = showOnTerminal(t, columns)
	}
	for columns, want := range wants {
		screen, found := <-screens[columns], ""
		for line := range strings.FieldsFuncSeq(screen, func(r rune) bool { return r == '\r' || r == '\n' }) {
			if n := utf8.RuneCountInString(line); n > columns {
				t.Errorf("%d columns: %q has %d", columns, line, n)
			}
			if line = strings.TrimRight(line, " "); regexp.MustCompile(want).MatchString(line) {
				found = line
			}
		}
		if found == "" {
			t.Errorf("%d columns: no line like %s in %q", columns, want, screen)
		}
		t.Logf("%3d columns: %s", columns, found)
	}
}

// showOnTerminal runs the program on a new terminal and sends the output of the
// terminal.
func showOnTerminal(t *testing.T, columns int) <-chan string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "SHOW_PROGRESS=1")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)})
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	screens := make(chan string, 1)
	go func() {
		defer terminal.Close()
		screen, _ := io.ReadAll(terminal) // reading returns an error at the end of a terminal
		cmd.Wait()
		screens <- string(screen)
	}()
	return screens
}

// TestProgressFile checks that the output to a file has plain lines.
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
