package runs

import (
	"fmt"
	"os"
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

const barTemplate pb.ProgressBarTemplate = `{{percent . }} {{bar . "[" "=" ">" " " "]"}} {{string . "status"}} {{rtime . "%s left" "in %s" ""}}`

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

// Show shows that a step has been done, and the status after it.
func (p *Progress) Show(step int, status string) {
	if p.bar != nil {
		p.bar.Set("status", status).SetCurrent(int64(step))
	} else if step%max(1, p.steps/10) == 0 {
		fmt.Fprintf(p.file, "step %d/%d  %s  %s\n", step, p.steps, time.Since(p.start).Round(100*time.Millisecond), status)
	}
}

// Finish leaves the bar as it is and the cursor below it.
func (p *Progress) Finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
