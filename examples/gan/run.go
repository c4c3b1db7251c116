package main

import (
	"archive/zip"
	"context"
	"fmt"
	"image"
	"image/gif"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

// run is a training run that leaves a trace: a history, and files in a
// directory.
type run struct {
	settings
	*trainer
	dir     string
	history []record
	frames  [][]float64 // samples for each record, as many as a frame shows
}

// The files of a run, beside the checkpoint.
const (
	metricsName  = "metrics.csv"
	samplesName  = "samples.png"
	trainingName = "training.png"
	movieName    = "training.gif"
)

var files = []string{checkpointName, metricsName, samplesName, trainingName, movieName}

// looks is how often a run is looked at, if it has as many steps.
const looks = 50

func newRun(s settings, c config, dir string) *run {
	c.seed = s.Seed
	return &run{settings: s, trainer: newTrainer(c), dir: dir}
}

// openRun goes on with the run in a directory, if check, which may say where its
// data are now, has nothing against its settings.
func openRun(dir string, check func(*settings) error) (*run, error) {
	path := filepath.Join(dir, checkpointName)
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	defer z.Close()
	at, err := readReached(&z.Reader)
	if err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", path, err)
	}
	if err := check(&at.settings); err != nil {
		return nil, err
	}
	c, err := newConfig(at.settings)
	if err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", path, err)
	}
	r := newRun(at.settings, c, dir)
	if err := r.readCheckpoint(&z.Reader, at); err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", path, err)
	}
	return r, nil
}

// train does all steps, or as many as it can until ctx is done. It calls report
// after each.
func (r *run) train(ctx context.Context, report func()) error {
	for r.step < r.steps && ctx.Err() == nil {
		l, err := r.next()
		if err != nil {
			return err
		}
		if r.step%max(1, r.steps/looks) == 0 || r.step == r.steps {
			if err := r.look(l); err != nil {
				return err
			}
			if err := r.save(); err != nil {
				return err
			}
		}
		report()
	}
	if r.step == r.steps {
		return nil
	}
	return r.save() // where it was interrupted
}

// look adds to the history.
func (r *run) look(l losses) error {
	samples, s, err := r.evaluate()
	if err != nil {
		return err
	}
	d, err := r.deadUnits.count(r.trainer)
	if err != nil {
		return err
	}
	r.history = append(r.history, record{r.step, l, s, d})
	// A copy: a part of all the samples would keep them all.
	r.frames = append(r.frames, slices.Clone(samples[:r.framed()*r.size()]))
	return nil
}

// status is the latest record in a few words.
func (r *run) status() string {
	if len(r.history) == 0 {
		return ""
	}
	last := r.history[len(r.history)-1]
	return fmt.Sprintf("%v  losses %.2f %.2f", last.score, last.losses.discriminator, last.losses.generator)
}

// path is that of a file in the run's directory.
func (r *run) path(name string) string { return filepath.Join(r.dir, name) }

// save writes the checkpoint and the history.
func (r *run) save() error {
	if err := replaceFile(r.path(checkpointName), r.writeCheckpoint); err != nil {
		return err
	}
	return replaceFile(r.path(metricsName), func(w io.Writer) error { return writeCSV(w, r.history) })
}

// draw writes the pictures, and returns the score of what the first one shows.
func (r *run) draw() (score, error) {
	generated, s, err := r.evaluate()
	if err != nil {
		return s, err
	}
	real := r.sample(rand.New(rand.NewPCG(r.Seed, 3)), evaluated)
	title := fmt.Sprintf("%s GAN, %s, after %d steps: %v", r.Loss, r.act, r.step, s)
	samples, err := r.picture(title, real, generated)
	if err != nil {
		return s, err
	}
	if err := savePNG(r.path(samplesName), samples); err != nil {
		return s, err
	}
	if len(r.history) == 0 { // interrupted before the first look
		return s, nil
	}
	curves, err := drawCurves(title, r.history)
	if err != nil {
		return s, err
	}
	if err := savePNG(r.path(trainingName), curves); err != nil {
		return s, err
	}
	var frames []image.Image
	for i, samples := range r.frames {
		f, err := r.frame(fmt.Sprintf("step %d", r.history[i].step), real, samples)
		if err != nil {
			return s, err
		}
		frames = append(frames, f)
	}
	return s, replaceFile(r.path(movieName), func(w io.Writer) error { return gif.EncodeAll(w, animate(frames)) })
}
