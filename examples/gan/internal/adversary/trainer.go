// Package adversary trains a generator and a discriminator against each other.
// Begin with trainer.go, which lets the two take turns, and losses.go, which says
// what each of them wants.
package adversary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// averaging is what the averaged generator keeps of itself in a step.
const averaging = 0.995

// Data are what the generator has to learn. Samples are numbers, the way the
// networks see them, one sample after another.
type Data interface {
	// Size is how many numbers a sample has.
	Size() int
	// Sample draws n samples.
	Sample(rng *rand.Rand, n int) []float64
}

// Config is what a training run depends on.
type Config struct {
	Data     Data
	Networks Networks
	Act      nn.Activation
	Dtype    tensor.Dtype
	Game     Game
	Recipe   Recipe
	Batch    int // real samples, and generated ones, in an update
	Steps    int
	Seed     uint64
}

// Trainer trains a generator and a discriminator against each other.
//
// Each is updated in a graph of its own, as Gorgonia differentiates a graph only
// once. The graphs share the parameters' tensors, so either update sees what the
// other has changed.
type Trainer struct {
	config Config
	step   int // steps done
	random *rand.PCG
	rng    *rand.Rand // over random

	generator, discriminator *nn.Network
	// average is a moving average of the generator over the last steps. It is
	// free of their to and fro, and what one draws samples from in the end.
	average *nn.Network

	samples             *tensor.Dense  // batch real ones, then batch generated ones
	real                *tensor.Dense  // the real ones again
	between             *tensor.Dense  // batch ones, each between one of either kind
	latent              *tensor.Dense  // what updateGenerator generates from
	penaltyWeight       *gorgonia.Node // in updateDiscriminator
	updateDiscriminator *nn.Update
	updateGenerator     *nn.Update

	fakes *Sampler // of the generator, for the discriminator
}

// building is locked while a graph is built: Gorgonia's graphs share constants,
// whose hashes it computes when they are first asked for.
var building sync.Mutex

// NewTrainer returns a trainer before its first step.
func NewTrainer(c Config) *Trainer {
	building.Lock()
	defer building.Unlock()
	random := rand.NewPCG(c.Seed, 0)
	t := &Trainer{
		config:  c,
		random:  random,
		rng:     rand.New(random),
		samples: tensor.New(tensor.Of(c.Dtype), tensor.WithShape(2*c.Batch, c.Data.Size())),
		real:    tensor.New(tensor.Of(c.Dtype), tensor.WithShape(c.Batch, c.Data.Size())),
		between: tensor.New(tensor.Of(c.Dtype), tensor.WithShape(c.Batch, c.Data.Size())),
	}
	t.generator, t.discriminator = c.Networks(t.rng, c.Dtype, c.Act)
	t.latent = newLatent(t.generator, c.Batch)
	t.average = t.generator.Clone()
	t.fakes = newSampler(t.generator, c.Batch)
	t.buildDiscriminatorUpdate()
	t.buildGeneratorUpdate()
	return t
}

func (t *Trainer) buildDiscriminatorUpdate() {
	c := t.config
	g := gorgonia.NewGraph()
	d := t.discriminator.In(g, "discriminator")
	ratings, pre := d.Forward(nn.Input(g, "samples", t.samples))
	loss := c.Game.discriminatorLoss(halves(ratings))
	t.penaltyWeight = gorgonia.NewScalar(g, c.Dtype, gorgonia.WithName("penalty weight"))
	if c.Game.penalty != nil {
		at, rows := ratings, 2*c.Batch
		if c.Game.interpolated {
			at, pre = d.Forward(nn.Input(g, "between", t.between))
			rows = c.Batch
		}
		gradient, _ := d.Backward(pre, nn.OnesLike(at))
		penalty := c.Game.penalty(nn.InRows(gradient, rows))
		loss = nn.Must(gorgonia.Add(loss, nn.Must(gorgonia.Mul(t.penaltyWeight, penalty))))
	}
	t.updateDiscriminator = nn.NewUpdate(loss, d.Parameters(), c.Recipe.Beta1, c.Recipe.Beta2)
}

func (t *Trainer) buildGeneratorUpdate() {
	c := t.config
	g := gorgonia.NewGraph()
	gen, d := t.generator.In(g, "generator"), t.discriminator.In(g, "discriminator")
	samples, _ := gen.Forward(nn.Input(g, "latent", t.latent))
	real, _ := d.Forward(nn.Input(g, "real", t.real))
	generated, _ := d.Forward(samples)
	loss := c.Game.generatorLoss(nn.InRows(real, 1), nn.InRows(generated, 1))
	t.updateGenerator = nn.NewUpdate(loss, gen.Parameters(), c.Recipe.Beta1, c.Recipe.Beta2)
}

// Step is how many steps are done.
func (t *Trainer) Step() int { return t.step }

// Sampler returns what draws n samples at a time from the averaged generator.
func (t *Trainer) Sampler(n int) *Sampler {
	building.Lock()
	defer building.Unlock()
	return newSampler(t.average, n)
}

// Losses are what the networks lowered in a step.
type Losses struct{ Discriminator, Generator float64 }

// Next does one step: it updates the discriminator, then the generator.
func (t *Trainer) Next() (l Losses, err error) {
	c := t.config
	rate, weight := c.Recipe.at(float64(t.step) / float64(c.Steps))
	if err := gorgonia.Let(t.penaltyWeight, nn.Scalar(c.Dtype, weight)); err != nil {
		return l, err
	}
	for range c.Game.rounds {
		if err := t.drawSamples(); err != nil {
			return l, err
		}
		if l.Discriminator, err = t.updateDiscriminator.Run(rate); err != nil {
			return l, err
		}
	}
	drawLatent(t.latent, t.rng)
	if l.Generator, err = t.updateGenerator.Run(rate); err != nil {
		return l, err
	}
	// In the beginning, an average over fewer steps: the first are soon outdated.
	t.average.Follow(t.generator, min(averaging, float64(t.step+1)/float64(t.step+10)))
	t.step++
	if sum := l.Discriminator + l.Generator; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return l, fmt.Errorf("training diverged in step %d: the losses are %v and %v", t.step, l.Discriminator, l.Generator)
	}
	return l, nil
}

// drawSamples draws what the discriminator sees in an update.
func (t *Trainer) drawSamples() error {
	generated, err := t.fakes.Sample(t.rng)
	if err != nil {
		return err
	}
	c := t.config
	real := c.Data.Sample(t.rng, c.Batch)
	nn.Set(t.real, real)
	nn.Set(t.samples, append(real, generated...))
	if c.Game.interpolated {
		size := c.Data.Size()
		mixed := make([]float64, len(generated))
		for i := range c.Batch {
			share := t.rng.Float64()
			for j := i * size; j < (i+1)*size; j++ {
				mixed[j] = share*real[j] + (1-share)*generated[j]
			}
		}
		nn.Set(t.between, mixed)
	}
	return nil
}
