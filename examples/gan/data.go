package main

import (
	"math"
	"math/rand/v2"
)

// point is a place in the plane.
type point [2]float64

// mixture is what the generator has to learn: equally likely Gaussians of one
// width around some centres.
type mixture struct {
	centres []point
	sigma   float64
	// scale brings the points to a spread that suits the networks, which see
	// every point multiplied by it.
	scale float64
}

// ring is the customary first test for mode collapse: 8 Gaussians of standard
// deviation 0.01, evenly spaced on the unit circle (VEEGAN, arXiv:1705.07761;
// the same in PacGAN, arXiv:1712.04086).
func ring() mixture {
	const modes = 8
	m := mixture{sigma: 0.01, scale: 4}
	for i := range modes {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / modes)
		m.centres = append(m.centres, point{cos, sin})
	}
	return m
}

// sample draws n points.
func (m mixture) sample(rng *rand.Rand, n int) []point {
	points := make([]point, n)
	for i := range points {
		c := m.centres[rng.IntN(len(m.centres))]
		points[i] = point{c[0] + m.sigma*rng.NormFloat64(), c[1] + m.sigma*rng.NormFloat64()}
	}
	return points
}

// nearest returns the index of the centre nearest to p and p's distance from it.
func (m mixture) nearest(p point) (mode int, distance float64) {
	distance = math.Inf(1)
	for i, c := range m.centres {
		if d := math.Hypot(p[0]-c[0], p[1]-c[1]); d < distance {
			mode, distance = i, d
		}
	}
	return mode, distance
}
