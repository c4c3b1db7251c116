// Package runs has training runs with files in a directory and a progress line
// on the terminal. A run can be resumed from its files.
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

// Run is a training run with a history and with files in a directory.
type Run struct {
	Settings Settings
	Dir      string
	History  []Record

	Experiment Experiment
	trainer    *adversary.Trainer
	evaluation *adversary.Sampler
	deadUnits  *adversary.DeadUnits
	frames     [][]float64 // the samples of a frame, for each record
}

// looks is the approximate number of records in a run. A shorter run has one
// record for each step.
const looks = 50

// New returns a run before its first step.
func New(s Settings, e Experiment, dir string) *Run {
	e.Training.Seed = s.Seed
	t := adversary.NewTrainer(e.Training)
	return &Run{Settings: s, Dir: dir, Experiment: e, trainer: t, evaluation: t.Sampler(score.Samples), deadUnits: t.DeadUnits()}
}

// ErrInterrupted means that the training was interrupted before its end.
var ErrInterrupted = errors.New("interrupted")

// Step returns the number of steps done.
func (r *Run) Step() int { return r.trainer.Step() }

// Train does all steps. If ctx is done earlier, Train saves the run and returns
// ErrInterrupted. It calls report after each step.
func (r *Run) Train(ctx context.Context, report func()) error {
	steps := r.Settings.Steps
	if r.Step() == 0 {
		if err := r.save(); err != nil { // from now on, the run can be resumed
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
	return fmt.Errorf("%w after %d of %d steps, continue with -resume %s", ErrInterrupted, r.Step(), steps, r.Dir)
}

// look adds a record to the history.
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
	// A copy, because a slice would keep all samples in memory.
	r.frames = append(r.frames, slices.Clone(samples[:r.frameSize()]))
	return nil
}

// frameSize is the number of numbers in the samples of a frame.
func (r *Run) frameSize() int {
	return r.Experiment.Painter.Framed() * r.Experiment.Training.Data.Size()
}

// evaluate draws samples from the averaged generator and scores them. It uses
// the same noise every time and does not change the training run.
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

// Status returns the latest record as short texts, the most important first.
func (r *Run) Status() []string {
	if len(r.History) == 0 {
		return nil
	}
	last := r.History[len(r.History)-1]
	return append(last.Score.Parts(), fmt.Sprintf("losses D %.2f G %.2f", last.Losses.Discriminator, last.Losses.Generator))
}

// Path returns the path of a file in the run's directory.
func (r *Run) Path(name string) string { return filepath.Join(r.Dir, name) }
