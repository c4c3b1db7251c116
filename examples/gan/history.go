package main

import (
	"encoding/csv"
	"io"
	"strconv"
)

// record is what there was to see after a step.
type record struct {
	step   int
	losses losses
	score  score
	dead   dead
}

// columns are the names of a record's numbers, where it is written.
var columns = []string{"step", "discriminator loss", "generator loss",
	"modes", "of modes", "high quality", "reverse KL", "mode width", "dead discriminator units", "dead generator units"}

// row are the numbers, in the order of the columns.
func (r record) row() []float64 {
	return []float64{float64(r.step), r.losses.discriminator, r.losses.generator,
		float64(r.score.modes), float64(r.score.of), r.score.quality, r.score.reverseKL, r.score.width,
		r.dead.discriminator, r.dead.generator}
}

// recordOf is the record with these numbers.
func recordOf(row []float64) record {
	return record{int(row[0]), losses{row[1], row[2]},
		score{int(row[3]), int(row[4]), row[5], row[6], row[7]}, dead{row[8], row[9]}}
}

// writeCSV writes a line for each record, below the names of the columns.
func writeCSV(w io.Writer, history []record) error {
	lines := [][]string{columns}
	for _, r := range history {
		var line []string
		for _, v := range r.row() {
			line = append(line, strconv.FormatFloat(v, 'g', -1, 64))
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(w).WriteAll(lines)
}
