package score

import (
	"fmt"
	"math"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// Points scores samples of a mixture. A sample is good if it is within 3σ of a
// centre. A mode is reached if it has a good sample.
type Points struct{ data.Mixture }

// Score scores samples, one after another.
func (m Points) Score(samples []float64) (Score, error) {
	points := m.FromSamples(samples)
	k := len(m.Centres)
	all := make([]float64, k)
	good := make([][]data.Point, k)
	for _, p := range points {
		mode, distance := m.Nearest(p)
		all[mode]++
		if distance <= 3*m.Sigma {
			good[mode] = append(good[mode], p)
		}
	}
	for mode := range all {
		all[mode] /= float64(len(points))
	}

	s := Score{Of: k, ReverseKL: reverseKL(all), Width: math.NaN()}
	var kept, free int
	var squares float64
	for _, points := range good {
		n := len(points)
		if n == 0 {
			continue
		}
		s.Modes++
		kept += n
		free += n - 1
		var mean data.Point
		for _, p := range points {
			mean[0] += p[0] / float64(n)
			mean[1] += p[1] / float64(n)
		}
		for _, p := range points {
			dx, dy := p[0]-mean[0], p[1]-mean[1]
			squares += dx*dx + dy*dy
		}
	}
	s.Quality = float64(kept) / float64(len(points))
	if free > 0 {
		s.Width = math.Sqrt(squares/(2*float64(free))) / (cutSigma * m.Sigma)
	}
	return s, nil
}

// Caption describes a score.
func (m Points) Caption(s Score) string {
	return fmt.Sprintf("%d of %d modes, %.1f%% of generated points within 3σ", s.Modes, s.Of, 100*s.Quality)
}

// cutSigma is the standard deviation of each coordinate of a standard Gaussian
// in the plane, without the points at a distance of more than 3.
var cutSigma = math.Sqrt(1 - 4.5*math.Exp(-4.5)/(1-math.Exp(-4.5)))
