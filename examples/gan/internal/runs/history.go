package runs

import (
	"encoding/csv"
	"io"
	"strconv"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

// Record has the metrics after a step.
type Record struct {
	Step   int
	Losses adversary.Losses
	Score  score.Score
	Dead   adversary.Dead
}

// columns are the names of a record's numbers in files.
var columns = []string{"step", "discriminator loss", "generator loss",
	"modes", "of modes", "high quality", "reverse KL", "mode width", "dead discriminator units", "dead generator units"}

// row returns the numbers in the order of the columns.
func (r Record) row() []float64 {
	return []float64{float64(r.Step), r.Losses.Discriminator, r.Losses.Generator,
		float64(r.Score.Modes), float64(r.Score.Of), r.Score.Quality, r.Score.ReverseKL, r.Score.Width,
		r.Dead.Discriminator, r.Dead.Generator}
}

// recordOf returns the record with these numbers.
func recordOf(row []float64) Record {
	return Record{
		Step:   int(row[0]),
		Losses: adversary.Losses{Discriminator: row[1], Generator: row[2]},
		Score:  score.Score{Modes: int(row[3]), Of: int(row[4]), Quality: row[5], ReverseKL: row[6], Width: row[7]},
		Dead:   adversary.Dead{Discriminator: row[8], Generator: row[9]},
	}
}

// writeCSV writes a line with the names of the columns, then a line for each
// record.
func writeCSV(w io.Writer, history []Record) error {
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
