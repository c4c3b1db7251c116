package main

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// images is the task of drawing digits. The networks see a picture as side·side
// numbers, row by row, from −1, paper, to 1, ink.
type images struct {
	source   source
	channels int // of the discriminator's first convolution
	hidden   int // units in each of the generator's hidden layers
	latent   int // random numbers that make a picture
	judge    *classifier
}

// A source draws n pictures, row by row and one after the other, with values
// from 0, paper, to 1, ink, and says which digits they show.
type source interface {
	sample(rng *rand.Rand, n int) (pixels []float64, labels []int)
}

func (im images) size() int { return side * side }

// newImages trains a classifier on the source, which takes seconds.
func newImages(s source) (images, error) {
	im := images{source: s, channels: 32, hidden: 256, latent: 32}
	act, err := newActivation("leaky", 0.2, tensor.Float32)
	if err != nil {
		return im, err
	}
	im.judge, err = newClassifier(im, act)
	return im, err
}

// framed is how many samples a frame shows.
func (im images) framed() int { return 49 }

// labelled draws n pictures of the data, and says which digits they show.
func (im images) labelled(rng *rand.Rand, n int) (samples []float64, labels []int) {
	samples, labels = im.source.sample(rng, n)
	for i := range samples {
		samples[i] = 2*samples[i] - 1
	}
	return samples, labels
}

func (im images) sample(rng *rand.Rand, n int) []float64 {
	samples, _ := im.labelled(rng, n)
	return samples
}

func (im images) networks(rng *rand.Rand, dt tensor.Dtype, act activation) (generator, discriminator *network) {
	c := im.channels
	generator = newNetwork(rng, dt, act, perceptron(im.latent, im.hidden, im.hidden, im.hidden, im.size()))
	discriminator = newNetwork(rng, dt, act, []layer{
		convolution{in: 1, out: c, size: side, kernel: 3, stride: 2, margin: 1},
		convolution{in: c, out: 2 * c, size: side / 2, kernel: 3, stride: 2, margin: 1},
		convolution{in: 2 * c, out: 1, size: side / 4, kernel: side / 4, stride: 1},
	})
	return generator, discriminator
}
