package main

import (
	"fmt"
	"os"
	"time"

	"github.com/cheggaaa/pb/v3"
	"github.com/mattn/go-isatty"
)

// progress shows on a terminal a bar with the latest metrics. Elsewhere, in a
// log for example, it writes a line for every tenth of the way.
type progress struct {
	bar   *pb.ProgressBar // nil if not on a terminal
	file  *os.File
	steps int
	start time.Time
}

const barTemplate pb.ProgressBarTemplate = `{{percent . }} {{bar . "[" "=" ">" " " "]"}} {{string . "metrics"}} {{rtime . "%s left" "in %s" ""}}`

func newProgress(file *os.File, steps int) *progress {
	p := &progress{file: file, steps: steps, start: time.Now()}
	if isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()) {
		p.bar = barTemplate.New(steps).SetWriter(file)
		if p.bar.Width() == 0 { // a terminal that nobody told its size
			p.bar.SetWidth(80)
		}
		p.bar.Start()
	}
	return p
}

// at says that step has been done.
func (p *progress) at(step int) {
	if p.bar != nil {
		p.bar.SetCurrent(int64(step))
	}
}

// wants says whether an evaluation after step would be shown: 50 in a run.
func (p *progress) wants(step int) bool { return step%max(1, p.steps/50) == 0 }

// show shows an evaluation after step.
func (p *progress) show(step int, l losses, s score) {
	if p.bar != nil {
		p.bar.Set("metrics", fmt.Sprintf("modes %d/%d  quality %.1f%%  KL %.3f  losses %.2f %.2f",
			s.modes, s.of, 100*s.quality, s.reverseKL, l.discriminator, l.generator))
	} else if step%max(1, p.steps/10) == 0 {
		fmt.Fprintf(p.file, "step %d/%d  %s  losses %.2f %.2f  %v\n",
			step, p.steps, time.Since(p.start).Round(100*time.Millisecond), l.discriminator, l.generator, s)
	}
}

// finish leaves the bar as it is and the cursor below it.
func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
