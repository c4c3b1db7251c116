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

// A sweep is runs that differ in nothing but their seeds, each in a directory of
// its own below that of the sweep.

// NewSweep makes the directories of a sweep whose first seed is that of the
// settings. Each run has a checkpoint from the beginning, so that the sweep can
// be resumed as a whole, whatever ends it.
func NewSweep(s Settings, e Experiment, seeds int, dir string) error {
	runs := make([]Settings, seeds)
	dirs := make([]string, seeds)
	for i := range runs {
		runs[i] = s
		runs[i].Seed += uint64(i)
		var err error
		if dirs[i], err = NewDirectory(filepath.Join(dir, fmt.Sprintf("seed-%d", runs[i].Seed)), s.Data); err != nil {
			return err
		}
	}
	for i, s := range runs {
		if err := New(s, e, dirs[i]).save(); err != nil {
			return err
		}
	}
	return nil
}

// IsSweep tells whether dir is that of a sweep, and not of a single run.
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

// runsBelow are the directories of the runs in a sweep.
func runsBelow(dir string) (runs []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if below := filepath.Join(dir, e.Name()); isRun(below) {
			runs = append(runs, below)
		}
	}
	return runs, err
}

// ResumeSweep goes on with all runs of a sweep, as many at a time as there are
// processors. What it says and does beside is what Open does.
func ResumeSweep(ctx context.Context, dir string, check func(*Settings) error, experiment func(Settings) (Experiment, error), stderr *os.File) error {
	ends, err := readSweep(dir)
	if err != nil {
		return err
	}
	w := sweep{ends: ends, check: check}
	var done, steps int
	for i := range ends {
		if err := check(&ends[i].at.Settings); err != nil {
			return err
		}
		done += ends[i].at.Step
		steps += ends[i].at.Steps
		if ends[i].complete() {
			w.complete++
		}
	}
	if err := alike(ends); err != nil {
		return err
	}
	if w.experiment, err = experiment(ends[0].at.Settings); err != nil {
		return fmt.Errorf("%s can't be resumed: %w", dir, err)
	}
	w.step = done
	w.progress = NewProgress(stderr, done, steps)
	err = w.train(ctx)
	w.progress.Finish()
	if err == nil && w.complete < len(ends) {
		err = fmt.Errorf("%w with %d of %d seeds complete, go on by -resume %s", ErrInterrupted, w.complete, len(ends), dir)
	}
	return err
}

// sweep is a sweep under way.
type sweep struct {
	ends       []end
	check      func(*Settings) error
	experiment Experiment // of all runs

	mutex          sync.Mutex // of what follows
	progress       *Progress
	step, complete int
}

// train trains all runs until ctx is done.
func (w *sweep) train(ctx context.Context) error {
	var workers errgroup.Group
	workers.SetLimit(runtime.GOMAXPROCS(0))
	errs := make([]error, len(w.ends))
	for i, e := range w.ends {
		workers.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if err := w.trainOne(ctx, e.dir); err != nil {
				errs[i] = fmt.Errorf("seed %d: %w", e.at.Seed, err)
			}
			return nil
		})
	}
	return errors.Join(append(errs, workers.Wait())...)
}

func (w *sweep) trainOne(ctx context.Context, dir string) error {
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
