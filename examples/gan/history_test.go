package main

import (
	"math"
	"strings"
	"testing"
)

// TestWriteCSV wants every number in the column that says what it is.
func TestWriteCSV(t *testing.T) {
	history := []record{
		{10, losses{discriminator: 1.5, generator: -0.25}, score{modes: 7, of: 8, quality: 0.125, reverseKL: 1e-5, width: 0.75},
			dead{discriminator: 0.0625, generator: 0.5}},
		{10000, losses{discriminator: 1. / 3, generator: 123456.75}, score{modes: 10, of: 10, quality: 1, reverseKL: 0, width: math.NaN()},
			dead{discriminator: 1, generator: 0}},
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

// TestRecordRow wants the way back from a row to lose nothing.
func TestRecordRow(t *testing.T) {
	row := make([]float64, len(columns))
	for i := range row {
		row[i] = float64(i + 1)
	}
	if got := recordOf(row).row(); !sameBits(got, row) {
		t.Errorf("got %v, want %v", got, row)
	}
}
