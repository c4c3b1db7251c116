package adversary

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

// tiny is a small training run for precise checks.
func tiny(tb testing.TB, loss, activation string) Config {
	tb.Helper()
	act, err := nn.NewActivation(activation, 0.2, tensor.Float64)
	if err != nil {
		tb.Fatal(err)
	}
	game, err := NewGame(loss)
	if err != nil {
		tb.Fatal(err)
	}
	recipe := Recipe{Rate: 4e-3, Fall: Geometric, Beta1: 0.5, Beta2: 0.99, FirstWeight: 0.1, LastWeight: 0.003, Hold: 0.5}
	return Config{Data: data.Ring(), Networks: Points(2, 5), Act: act, Dtype: tensor.Float64, Game: game, Recipe: recipe,
		Batch: 4, Steps: 100, Seed: 1}
}

// noise is a source of random pictures for the smallest networks with
// convolutions.
type noise struct{}

func (noise) Size() int { return nntest.MiniatureSize }

func (noise) Sample(rng *rand.Rand, n int) []float64 {
	return nntest.Normal(rng, n*nntest.MiniatureSize)
}

// tasks has one task for each kind of discriminator.
func tasks(c Config) map[string]Config {
	pictures := c
	pictures.Data, pictures.Networks = noise{}, nntest.Miniatures
	return map[string]Config{"points": c, "pictures": pictures}
}

// advance does n steps and returns their losses.
func (t *Trainer) advance(tb testing.TB, n int) []Losses {
	tb.Helper()
	curve := make([]Losses, n)
	for i := range curve {
		var err error
		if curve[i], err = t.Next(); err != nil {
			tb.Fatal(err)
		}
	}
	return curve
}

// ready returns a trainer before its first step, with all inputs of the losses
// set.
func ready(tb testing.TB, c Config, penaltyWeight float64) *Trainer {
	tb.Helper()
	t := NewTrainer(c)
	nntest.Disturb(t.rng, t.generator, t.discriminator)
	if err := t.drawSamples(); err != nil {
		tb.Fatal(err)
	}
	drawLatent(t.latent, t.rng)
	if err := gorgonia.Let(t.penaltyWeight, penaltyWeight); err != nil {
		tb.Fatal(err)
	}
	return t
}

// sampleAt returns a sample in the rows of t.
func sampleAt(t *tensor.Dense, i int) []float64 { return nntest.SampleAt(t, i, t.Shape()[0]) }

// wantSameNetworks fails the test unless the networks of two trainers are equal
// bit by bit.
func wantSameNetworks(t *testing.T, name string, a, b *Trainer) {
	t.Helper()
	others := []*nn.Network{b.generator, b.discriminator, b.average}
	for i, n := range []*nn.Network{a.generator, a.discriminator, a.average} {
		for j, p := range n.Parameters() {
			if !slices.Equal(nn.Values(p), nn.Values(others[i].Parameters()[j])) {
				t.Errorf("%s: parameter %d of network %d differs", name, j, i)
			}
		}
	}
}

// wantSameSamples fails the test unless the averaged generators of two trainers
// draw the same samples, bit by bit.
func wantSameSamples(t *testing.T, name string, a, b *Trainer) {
	t.Helper()
	draw := func(tr *Trainer) []float64 {
		samples, err := tr.Sampler(100).Sample(rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return samples
	}
	if !slices.Equal(draw(a), draw(b)) {
		t.Errorf("%s: samples differ", name)
	}
}
