package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A sweep is a set of runs that differ only in their seeds. Each run has its
// own directory inside the directory of the sweep.

// NewSweep makes the directories of a sweep that begins with the seed in the
// settings. Existing runs in dir become part of the sweep. Each new run gets a
// checkpoint at once, so the whole sweep can be resumed after any interruption.
func NewSweep(s Settings, e Experiment, seeds int, dir string) error {
	first := s.Seed
	begun := make([]end, seeds)
	for i := range begun {
		s.Seed = first + uint64(i)
		below, err := NewDirectory(filepath.Join(dir, fmt.Sprintf("seed-%d", s.Seed)), s.Data)
		if err != nil {
			return err
		}
		begun[i] = end{dir: below, at: reached{Settings: s}}
	}
	before, err := readEnds(dir)
	if err != nil {
		return err
	}
	if err := alike(append(before, begun...)); err != nil {
		return err
	}
	for _, b := range begun {
		if err := New(b.at.Settings, e, b.dir).save(); err != nil {
			return err
		}
	}
	return nil
}

// IsSweep reports whether dir contains a sweep and not a single run.
func IsSweep(dir string) bool {
	if isRun(dir) {
		return false
	}
	dirs, err := runsBelow(dir)
	return err == nil && len(dirs) > 0
}

func isRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, checkpointName))
	return err == nil
}

// runsBelow returns the directories of the runs in a sweep.
func runsBelow(dir string) (runs []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if below := filepath.Join(dir, e.Name()); isRun(below) {
			runs = append(runs, below)
		}
	}
	return runs, err
}

// Sweep is a sweep that can be continued.
type Sweep struct {
	Dir        string
	ends       []end
	check      func(*Settings) error
	experiment Experiment // of all runs

	mutex          sync.Mutex // protects the fields below
	progress       *Progress
	step, complete int
}

// OpenSweep opens the sweep in a directory to continue it. It uses check and
// experiment as [Open] does.
func OpenSweep(dir string, check func(*Settings) error, experiment func(Settings) (Experiment, error)) (*Sweep, error) {
	ends, err := readSweep(dir)
	if err != nil {
		return nil, err
	}
	w := &Sweep{Dir: dir, ends: ends, check: check}
	for i := range ends {
		if err := check(&ends[i].at.Settings); err != nil {
			return nil, err
		}
		w.step += ends[i].at.Step
		if ends[i].complete() {
			w.complete++
		}
	}
	if err := alike(ends); err != nil {
		return nil, err
	}
	if w.experiment, err = experiment(ends[0].at.Settings); err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", dir, err)
	}
	return w, nil
}

// Train does all steps of all runs. It trains as many runs at a time as there
// are processors. If ctx is done earlier, Train saves the runs and returns
// ErrInterrupted.
func (w *Sweep) Train(ctx context.Context, stderr *os.File) error {
	seeds := len(w.ends)
	w.progress = NewProgress(stderr, w.step, seeds*w.ends[0].at.Steps)
	defer w.progress.Finish()
	errs := make([]error, seeds)
	var workers errgroup.Group
	workers.SetLimit(runtime.GOMAXPROCS(0))
	for i, e := range w.ends {
		workers.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if err := w.trainOne(ctx, e.dir); err != nil {
				errs[i] = fmt.Errorf("seed %d: %w", e.at.Seed, err)
			}
			return nil // the other runs continue
		})
	}
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if w.complete < seeds {
		return fmt.Errorf("%w with %d of %d seeds complete, continue with -resume %s", ErrInterrupted, w.complete, seeds, w.Dir)
	}
	return nil
}

func (w *Sweep) trainOne(ctx context.Context, dir string) error {
	r, err := Open(dir, w.check, func(Settings) (Experiment, error) { return w.experiment, nil })
	if err != nil {
		return err
	}
	before := r.Step()
	trained := r.Train(ctx, func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.step++
		w.progress.Show(w.step, []string{fmt.Sprintf("%d of %d seeds complete", w.complete, len(w.ends))})
	})
	if trained != nil && !errors.Is(trained, ErrInterrupted) {
		return trained
	}
	if _, err := os.Stat(r.Path(movieName)); errors.Is(err, fs.ErrNotExist) || r.Step() > before {
		if _, err := r.Draw(); err != nil {
			return err
		}
	}
	if r.Step() == r.Settings.Steps && r.Step() > before {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.complete++
	}
	return nil
}
