// Package score measures how well generated samples match the data.
package score

import (
	"fmt"
	"math"
	"strings"
)

// Samples is the number of samples for a score. It is the usual number for the
// ring and the grid.
const Samples = 2500

// Score measures how well samples match the data. The measures are those of
// papers on mode collapse, for example PacGAN (arXiv:1712.04086).
type Score struct {
	Modes, Of int // number of modes reached, and number of modes in the data
	// Quality is the share of good samples.
	Quality float64
	// ReverseKL is the divergence between the shares of the modes and equal
	// shares, in nats.
	ReverseKL float64
	// Width is the standard deviation of the good points around the mean of
	// their mode, divided by that of the data. It is NaN if it is not defined.
	Width float64
}

func (s Score) String() string { return strings.Join(s.Parts(), "  ") }

// Parts returns the numbers with their names, the most important first.
func (s Score) Parts() []string {
	parts := []string{
		fmt.Sprintf("modes %d/%d", s.Modes, s.Of),
		fmt.Sprintf("high quality %.1f%%", 100*s.Quality),
		fmt.Sprintf("reverse KL %.3f", s.ReverseKL),
	}
	if !math.IsNaN(s.Width) {
		parts = append(parts, fmt.Sprintf("mode width %.2f", s.Width))
	}
	return parts
}

// reverseKL is the divergence of shares from equal ones, in nats.
func reverseKL(shares []float64) (sum float64) {
	for _, share := range shares {
		if share > 0 {
			sum += share * math.Log(share*float64(len(shares)))
		}
	}
	return sum
}
