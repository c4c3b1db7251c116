package runs

import (
	"archive/zip"
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat"
	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
)

// end is the state of a run in a sweep.
type end struct {
	dir    string
	at     reached
	record Record // the last record, if the run is complete
}

func (e end) complete() bool { return e.at.Step == e.at.Steps }

// readSweep reads the states of the runs in a directory, sorted by seed. It
// returns an error if there are no runs.
func readSweep(dir string) ([]end, error) {
	ends, err := readEnds(dir)
	if err == nil && len(ends) == 0 {
		err = fmt.Errorf("%s has no directories with runs in it, expected one for each seed", dir)
	}
	return ends, err
}

func readEnds(dir string) (ends []end, err error) {
	dirs, err := runsBelow(dir)
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		e, err := readEnd(dir)
		if err != nil {
			return nil, err
		}
		ends = append(ends, e)
	}
	slices.SortFunc(ends, bySeed)
	return ends, nil
}

func bySeed(a, b end) int { return cmp.Compare(a.at.Seed, b.at.Seed) }

// alike returns an error if two runs have the same seed, or if they differ in
// another setting. Only the directory of MNIST may differ.
func alike(ends []end) error {
	ends = slices.SortedFunc(slices.Values(ends), bySeed)
	for i, e := range ends[1:] {
		a, b := ends[i].at.Settings, e.at.Settings
		if a.Seed == b.Seed {
			return fmt.Errorf("%s and %s have the same seed, %d", ends[i].dir, e.dir, a.Seed)
		}
		b.Seed, b.MNIST = a.Seed, a.MNIST // on another machine, the files may be in another place
		if a != b {
			return fmt.Errorf("%s and %s differ in more than their seeds: %v and %v", ends[i].dir, e.dir, ends[i].at.Settings, e.at.Settings)
		}
	}
	return nil
}

func readEnd(dir string) (e end, err error) {
	path := filepath.Join(dir, checkpointName)
	z, err := zip.OpenReader(path)
	if err != nil {
		return e, fmt.Errorf("%s can't be read: %w", path, err)
	}
	defer z.Close()
	e.dir = dir
	if e.at, err = readReached(&z.Reader); err != nil {
		return e, fmt.Errorf("%s can't be read: %w", path, err)
	}
	if e.complete() && e.at.Records == 0 {
		return e, fmt.Errorf("%s can't be read: it is complete, but has no records", path)
	}
	if e.complete() {
		history := newHistory(e.at.Records)
		if err := readArray(&z.Reader, adversary.Array{Name: historyName, Dense: history}); err != nil {
			return e, fmt.Errorf("%s can't be read: %w", path, err)
		}
		records := records(history)
		e.record = records[len(records)-1]
	}
	return e, nil
}

// Sum writes a table of the results of the complete runs in a directory, with
// means and standard errors in the last row. Then it lists the runs that are
// not complete.
func Sum(w io.Writer, dir string) error {
	ends, err := readSweep(dir)
	if err != nil {
		return err
	}
	if err := alike(ends); err != nil {
		return err
	}
	return summarize(w, ends)
}

func summarize(w io.Writer, ends []end) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "seed\tmodes\thigh quality %\treverse KL\tmode width\tdead units % (discriminator, generator)")
	columns := make([][]float64, 6)
	var incomplete []string
	for _, e := range ends {
		if !e.complete() {
			incomplete = append(incomplete, fmt.Sprintf("%d (%d of %d steps)", e.at.Seed, e.at.Step, e.at.Steps))
			continue
		}
		r := e.record
		row := []float64{float64(r.Score.Modes), 100 * r.Score.Quality, r.Score.ReverseKL, r.Score.Width,
			100 * r.Dead.Discriminator, 100 * r.Dead.Generator}
		for j, v := range row {
			columns[j] = append(columns[j], v)
		}
		fmt.Fprintf(t, "%d\t%.0f/%d\t%.1f\t%.3f\t%.2f\t%.1f, %.1f\n",
			e.at.Seed, row[0], r.Score.Of, row[1], row[2], row[3], row[4], row[5])
	}
	if n := len(columns[0]); n > 1 {
		var cells []any
		for _, c := range columns {
			mean, std := stat.MeanStdDev(c, nil)
			cells = append(cells, mean, stat.StdErr(std, float64(n)))
		}
		fmt.Fprintf(t, "mean\t%.1f ± %.1f\t%.1f ± %.1f\t%.3f ± %.3f\t%.2f ± %.2f\t%.1f ± %.1f, %.1f ± %.1f\n", cells...)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(incomplete) > 0 {
		_, err := fmt.Fprintln(w, "not complete: seeds", strings.Join(incomplete, ", "))
		return err
	}
	return nil
}
