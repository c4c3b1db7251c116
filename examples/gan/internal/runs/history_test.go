package runs

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

// TestWriteCSV checks that every number is in the column with its name.
func TestWriteCSV(t *testing.T) {
	history := []Record{
		{10, adversary.Losses{Discriminator: 1.5, Generator: -0.25}, score.Score{Modes: 7, Of: 8, Quality: 0.125, ReverseKL: 1e-5, Width: 0.75},
			adversary.Dead{Discriminator: 0.0625, Generator: 0.5}},
		{10000, adversary.Losses{Discriminator: 1. / 3, Generator: 123456.75}, score.Score{Modes: 10, Of: 10, Quality: 1, ReverseKL: 0, Width: math.NaN()},
			adversary.Dead{Discriminator: 1, Generator: 0}},
	}
	var got strings.Builder
	if err := writeCSV(&got, history); err != nil {
		t.Fatal(err)
	}
	want := `step,discriminator loss,generator loss,modes,of modes,high quality,reverse KL,mode width,dead discriminator units,dead generator units
10,1.5,-0.25,7,8,0.125,1e-05,0.75,0.0625,0.5
10000,0.3333333333333333,123456.75,10,10,1,0,NaN,1,0
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

// TestRecordRow checks that recordOf returns the record that row was called on.
func TestRecordRow(t *testing.T) {
	row := make([]float64, len(columns))
	for i := range row {
		row[i] = float64(i + 1)
	}
	if got := recordOf(row).row(); !nntest.SameBits(got, row) {
		t.Errorf("got %v, want %v", got, row)
	}
}
