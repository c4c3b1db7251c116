// Package adversary trains a generator and a discriminator against each other.
// Begin with trainer.go, which updates the two networks in turn, and losses.go,
// which has the loss of each network.
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

// averaging is the weight of the old average in each step of the averaged
// generator.
const averaging = 0.995

// Data is what the generator learns. Samples are numbers in the form that the
// networks use, one sample after another.
type Data interface {
	// Size is the number of numbers in a sample.
	Size() int
	// Sample draws n samples.
	Sample(rng *rand.Rand, n int) []float64
}

// Config has everything that a training run depends on.
type Config struct {
	Data     Data
	Networks Networks
	Act      nn.Activation
	Dtype    tensor.Dtype
	Game     Game
	Recipe   Recipe
	Batch    int // number of real samples in an update; there are as many generated ones
	Steps    int
	Seed     uint64
}

// Trainer trains a generator and a discriminator against each other.
//
// Each network has its own graph for its updates, because Gorgonia can
// differentiate a graph only once. The graphs share the parameters' tensors, so
// each update uses the results of the other.
type Trainer struct {
	config Config
	step   int // steps done
	random *rand.PCG
	rng    *rand.Rand // uses random as its source

	generator, discriminator *nn.Network
	// average is a moving average of the generator over the last steps. It
	// changes less from step to step than the generator does. The samples of
	// the result come from it.
	average *nn.Network

	samples             *tensor.Dense  // batch real ones, then batch generated ones
	real                *tensor.Dense  // a copy of the real ones
	between             *tensor.Dense  // batch samples, each between a real and a generated one
	latent              *tensor.Dense  // the generator's input in updateGenerator
	penaltyWeight       *gorgonia.Node // in updateDiscriminator
	updateDiscriminator *nn.Update
	updateGenerator     *nn.Update

	fakes *Sampler // generates samples for the discriminator
}

// building is locked while a graph is built. Gorgonia's graphs share constants,
// and Gorgonia computes the hash of a constant at its first use.
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

// Step returns the number of steps done.
func (t *Trainer) Step() int { return t.step }

// Sampler returns a sampler that draws n samples at a time from the averaged generator.
func (t *Trainer) Sampler(n int) *Sampler {
	building.Lock()
	defer building.Unlock()
	return newSampler(t.average, n)
}

// Losses are the losses of the networks in a step.
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
	// At the beginning, the average covers fewer steps, because the first steps
	// are soon outdated.
	t.average.Follow(t.generator, min(averaging, float64(t.step+1)/float64(t.step+10)))
	t.step++
	if sum := l.Discriminator + l.Generator; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return l, fmt.Errorf("training diverged in step %d: the losses are %v and %v", t.step, l.Discriminator, l.Generator)
	}
	return l, nil
}

// drawSamples draws the discriminator's samples for an update.
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
