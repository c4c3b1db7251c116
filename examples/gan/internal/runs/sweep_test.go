package runs

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

var sweepHeader = []string{"seed", "modes", "high quality %", "reverse KL", "mode width", "dead units % (discriminator, generator)"}

func TestSummarize(t *testing.T) {
	complete := func(seed uint64, s score.Score, d adversary.Dead) end {
		return end{at: reached{Settings: Settings{Seed: seed, Steps: 5}, Step: 5}, record: Record{Score: s, Dead: d}}
	}
	ends := []end{
		complete(7, score.Score{Modes: 8, Of: 8, Quality: 0.95, ReverseKL: 0.01, Width: 0.8}, adversary.Dead{Discriminator: 0, Generator: 0.125}),
		{at: reached{Settings: Settings{Seed: 8, Steps: 5}, Step: 3}},
		complete(9, score.Score{Modes: 5, Of: 8, Quality: 0.5, ReverseKL: 0.7, Width: 0.6}, adversary.Dead{Discriminator: 0.25, Generator: 0.0625}),
		complete(10, score.Score{Modes: 8, Of: 8, Quality: 0.8, ReverseKL: 0.04, Width: 1}, adversary.Dead{Discriminator: 0.5, Generator: 0}),
	}
	// The errors of (8, 5, 8), (95, 50, 80), (0.01, 0.7, 0.04), (0.8, 0.6, 1),
	// (0, 25, 50) and (12.5, 6.25, 0) are s/√3: 1, 13.229, 0.22517, 0.11547,
	// 14.434 and 3.6084.
	want := [][]string{sweepHeader,
		{"7", "8/8", "95.0", "0.010", "0.80", "0.0, 12.5"},
		{"9", "5/8", "50.0", "0.700", "0.60", "25.0, 6.2"},
		{"10", "8/8", "80.0", "0.040", "1.00", "50.0, 0.0"},
		{"mean", "7.0 ± 1.0", "75.0 ± 13.2", "0.250 ± 0.225", "0.80 ± 0.12", "25.0 ± 14.4, 6.2 ± 3.6"},
	}
	incomplete := []string{"not complete: seeds 8 (3 of 5 steps)"}
	for n, rows := range map[int][][]string{4: append(want, incomplete), 2: append(want[:2:2], incomplete), 1: want[:2], 0: want[:1]} {
		var table strings.Builder
		if err := summarize(&table, ends[:n]); err != nil {
			t.Fatal(err)
		}
		if got := runstest.Cells(table.String()); !slices.EqualFunc(got, rows, slices.Equal) {
			t.Errorf("%d runs: got %q, want %q", n, got, rows)
		}
	}
}

// sweepOf makes a sweep of two short runs.
func sweepOf(t *testing.T, steps int) (dir string) {
	t.Helper()
	s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: steps, Seed: 3}
	e, err := tinyExperiment(s)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := NewSweep(s, e, 2, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// resumeSweep continues a sweep and ignores its progress line.
func resumeSweep(t *testing.T, ctx context.Context, dir string, check func(*Settings) error) error {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	w, err := OpenSweep(dir, check, tinyExperiment)
	if err != nil {
		t.Fatal(err)
	}
	return w.Train(ctx, log)
}

// TestResumeSweep interrupts a sweep before its first step and again later. The
// files must equal those of a sweep without an interruption.
func TestResumeSweep(t *testing.T) {
	const steps = 4
	whole, parts := sweepOf(t, steps), sweepOf(t, steps)
	if err := resumeSweep(t, t.Context(), whole, agree); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := resumeSweep(t, ctx, parts, agree); !errors.Is(err, ErrInterrupted) || !strings.Contains(err.Error(), "0 of 2") {
		t.Errorf("got error %v, want one that says that no run is complete", err)
	}
	opened(t, filepath.Join(parts, "seed-4")).trainUntil(t, 2)
	var table strings.Builder
	if err := Sum(&table, parts); err != nil {
		t.Fatal(err)
	}
	if want := "not complete: seeds 3 (0 of 4 steps), 4 (2 of 4 steps)\n"; !strings.HasSuffix(table.String(), want) {
		t.Errorf("the table is %q, want it to end with %q", table.String(), want)
	}
	for range 2 { // the second time, all steps are already done
		if err := resumeSweep(t, t.Context(), parts, agree); err != nil {
			t.Fatal(err)
		}
		for _, seed := range []string{"seed-3", "seed-4"} {
			runstest.WantFiles(t, filepath.Join(parts, seed), runstest.Contents(t, filepath.Join(whole, seed)))
		}
	}
}

// TestJoinSweep starts a sweep in a directory with runs. They become part of
// the sweep, unless their settings differ.
func TestJoinSweep(t *testing.T) {
	dir := sweepOf(t, 2) // of seeds 3 and 4
	s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 2, Seed: 1}
	for _, change := range []func(*Settings){
		func(s *Settings) { s.Steps = 3 },
		func(s *Settings) { s.Data = "grid" },
		func(*Settings) {},
	} {
		other := s
		change(&other)
		e, err := tinyExperiment(other)
		if err != nil {
			t.Fatal(err)
		}
		err = NewSweep(other, e, 2, dir)
		ends, readErr := readSweep(dir)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if same := other == s; same && (err != nil || len(ends) != 4) || !same && (err == nil || len(ends) != 2) {
			t.Errorf("%v: error %v, %d runs", other, err, len(ends))
		}
	}
}

