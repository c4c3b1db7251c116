package main

import (
	"fmt"
	"math"
)

// score says how well points match a mixture, by the measures that papers on
// mode collapse report (PacGAN, arXiv:1712.04086, for one).
type score struct {
	modes, of int // modes that are reached, out of how many
	// quality is the share of good points: those within 3σ of a centre.
	quality float64
	// reverseKL is the divergence of the shares of points nearest to each centre
	// from equal shares, in nats.
	reverseKL float64
	// width is the standard deviation of the good points around the mean of
	// their mode, as a share of the data's own; NaN where there is no such thing.
	width float64
}

func (m mixture) score(samples []float64) (score, error) {
	points := m.fromSamples(samples)
	k := len(m.centres)
	all := make([]int, k)
	good := make([][]point, k)
	for _, p := range points {
		mode, distance := m.nearest(p)
		all[mode]++
		if distance <= 3*m.sigma {
			good[mode] = append(good[mode], p)
		}
	}

	s := score{of: k, width: math.NaN()}
	var kept, free int
	var squares float64
	for mode := range k {
		if share := float64(all[mode]) / float64(len(points)); share > 0 {
			s.reverseKL += share * math.Log(share*float64(k))
		}
		n := len(good[mode])
		if n == 0 {
			continue
		}
		s.modes++
		kept += n
		free += n - 1
		var mean point
		for _, p := range good[mode] {
			mean[0] += p[0] / float64(n)
			mean[1] += p[1] / float64(n)
		}
		for _, p := range good[mode] {
			dx, dy := p[0]-mean[0], p[1]-mean[1]
			squares += dx*dx + dy*dy
		}
	}
	s.quality = float64(kept) / float64(len(points))
	if free > 0 {
		s.width = math.Sqrt(squares/(2*float64(free))) / (cutSigma * m.sigma)
	}
	return s, nil
}

// cutSigma is the standard deviation of either coordinate of a plane Gaussian of
// standard deviation 1 that is cut off beyond a distance of 3.
var cutSigma = math.Sqrt(1 - 4.5*math.Exp(-4.5)/(1-math.Exp(-4.5)))

func (s score) String() string {
	text := fmt.Sprintf("modes %d/%d  high quality %.1f%%  reverse KL %.3f", s.modes, s.of, 100*s.quality, s.reverseKL)
	if !math.IsNaN(s.width) {
		text += fmt.Sprintf("  mode width %.2f", s.width)
	}
	return text
}
