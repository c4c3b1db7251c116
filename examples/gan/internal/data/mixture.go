// Package data has the data that generators learn: points around some centres,
// and pictures of digits. It does not depend on networks.
package data

import (
	"math"
	"math/rand/v2"
)

// Point is a place in the plane.
type Point [2]float64

// Mixture is a mixture of Gaussians in the plane. All have the same probability
// and the same width.
type Mixture struct {
	Centres []Point
	Sigma   float64
	// Scale is the factor between a point and the networks' numbers for it.
	// With a larger Scale, a penalty on the discriminator's gradient blurs the
	// width of the modes less, but training takes longer to find all modes.
	Scale float64
}

// The ring and the grid are the usual tests for mode collapse (VEEGAN,
// arXiv:1705.07761; also in PacGAN, arXiv:1712.04086).

// Ring is 8 Gaussians of standard deviation 0.01, evenly spaced on the unit
// circle.
func Ring() Mixture {
	const modes = 8
	m := Mixture{Sigma: 0.01, Scale: 5}
	for i := range modes {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / modes)
		m.Centres = append(m.Centres, Point{cos, sin})
	}
	return m
}

// Grid is 25 Gaussians of standard deviation 0.05, 2 apart, in 5 rows of 5.
func Grid() Mixture {
	m := Mixture{Sigma: 0.05, Scale: 2}
	for x := -4.; x <= 4; x += 2 {
		for y := -4.; y <= 4; y += 2 {
			m.Centres = append(m.Centres, Point{x, y})
		}
	}
	return m
}

// Points draws n points.
func (m Mixture) Points(rng *rand.Rand, n int) []Point {
	points := make([]Point, n)
	for i := range points {
		c := m.Centres[rng.IntN(len(m.Centres))]
		points[i] = Point{c[0] + m.Sigma*rng.NormFloat64(), c[1] + m.Sigma*rng.NormFloat64()}
	}
	return points
}

// Nearest returns the index of the centre nearest to p and p's distance from it.
func (m Mixture) Nearest(p Point) (mode int, distance float64) {
	distance = math.Inf(1)
	for i, c := range m.Centres {
		if d := math.Hypot(p[0]-c[0], p[1]-c[1]); d < distance {
			mode, distance = i, d
		}
	}
	return mode, distance
}

// Size returns the number of numbers in a sample.
func (m Mixture) Size() int { return len(Point{}) }

// Sample draws n samples, one after another.
func (m Mixture) Sample(rng *rand.Rand, n int) []float64 { return m.ToSamples(m.Points(rng, n)...) }

// ToSamples converts points to samples, one after another.
func (m Mixture) ToSamples(points ...Point) []float64 {
	var samples []float64
	for _, p := range points {
		samples = append(samples, m.Scale*p[0], m.Scale*p[1])
	}
	return samples
}

// FromSamples converts samples to points.
func (m Mixture) FromSamples(samples []float64) []Point {
	points := make([]Point, len(samples)/m.Size())
	for i := range points {
		points[i] = Point{samples[2*i] / m.Scale, samples[2*i+1] / m.Scale}
	}
	return points
}
