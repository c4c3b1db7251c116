package runs

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cheggaaa/pb/v3"
	"github.com/mattn/go-isatty"
)

// Progress shows a bar with the latest metrics on a terminal. Elsewhere, for
// example in a log, it writes a line after every tenth of the steps.
type Progress struct {
	bar   *pb.ProgressBar // nil if the file is not a terminal
	file  *os.File
	steps int
	start time.Time
}

const barTemplate pb.ProgressBarTemplate = `{{percent . "%.0f%%"}} {{bar . "[" "=" ">" " " "]"}} {{rtime . "%s left" "in %s" ""}}{{string . "status"}}`

// barRoom is the number of columns for the percentage, the bar and the time.
// The status gets the remaining columns.
const barRoom = 40

// NewProgress returns the progress of a run in which done of the steps are
// already done.
func NewProgress(file *os.File, done, steps int) *Progress {
	p := &Progress{file: file, steps: steps, start: time.Now()}
	if isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()) {
		p.bar = barTemplate.New(steps).SetWriter(file)
		if p.bar.Width() == 0 { // the terminal does not know its size
			p.bar.SetWidth(80)
		}
		p.bar.SetCurrent(int64(done))
		p.bar.Start()
	}
	return p
}

// Show shows that a step is done, and then the first parts of the status, as
// many as fit.
func (p *Progress) Show(step int, status []string) {
	if p.bar != nil {
		p.bar.Set("status", fit(status, p.bar.Width()-barRoom)).SetCurrent(int64(step))
	} else if step%max(1, p.steps/10) == 0 {
		fmt.Fprintf(p.file, "step %d/%d  %s  %s\n", step, p.steps, time.Since(p.start).Round(100*time.Millisecond), strings.Join(status, "  "))
	}
}

// fit joins the first parts, with two spaces before each, as long as they fit
// into room columns.
func fit(parts []string, room int) (line string) {
	for _, part := range parts {
		if len(line)+2+len(part) > room {
			break
		}
		line += "  " + part
	}
	return line
}

// Finish keeps the bar on the screen and moves the cursor below it.
func (p *Progress) Finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
