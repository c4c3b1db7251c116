package data

import "math/rand/v2"

// Side is the number of pixels along each side of a picture of a digit.
const Side = 16

// Pictures are pictures of digits in the form that the networks use: Side·Side
// numbers each, row by row, from −1 (paper) to 1 (ink).
type Pictures struct{ Source Source }

// A Source draws n pictures, one after another, each row by row. The values go
// from 0 (paper) to 1 (ink). It also returns the digits that the pictures show.
type Source interface {
	Draw(rng *rand.Rand, n int) (pixels []float64, labels []int)
}

// Size returns the number of numbers in a sample.
func (p Pictures) Size() int { return Side * Side }

// Sample draws n samples, one after another.
func (p Pictures) Sample(rng *rand.Rand, n int) []float64 {
	samples, _ := p.Labelled(rng, n)
	return samples
}

// Labelled draws n samples and returns the digits that they show.
func (p Pictures) Labelled(rng *rand.Rand, n int) (samples []float64, labels []int) {
	samples, labels = p.Source.Draw(rng, n)
	for i := range samples {
		samples[i] = 2*samples[i] - 1
	}
	return samples, labels
}
