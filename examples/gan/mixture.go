package main

import (
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// point is a place in the plane.
type point [2]float64

// mixture is the task of placing points: equally likely Gaussians of one width
// around some centres.
type mixture struct {
	centres []point
	sigma   float64
	// scale is what the networks see every point multiplied by. The larger, the
	// less a penalty on the discriminator's gradient blurs the modes' width, and
	// the longer it takes to find all modes.
	scale float64
	// hidden is the number of units in each of the networks' four hidden layers.
	hidden int
	// latent is the number of random numbers that make a sample.
	latent int
}

// The ring and the grid are the customary tests for mode collapse (VEEGAN,
// arXiv:1705.07761; the same in PacGAN, arXiv:1712.04086).

// ring is 8 Gaussians of standard deviation 0.01, evenly spaced on the unit
// circle.
func ring() mixture {
	const modes = 8
	m := mixture{sigma: 0.01, scale: 5, hidden: 64, latent: 2}
	for i := range modes {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / modes)
		m.centres = append(m.centres, point{cos, sin})
	}
	return m
}

// grid is 25 Gaussians of standard deviation 0.05, 2 apart, in 5 rows of 5.
func grid() mixture {
	m := mixture{sigma: 0.05, scale: 2, hidden: 64, latent: 2}
	for x := -4.; x <= 4; x += 2 {
		for y := -4.; y <= 4; y += 2 {
			m.centres = append(m.centres, point{x, y})
		}
	}
	return m
}

// points draws n points.
func (m mixture) points(rng *rand.Rand, n int) []point {
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

func (m mixture) size() int { return len(point{}) }

func (m mixture) sample(rng *rand.Rand, n int) []float64 {
	var samples []float64
	for _, p := range m.points(rng, n) {
		samples = append(samples, m.scale*p[0], m.scale*p[1])
	}
	return samples
}

// fromSamples is the way back from what the networks see.
func (m mixture) fromSamples(samples []float64) []point {
	points := make([]point, len(samples)/m.size())
	for i := range points {
		points[i] = point{samples[2*i] / m.scale, samples[2*i+1] / m.scale}
	}
	return points
}

// framed is how many points a frame shows.
func (m mixture) framed() int { return 1000 }

func (m mixture) networks(rng *rand.Rand, dt tensor.Dtype, act activation) (generator, discriminator *network) {
	h := m.hidden
	generator = newNetwork(rng, dt, act, perceptron(m.latent, h, h, h, h, m.size()))
	discriminator = newNetwork(rng, dt, act, perceptron(m.size(), h, h, h, h, 1))
	return generator, discriminator
}
