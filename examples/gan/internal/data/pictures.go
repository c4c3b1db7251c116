package data

import "math/rand/v2"

// Side is the number of pixels along each side of a picture of a digit.
const Side = 16

// Pictures are pictures of digits as the networks see them: Side·Side numbers
// each, row by row, from −1, paper, to 1, ink.
type Pictures struct{ Source Source }

// A Source draws n pictures, row by row and one after the other, with values
// from 0, paper, to 1, ink, and says which digits they show.
type Source interface {
	Draw(rng *rand.Rand, n int) (pixels []float64, labels []int)
}

// Size is how many numbers a sample has.
func (p Pictures) Size() int { return Side * Side }

// Sample draws n samples, one after another.
func (p Pictures) Sample(rng *rand.Rand, n int) []float64 {
	samples, _ := p.Labelled(rng, n)
	return samples
}

// Labelled draws n samples, and says which digits they show.
func (p Pictures) Labelled(rng *rand.Rand, n int) (samples []float64, labels []int) {
	samples, labels = p.Source.Draw(rng, n)
	for i := range samples {
		samples[i] = 2*samples[i] - 1
	}
	return samples, labels
}
