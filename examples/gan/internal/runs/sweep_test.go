package runs

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

var sweepHeader = []string{"seed", "modes", "high quality %", "reverse KL", "mode width", "dead units % (discriminator, generator)"}

func TestSummarize(t *testing.T) {
	ends := []*Record{
		{Score: score.Score{Modes: 8, Of: 8, Quality: 0.95, ReverseKL: 0.01, Width: 0.8}, Dead: adversary.Dead{Discriminator: 0, Generator: 0.125}},
		nil, // interrupted
		{Score: score.Score{Modes: 5, Of: 8, Quality: 0.5, ReverseKL: 0.7, Width: 0.6}, Dead: adversary.Dead{Discriminator: 0.25, Generator: 0.0625}},
		{Score: score.Score{Modes: 8, Of: 8, Quality: 0.8, ReverseKL: 0.04, Width: 1}, Dead: adversary.Dead{Discriminator: 0.5, Generator: 0}},
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
		if got := runstest.Cells(table.String()); !slices.EqualFunc(got, rows, slices.Equal) {
			t.Errorf("%d runs: got %q, want %q", n, got, rows)
		}
	}
}
