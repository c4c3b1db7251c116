package runs

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cheggaaa/pb/v3"
	"github.com/mattn/go-isatty"
)

// Progress shows on a terminal a bar with the latest metrics. Elsewhere, in a
// log for example, it writes a line for every tenth of the way.
type Progress struct {
	bar   *pb.ProgressBar // nil if not on a terminal
	file  *os.File
	steps int
	start time.Time
}

const barTemplate pb.ProgressBarTemplate = `{{percent . "%.0f%%"}} {{bar . "[" "=" ">" " " "]"}} {{rtime . "%s left" "in %s" ""}}{{string . "status"}}`

// barRoom is how many columns the share, the bar and the time get before the
// status gets any.
const barRoom = 40

// NewProgress shows that done steps out of so many have been done before.
func NewProgress(file *os.File, done, steps int) *Progress {
	p := &Progress{file: file, steps: steps, start: time.Now()}
	if isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()) {
		p.bar = barTemplate.New(steps).SetWriter(file)
		if p.bar.Width() == 0 { // a terminal that nobody told its size
			p.bar.SetWidth(80)
		}
		p.bar.SetCurrent(int64(done))
		p.bar.Start()
	}
	return p
}

// Show shows that a step has been done, and the status after it: as many parts
// of it as fit, the first ones first.
func (p *Progress) Show(step int, status []string) {
	if p.bar != nil {
		p.bar.Set("status", fit(status, p.bar.Width()-barRoom)).SetCurrent(int64(step))
	} else if step%max(1, p.steps/10) == 0 {
		fmt.Fprintf(p.file, "step %d/%d  %s  %s\n", step, p.steps, time.Since(p.start).Round(100*time.Millisecond), strings.Join(status, "  "))
	}
}

// fit joins the first of some parts, two spaces before each, as long as they
// take no more than room columns.
func fit(parts []string, room int) (line string) {
	for _, part := range parts {
		if len(line)+2+len(part) > room {
			break
		}
		line += "  " + part
	}
	return line
}

// Finish leaves the bar as it is and the cursor below it.
func (p *Progress) Finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