// TestLongerSweep continues a sweep with more steps. It interrupts the sweep
// when only one run has the new number of steps, and continues again.
func TestLongerSweep(t *testing.T) {
	dir := sweepOf(t, 2)
	if err := resumeSweep(t, t.Context(), dir, agree); err != nil {
		t.Fatal(err)
	}
	longer := func(s *Settings) error { s.Steps = 5; return nil }
	r, err := Open(filepath.Join(dir, "seed-3"), longer, tinyExperiment)
	if err != nil {
		t.Fatal(err)
	}
	r.trainUntil(t, 3)
	if err := Sum(io.Discard, dir); err == nil || !strings.Contains(err.Error(), "-steps 5") || !strings.Contains(err.Error(), "-steps 2") {
		t.Errorf("got error %v, want one that says how the runs differ", err)
	}
	if err := resumeSweep(t, t.Context(), dir, longer); err != nil {
		t.Fatal(err)
	}
	ends, err := readSweep(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ends {
		if e.at.Step != 5 || e.at.Steps != 5 {
			t.Errorf("seed %d: %d of %d steps, want 5 of 5", e.at.Seed, e.at.Step, e.at.Steps)
		}
	}
}

// TestSumErrors uses directories that can't be summed up.
func TestSumErrors(t *testing.T) {
	if err := Sum(io.Discard, filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got error %v, want one that names the directory", err)
	}
	dir := t.TempDir()
	if err := Sum(io.Discard, dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("without runs: got error %v, want one that names the directory", err)
	}
	begin := func(name string, change func(*Settings)) {
		s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 5, Seed: 3}
		change(&s)
		e, err := tinyExperiment(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := New(s, e, filepath.Join(dir, name)).save(); err != nil {
			t.Fatal(err)
		}
	}
	wantError := func(name string, mentions ...string) {
		t.Helper()
		err := Sum(io.Discard, dir)
		if err == nil {
			t.Errorf("%s: no error", name)
			return
		}
		for _, mention := range mentions {
			if !strings.Contains(err.Error(), mention) {
				t.Errorf("%s: error %q does not mention %s", name, err, mention)
			}
		}
		if err := os.RemoveAll(filepath.Join(dir, "b")); err != nil {
			t.Fatal(err)
		}
	}
	begin("a", func(*Settings) {})
	begin("b", func(*Settings) {})
	wantError("the same seed", filepath.Join(dir, "a"), filepath.Join(dir, "b"), "seed, 3")
	begin("b", func(s *Settings) { s.Seed, s.Data = 4, "grid" })
	wantError("other data", "-data ring", "-data grid")
	begin("b", func(s *Settings) { s.Seed, s.Alpha = 4, 0.3 })
	wantError("another slope", "-alpha 0.2", "-alpha 0.3")
	begin("b", func(s *Settings) { s.Seed = 4 })
	if err := os.WriteFile(filepath.Join(dir, "b", checkpointName), []byte("nothing"), 0o666); err != nil {
		t.Fatal(err)
	}
	wantError("a broken checkpoint", filepath.Join(dir, "b", checkpointName))
}
