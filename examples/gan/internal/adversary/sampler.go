package adversary

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// Sampler draws a fixed number of samples at a time from a generator.
type Sampler struct {
	latent  *tensor.Dense
	machine gorgonia.VM
	output  gorgonia.Value
}

func newSampler(generator *nn.Network, n int) *Sampler {
	g := gorgonia.NewGraph()
	s := &Sampler{latent: newLatent(generator, n)}
	y, _ := generator.In(g, "generator").Forward(nn.Input(g, "latent", s.latent))
	gorgonia.Read(y, &s.output)
	s.machine = nn.NewMachine(g)
	return s
}

// Sample returns the next samples, one after another.
func (s *Sampler) Sample(rng *rand.Rand) ([]float64, error) {
	drawLatent(s.latent, rng)
	s.machine.Reset()
	if err := s.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("drawing samples: %w", err)
	}
	return nn.Values(s.output), nil
}

// newLatent returns a tensor for n rows of the noise that the generator turns
// into samples.
func newLatent(generator *nn.Network, n int) *tensor.Dense {
	first := generator.Params[0][0]
	return tensor.New(tensor.Of(first.Dtype()), tensor.WithShape(n, first.Shape()[0]))
}

// drawLatent fills t with noise, uniform between −1 and 1.
func drawLatent(t *tensor.Dense, rng *rand.Rand) {
	v := make([]float64, t.Size())
	for i := range v {
		v[i] = 2*rng.Float64() - 1
	}
	nn.Set(t, v)
}
