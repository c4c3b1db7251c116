package main

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sampler draws samples from a generator, a fixed number at a time.
type sampler struct {
	latent  *tensor.Dense
	machine gorgonia.VM
	output  gorgonia.Value
}

func newSampler(generator *network, n int) *sampler {
	g := gorgonia.NewGraph()
	s := &sampler{latent: newLatent(generator, n)}
	y, _ := generator.in(g, "generator").forward(input(g, "latent", s.latent))
	gorgonia.Read(y, &s.output)
	s.machine = newMachine(g)
	return s
}

// sample returns the next samples, one after another.
func (s *sampler) sample(rng *rand.Rand) ([]float64, error) {
	drawLatent(s.latent, rng)
	s.machine.Reset()
	if err := s.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("drawing samples: %w", err)
	}
	return values(s.output), nil
}

// newLatent is room for n rows of the noise that the generator turns into
// samples.
func newLatent(generator *network, n int) *tensor.Dense {
	first := generator.params[0][0]
	return tensor.New(tensor.Of(first.Dtype()), tensor.WithShape(n, first.Shape()[0]))
}

// drawLatent fills t with noise, uniform between −1 and 1.
func drawLatent(t *tensor.Dense, rng *rand.Rand) {
	v := make([]float64, t.Size())
	for i := range v {
		v[i] = 2*rng.Float64() - 1
	}
	set(t, v)
}
