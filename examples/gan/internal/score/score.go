// Package score says how well generated samples match the data.
package score

import (
	"fmt"
	"math"
	"strings"
)

// Samples is how many samples a score is of, as customary on the ring and the
// grid.
const Samples = 2500

// Score says how well samples match the data, by the measures that papers on mode
// collapse report (PacGAN, arXiv:1712.04086, for one).
type Score struct {
	Modes, Of int // modes that are reached, out of how many
	// Quality is the share of good samples.
	Quality float64
	// ReverseKL is the divergence of the modes' shares of the samples from equal
	// shares, in nats.
	ReverseKL float64
	// Width is the standard deviation of the good points around the mean of
	// their mode, as a share of the data's own; NaN where there is no such thing.
	Width float64
}

func (s Score) String() string { return strings.Join(s.Parts(), "  ") }

// Parts are the numbers with their names, those that matter most first.
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
