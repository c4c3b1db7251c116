package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
)

// meanAndError returns the mean of values and its standard error, computed from
// the sample variance.
func meanAndError(values []float64) (mean, standardError float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	var squares float64
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(squares / (n - 1) / n)
}

var sweepHeader = []string{"seed", "modes", "high quality %", "reverse KL", "mode width", "dead units % (discriminator, generator)"}

// TestSweep runs two seeds. Each must give the same result as a single run. The
// table must sum up their last records.
func TestSweep(t *testing.T) {
	t.Parallel()
	const steps = 3
	flags := fmt.Sprintf("-steps %d -loss wgan-gp -activation relu", steps)
	cmd := gan(t, strings.Fields(flags+" -seeds 2 -seed 3")...)
	stdout, stderr, code := runProgram(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	if strings.Count(stderr, "\n") != 2*steps || !strings.Contains(stderr, fmt.Sprintf("step %d/%[1]d ", 2*steps)) || !strings.Contains(stderr, "of 2 seeds complete") {
		t.Errorf("stderr is %q, want it to count the steps of both", stderr)
	}
	first, table, _ := strings.Cut(stdout, "\n")
	if first != "runs: gan-ring" {
		t.Errorf("stdout begins with %q, want the directory", first)
	}
	got := runstest.Cells(table)
	if len(got) != 4 || !slices.Equal(got[0], sweepHeader) {
		t.Fatalf("the table is %q, want four rows below a header", got)
	}

	var columns [6][]float64
	for i := range 2 {
		seed := fmt.Sprint(3 + i)
		dir := filepath.Join(cmd.Dir, "gan-ring", "seed-"+seed)
		wantRunFiles(t, dir)
		rows, err := csv.NewReader(strings.NewReader(string(runstest.Read(t, filepath.Join(dir, "metrics.csv"))))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var last []float64
		for _, cell := range rows[len(rows)-1] {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			last = append(last, v)
		}
		end := []float64{last[3], 100 * last[5], last[6], last[7], 100 * last[8], 100 * last[9]}
		for j, v := range end {
			columns[j] = append(columns[j], v)
		}
		want := []string{seed, fmt.Sprintf("%.0f/8", end[0]), fmt.Sprintf("%.1f", end[1]), fmt.Sprintf("%.3f", end[2]),
			fmt.Sprintf("%.2f", end[3]), fmt.Sprintf("%.1f, %.1f", end[4], end[5])}
		if !slices.Equal(got[1+i], want) {
			t.Errorf("the row of seed %s is %q, want %q", seed, got[1+i], want)
		}

		if testing.Short() {
			continue
		}
		alone := gan(t, strings.Fields(flags+" -seed "+seed)...)
		if _, stderr, code := runProgram(t, alone); code != 0 {
			t.Fatalf("exit code %d, stderr %s", code, stderr)
		}
		for name, content := range runstest.Contents(t, filepath.Join(alone.Dir, "gan-ring")) {
			if string(runstest.Read(t, filepath.Join(dir, name))) != content {
				t.Errorf("%s of seed %s differs from that of a run of its own", name, seed)
			}
		}
	}
	var cells [6]string
	for j, format := range []string{"%.1f ± %.1f", "%.1f ± %.1f", "%.3f ± %.3f", "%.2f ± %.2f", "%.1f ± %.1f", "%.1f ± %.1f"} {
		mean, e := meanAndError(columns[j])
		cells[j] = fmt.Sprintf(format, mean, e)
	}
	want := []string{"mean", cells[0], cells[1], cells[2], cells[3], cells[4] + ", " + cells[5]}
	if !slices.Equal(got[3], want) {
		t.Errorf("the last row is %q, want %q", got[3], want)
	}
}

// TestSweepRefused checks that existing runs do not change and that nothing is
// trained.
func TestSweepRefused(t *testing.T) {
	t.Parallel()
	cmd := gan(t, "-steps", "3", "-out", "o/seed-2", "-seed", "2")
	if _, stderr, code := runProgram(t, cmd); code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	before := runstest.Contents(t, filepath.Join(cmd.Dir, "o", "seed-2"))
	again := gan(t, "-steps", "3", "-out", "o", "-seeds", "3")
	again.Dir = cmd.Dir
	stdout, stderr, code := runProgram(t, again)
	if code == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "-resume o/seed-2") {
		t.Errorf("exit code %d, stdout %q, stderr %q, want one line that says how to continue", code, stdout, stderr)
	}
	runstest.WantFiles(t, filepath.Join(cmd.Dir, "o", "seed-2"), before)
	runstest.WantFiles(t, filepath.Join(cmd.Dir, "o", "seed-1"), nil)
}

// TestSweepInterrupt sends a signal during the training and then resumes all
// seeds.
func TestSweepInterrupt(t *testing.T) {
	t.Parallel()
	flags := strings.Fields("-steps 4 -seeds 2")
	whole := gan(t, flags...)
	wholeStdout, stderr, code := runProgram(t, whole)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}

	cmd := gan(t, flags...)
	stdout, rest, code := interrupted(t, cmd, os.Interrupt)
	if code != 130 || !regexp.MustCompile(`gan: interrupted with \d of 2 seeds complete, continue with -resume gan-ring\n$`).MatchString(rest) {
		t.Errorf("exit code %d, stderr %q, want 130 and how to continue", code, rest)
	}
	if !strings.HasPrefix(stdout, "runs: gan-ring\nseed") || !strings.Contains(stdout, "not complete: seeds ") {
		t.Errorf("stdout is %q, want a table of the complete runs", stdout)
	}

	resumed := gan(t, "-resume", "gan-ring")
	resumed.Dir = cmd.Dir
	resumedStdout, stderr, code := runProgram(t, resumed)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	if resumedStdout != wholeStdout {
		t.Errorf("resumed, the result is %q, want %q", resumedStdout, wholeStdout)
	}
	for _, seed := range []string{"seed-1", "seed-2"} {
		dir := filepath.Join("gan-ring", seed)
		runstest.WantFiles(t, filepath.Join(cmd.Dir, dir), runstest.Contents(t, filepath.Join(whole.Dir, dir)))
	}
}

// TestSum runs two seeds one after another, as different machines would. The
// table must equal that of running both at once.
func TestSum(t *testing.T) {
	t.Parallel()
	cmd := gan(t, strings.Fields("-steps 2 -seeds 2 -out together")...)
	want, stderr, code := runProgram(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	for _, args := range []string{"-seed 2 -out apart/b", "-seed 1 -out apart/a"} {
		one := gan(t, strings.Fields("-steps 2 "+args)...)
		one.Dir = cmd.Dir
		if _, stderr, code := runProgram(t, one); code != 0 {
			t.Fatalf("exit code %d, stderr %s", code, stderr)
		}
	}
	sum := gan(t, "-sum", "apart")
	sum.Dir = cmd.Dir
	got, stderr, code := runProgram(t, sum)
	if code != 0 || stderr != "" || "runs: together\n"+got != want {
		t.Errorf("exit code %d, stderr %q, stdout %q, want the table in %q", code, stderr, got, want)
	}
}
