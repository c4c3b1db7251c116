package runs

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

// Sweep does a run for each of several seeds, from that of the settings on, each
// in a directory of its own, and sums up what came out of them.
func Sweep(ctx context.Context, s Settings, e Experiment, seeds int, dir string, stdout io.Writer, stderr *os.File) error {
	dirs := make([]string, seeds)
	for i := range dirs {
		var err error
		if dirs[i], err = NewDirectory(filepath.Join(dir, fmt.Sprintf("seed-%d", s.Seed+uint64(i))), s.Data); err != nil {
			return err
		}
	}

	var (
		progress = NewProgress(stderr, 0, seeds*s.Steps)
		ends     = make([]*Record, seeds) // nil for a run that was interrupted
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
			s := s
			s.Seed += uint64(i)
			r := New(s, e, dirs[i])
			err := r.Train(ctx, func() {
				mutex.Lock()
				defer mutex.Unlock()
				steps++
				progress.Show(steps, fmt.Sprintf("%d of %d seeds complete", complete, seeds))
			})
			if err != nil {
				return fmt.Errorf("seed %d: %w", s.Seed, err)
			}
			if _, err := r.Draw(); err != nil {
				return fmt.Errorf("seed %d: %w", s.Seed, err)
			}
			if r.Step() == s.Steps {
				mutex.Lock()
				defer mutex.Unlock()
				complete++
				ends[i] = &r.History[len(r.History)-1]
			}
			return nil
		})
	}
	err := workers.Wait()
	progress.Finish()
	if ctx.Err() != nil && complete < seeds {
		fmt.Fprintf(stderr, "interrupted with %d of %d seeds complete, go on with one that has begun by -resume %s\n",
			complete, seeds, filepath.Join(dir, "seed-N"))
	}
	fmt.Fprintln(stdout, "runs:", dir)
	return errors.Join(summarize(stdout, s.Seed, ends), err)
}

// summarize writes a table of how runs ended, with means and their standard
// errors below.
func summarize(w io.Writer, seed uint64, ends []*Record) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "seed\tmodes\thigh quality %\treverse KL\tmode width\tdead units % (discriminator, generator)")
	columns := make([][]float64, 6)
	for i, r := range ends {
		if r == nil {
			continue
		}
		row := []float64{float64(r.Score.Modes), 100 * r.Score.Quality, r.Score.ReverseKL, r.Score.Width,
			100 * r.Dead.Discriminator, 100 * r.Dead.Generator}
		for j, v := range row {
			columns[j] = append(columns[j], v)
		}
		fmt.Fprintf(t, "%d\t%.0f/%d\t%.1f\t%.3f\t%.2f\t%.1f, %.1f\n",
			seed+uint64(i), row[0], r.Score.Of, row[1], row[2], row[3], row[4], row[5])
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
