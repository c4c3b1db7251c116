package main

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"
)

// TestTerminal runs the program on terminals of several widths, presses Ctrl-C
// when there is all to see that should fit, and wants no line to be wider.
func TestTerminal(t *testing.T) {
	const bar, left, modes, quality = `^ *\d+% \[=*> {9,}\] `, `\d+s left`, `  modes \d/8`, `  high quality \d+\.\d%`
	for columns, want := range map[uint16]string{
		40:  bar + left + `$`,
		80:  bar + left + modes + quality + `$`,
		120: bar + left + modes + quality + `  reverse KL \d\.\d{3}(  mode width \d\.\d\d)?$`,
	} {
		t.Run(fmt.Sprint(columns, " columns"), func(t *testing.T) {
			t.Parallel() // it takes a second until the program says how long it will take
			testTerminal(t, columns, regexp.MustCompile(want))
		})
	}
}

func testTerminal(t *testing.T, columns uint16, want *regexp.Regexp) {
	cmd := gan(t, "-steps", "2000", "-loss", "plain")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	screen, found := bufio.NewReader(terminal), false
	for {
		line, err := screen.ReadString('\r')
		if err != nil { // the program has ended, and nobody holds the terminal any more
			break
		}
		line = strings.TrimRight(line, " \r")
		if found {
			continue
		}
		if n := utf8.RuneCountInString(line); n > int(columns) {
			t.Errorf("%q has %d columns", line, n)
		}
		if found = want.MatchString(line); found {
			t.Log(line)
			if _, err := terminal.WriteString("\x03"); err != nil { // Ctrl-C
				t.Fatal(err)
			}
		}
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); !found || code != 130 {
		t.Errorf("exit code %d, a line like %s is %t, want 130 and true", code, want, found)
	}
}
