package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// meanAndError are the mean of values and its standard error, from the sample's
// variance.
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

// cells are the cells of a table, of which two spaces or more are between the
// columns.
func cells(table string) [][]string {
	var rows [][]string
	for _, line := range strings.Split(strings.TrimRight(table, "\n"), "\n") {
		var row []string
		for _, cell := range strings.Split(line, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				row = append(row, cell)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

var sweepHeader = []string{"seed", "modes", "high quality %", "reverse KL", "mode width", "dead units % (discriminator, generator)"}

func TestSummarize(t *testing.T) {
	ends := []*record{
		{score: score{modes: 8, of: 8, quality: 0.95, reverseKL: 0.01, width: 0.8}, dead: dead{0, 0.125}},
		nil, // interrupted
		{score: score{modes: 5, of: 8, quality: 0.5, reverseKL: 0.7, width: 0.6}, dead: dead{0.25, 0.0625}},
		{score: score{modes: 8, of: 8, quality: 0.8, reverseKL: 0.04, width: 1}, dead: dead{0.5, 0}},
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
	for n, rows := range map[int][][]string{4: want, 2: want[:2], 0: want[:1]} {
		var table strings.Builder
		if err := summarize(&table, 7, ends[:n]); err != nil {
			t.Fatal(err)
		}
		if got := cells(table.String()); !slices.EqualFunc(got, rows, slices.Equal) {
			t.Errorf("%d runs: got %q, want %q", n, got, rows)
		}
	}
}

// TestSweep runs two seeds, and wants from each what a run of its own gives, and
// a table that sums up their last records.
func TestSweep(t *testing.T) {
	steps := 5
	if testing.Short() {
		steps = 2
	}
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
	got := cells(table)
	if len(got) != 4 || !slices.Equal(got[0], sweepHeader) {
		t.Fatalf("the table is %q, want four rows below a header", got)
	}

	var columns [6][]float64
	for i := range 2 {
		seed := fmt.Sprint(3 + i)
		dir := filepath.Join(cmd.Dir, "gan-ring", "seed-"+seed)
		wantRunFiles(t, dir)
		rows, err := csv.NewReader(strings.NewReader(string(readAll(t, filepath.Join(dir, "metrics.csv"))))).ReadAll()
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
		for name, content := range contents(t, filepath.Join(alone.Dir, "gan-ring")) {
			if string(readAll(t, filepath.Join(dir, name))) != content {
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

// TestSweepRefused wants seeds that have been run to be left alone, before
// anything is trained.
func TestSweepRefused(t *testing.T) {
	cmd := gan(t, "-steps", "3", "-out", "o/seed-2", "-seed", "2")
	if _, stderr, code := runProgram(t, cmd); code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	before := contents(t, filepath.Join(cmd.Dir, "o", "seed-2"))
	again := gan(t, "-steps", "3", "-out", "o", "-seeds", "3")
	again.Dir = cmd.Dir
	stdout, stderr, code := runProgram(t, again)
	if code == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "-resume o/seed-2") {
		t.Errorf("exit code %d, stdout %q, stderr %q, want one line that says how to go on", code, stdout, stderr)
	}
	wantFiles(t, filepath.Join(cmd.Dir, "o", "seed-2"), before)
	wantFiles(t, filepath.Join(cmd.Dir, "o", "seed-1"), nil)
}
