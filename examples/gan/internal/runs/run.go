// Package runs has training runs that leave a trace: files in a directory, from
// which they can go on, and a line on the terminal.
package runs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

// Run is a training run that leaves a trace: a history, and files in a
// directory.
type Run struct {
	Settings Settings
	Dir      string
	History  []Record

	Experiment Experiment
	trainer    *adversary.Trainer
	evaluation *adversary.Sampler
	deadUnits  *adversary.DeadUnits
	frames     [][]float64 // samples for each record, as many as a frame shows
}

// looks is how often a run is looked at, if it has as many steps.
const looks = 50

// New returns a run before its first step.
func New(s Settings, e Experiment, dir string) *Run {
	e.Training.Seed = s.Seed
	t := adversary.NewTrainer(e.Training)
	return &Run{Settings: s, Dir: dir, Experiment: e, trainer: t, evaluation: t.Sampler(score.Samples), deadUnits: t.DeadUnits()}
}

// ErrInterrupted says that training has ended early, because it was told to.
var ErrInterrupted = errors.New("interrupted")

// Step is how many steps are done.
func (r *Run) Step() int { return r.trainer.Step() }

// Train does all steps, or as many as it can until ctx is done: then it saves the
// run and returns ErrInterrupted. It calls report after each step.
func (r *Run) Train(ctx context.Context, report func()) error {
	steps := r.Settings.Steps
	if r.Step() == 0 {
		if err := r.save(); err != nil { // there is something to resume from now on
			return err
		}
	}
	for r.Step() < steps && ctx.Err() == nil {
		l, err := r.trainer.Next()
		if err != nil {
			return err
		}
		if r.Step()%max(1, steps/looks) == 0 || r.Step() == steps {
			if err := r.look(l); err != nil {
				return err
			}
			if err := r.save(); err != nil {
				return err
			}
		}
		report()
	}
	if r.Step() == steps {
		return nil
	}
	if err := r.save(); err != nil {
		return err
	}
	return fmt.Errorf("%w after %d of %d steps, go on by -resume %s", ErrInterrupted, r.Step(), steps, r.Dir)
}

// look adds to the history.
func (r *Run) look(l adversary.Losses) error {
	samples, s, err := r.evaluate()
	if err != nil {
		return err
	}
	d, err := r.deadUnits.Count()
	if err != nil {
		return err
	}
	r.History = append(r.History, Record{r.Step(), l, s, d})
	// A copy: a part of all the samples would keep them all.
	r.frames = append(r.frames, slices.Clone(samples[:r.frameSize()]))
	return nil
}

// frameSize is how many numbers make the samples of a frame.
func (r *Run) frameSize() int {
	return r.Experiment.Painter.Framed() * r.Experiment.Training.Data.Size()
}

// evaluate draws samples from the averaged generator and scores them. It leaves
// the training run as it is, and draws from the same noise every time.
func (r *Run) evaluate() ([]float64, score.Score, error) {
	samples, err := r.evaluation.Sample(rand.New(rand.NewPCG(r.Settings.Seed, 1)))
	if err != nil {
		return nil, score.Score{}, err
	}
	for i, v := range samples {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, score.Score{}, fmt.Errorf("training diverged before step %d: the generator's sample %d contains %v", r.Step()+1, i/r.Experiment.Training.Data.Size(), v)
		}
	}
	s, err := r.Experiment.Scorer.Score(samples)
	return samples, s, err
}

// Status is the latest record in a few words, those that matter most first.
func (r *Run) Status() []string {
	if len(r.History) == 0 {
		return nil
	}
	last := r.History[len(r.History)-1]
	return append(last.Score.Parts(), fmt.Sprintf("losses %.2f %.2f", last.Losses.Discriminator, last.Losses.Generator))
}

// Path is that of a file in the run's directory.
func (r *Run) Path(name string) string { return filepath.Join(r.Dir, name) }
