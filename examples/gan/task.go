package main

import (
	"image"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// A task is what a generator has to learn, and how to tell whether it has.
// Samples are numbers, the way the networks see them, one sample after another.
type task interface {
	// size is how many numbers a sample has.
	size() int
	// sample draws n samples of the data.
	sample(rng *rand.Rand, n int) []float64
	// networks returns a new generator and a new discriminator. Their first
	// weights come from rng.
	networks(rng *rand.Rand, dt tensor.Dtype, act activation) (generator, discriminator *network)
	// score says how well generated samples match the data.
	score(samples []float64) (score, error)
	// picture shows generated samples and real ones.
	picture(title string, real, generated []float64) (image.Image, error)
	// frame is a smaller picture, for an animation, of framed samples.
	frame(title string, real, generated []float64) (image.Image, error)
	framed() int
}
