package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"
)

// sweep does a run for each of several seeds, each in a directory of its own,
// and sums up what came out of them.
func sweep(ctx context.Context, o options, c config, dir string, stdout io.Writer, stderr *os.File) error {
	dirs := make([]string, o.seeds)
	for i := range dirs {
		var err error
		if dirs[i], err = newDirectory(filepath.Join(dir, fmt.Sprintf("seed-%d", o.Seed+uint64(i))), o.Data); err != nil {
			return err
		}
	}

	var (
		progress = newProgress(stderr, 0, o.seeds*o.Steps)
		ends     = make([]*record, o.seeds) // nil for a run that was interrupted
		mutex    sync.Mutex
		steps    int
		complete int
	)
	var workers errgroup.Group
	workers.SetLimit(runtime.GOMAXPROCS(0))
	for i := range ends {
		workers.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			s := o.settings
			s.Seed += uint64(i)
			r := newRun(s, c, dirs[i])
			err := r.train(ctx, func() {
				mutex.Lock()
				defer mutex.Unlock()
				steps++
				progress.show(steps, fmt.Sprintf("%d of %d seeds complete", complete, o.seeds))
			})
			if err != nil {
				return fmt.Errorf("seed %d: %w", s.Seed, err)
			}
			if _, err := r.draw(); err != nil {
				return fmt.Errorf("seed %d: %w", s.Seed, err)
			}
			if r.step == r.steps {
				mutex.Lock()
				defer mutex.Unlock()
				complete++
				ends[i] = &r.history[len(r.history)-1]
			}
			return nil
		})
	}
	err := workers.Wait()
	progress.finish()
	if ctx.Err() != nil && complete < o.seeds {
		fmt.Fprintf(stderr, "interrupted with %d of %d seeds complete, go on with one that has begun by -resume %s\n",
			complete, o.seeds, filepath.Join(dir, "seed-N"))
	}
	fmt.Fprintln(stdout, "runs:", dir)
	return errors.Join(summarize(stdout, o.Seed, ends), err)
}

// summarize writes a table of how runs ended, with means and their standard
// errors below.
func summarize(w io.Writer, seed uint64, ends []*record) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "seed\tmodes\thigh quality %\treverse KL\tmode width\tdead units % (discriminator, generator)")
	columns := make([][]float64, 6)
	for i, r := range ends {
		if r == nil {
			continue
		}
		row := []float64{float64(r.score.modes), 100 * r.score.quality, r.score.reverseKL, r.score.width,
			100 * r.dead.discriminator, 100 * r.dead.generator}
		for j, v := range row {
			columns[j] = append(columns[j], v)
		}
		fmt.Fprintf(t, "%d\t%.0f/%d\t%.1f\t%.3f\t%.2f\t%.1f, %.1f\n",
			seed+uint64(i), row[0], r.score.of, row[1], row[2], row[3], row[4], row[5])
	}
	if n := len(columns[0]); n > 1 {
		var cells []any
		for _, c := range columns {
			mean, std := stat.MeanStdDev(c, nil)
			cells = append(cells, mean, stat.StdErr(std, float64(n)))
		}
		fmt.Fprintf(t, "mean\t%.1f ± %.1f\t%.1f ± %.1f\t%.3f ± %.3f\t%.2f ± %.2f\t%.1f ± %.1f, %.1f ± %.1f\n", cells...)
	}
	return t.Flush()
}
