package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// averaging is what the averaged generator keeps of itself in a step.
const averaging = 0.995

// evaluated is the number of samples in an evaluation, as customary on the ring
// and the grid.
const evaluated = 2500

// config is what a training run depends on.
type config struct {
	task
	game
	recipe
	dtype tensor.Dtype
	act   activation
	batch int // real samples, and generated ones, in an update
	steps int
	seed  uint64
}

// trainer trains a generator and a discriminator against each other.
//
// Each is updated in a graph of its own, as Gorgonia differentiates a graph only
// once. The graphs share the parameters' tensors, so either update sees what the
// other has changed.
type trainer struct {
	config
	step   int // steps done
	random *rand.PCG
	rng    *rand.Rand // over random

	generator, discriminator *network
	// average is a moving average of the generator over the last steps. It is
	// free of their to and fro, and what one draws samples from in the end.
	average *network

	samples             *tensor.Dense  // batch real ones, then batch generated ones
	real                *tensor.Dense  // the real ones again
	between             *tensor.Dense  // batch ones, each between one of either kind
	latent              *tensor.Dense  // what updateGenerator generates from
	penaltyWeight       *gorgonia.Node // in updateDiscriminator
	updateDiscriminator *update
	updateGenerator     *update

	fakes      *sampler // of the generator, for the discriminator
	evaluation *sampler // of the average
	deadUnits  *deadUnits
}

// building is locked while a graph is built: Gorgonia's graphs share constants,
// whose hashes it computes when they are first asked for.
var building sync.Mutex

func newTrainer(c config) *trainer {
	building.Lock()
	defer building.Unlock()
	random := rand.NewPCG(c.seed, 0)
	t := &trainer{
		config:  c,
		random:  random,
		rng:     rand.New(random),
		samples: tensor.New(tensor.Of(c.dtype), tensor.WithShape(2*c.batch, c.size())),
		real:    tensor.New(tensor.Of(c.dtype), tensor.WithShape(c.batch, c.size())),
		between: tensor.New(tensor.Of(c.dtype), tensor.WithShape(c.batch, c.size())),
	}
	t.generator, t.discriminator = c.networks(t.rng, c.dtype, c.act)
	t.latent = newLatent(t.generator, c.batch)
	t.average = t.generator.clone()
	t.fakes = newSampler(t.generator, c.batch)
	t.evaluation = newSampler(t.average, evaluated)
	t.deadUnits = newDeadUnits(t)
	t.buildDiscriminatorUpdate()
	t.buildGeneratorUpdate()
	return t
}

func (t *trainer) buildDiscriminatorUpdate() {
	g := gorgonia.NewGraph()
	d := t.discriminator.in(g, "discriminator")
	ratings, pre := d.forward(input(g, "samples", t.samples))
	loss := t.discriminatorLoss(halves(ratings))
	t.penaltyWeight = gorgonia.NewScalar(g, t.dtype, gorgonia.WithName("penalty weight"))
	if t.penalty != nil {
		at, rows := ratings, 2*t.batch
		if t.interpolated {
			at, pre = d.forward(input(g, "between", t.between))
			rows = t.batch
		}
		gradient, _ := d.backward(pre, onesLike(at))
		penalty := t.penalty(inRows(gradient, rows))
		loss = must(gorgonia.Add(loss, must(gorgonia.Mul(t.penaltyWeight, penalty))))
	}
	t.updateDiscriminator = newUpdate(loss, d.parameters(), t.beta1, t.beta2)
}

func (t *trainer) buildGeneratorUpdate() {
	g := gorgonia.NewGraph()
	gen, d := t.generator.in(g, "generator"), t.discriminator.in(g, "discriminator")
	samples, _ := gen.forward(input(g, "latent", t.latent))
	real, _ := d.forward(input(g, "real", t.real))
	generated, _ := d.forward(samples)
	loss := t.generatorLoss(inRows(real, 1), inRows(generated, 1))
	t.updateGenerator = newUpdate(loss, gen.parameters(), t.beta1, t.beta2)
}

// losses are what the networks lowered in a step.
type losses struct{ discriminator, generator float64 }

// next does one step: it updates the discriminator, then the generator.
func (t *trainer) next() (l losses, err error) {
	rate, weight := t.schedule()
	if err := gorgonia.Let(t.penaltyWeight, float(t.dtype, weight)); err != nil {
		return l, err
	}
	for range t.rounds {
		if err := t.drawSamples(); err != nil {
			return l, err
		}
		if l.discriminator, err = t.updateDiscriminator.run(rate); err != nil {
			return l, err
		}
	}
	drawLatent(t.latent, t.rng)
	if l.generator, err = t.updateGenerator.run(rate); err != nil {
		return l, err
	}
	// In the beginning, an average over fewer steps: the first are soon outdated.
	t.average.follow(t.generator, min(averaging, float64(t.step+1)/float64(t.step+10)))
	t.step++
	if sum := l.discriminator + l.generator; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return l, fmt.Errorf("training diverged in step %d: the losses are %v and %v", t.step, l.discriminator, l.generator)
	}
	return l, nil
}

// drawSamples draws what the discriminator sees in an update.
func (t *trainer) drawSamples() error {
	generated, err := t.fakes.sample(t.rng)
	if err != nil {
		return err
	}
	real := t.sample(t.rng, t.batch)
	set(t.real, real)
	set(t.samples, append(real, generated...))
	if t.interpolated {
		mixed := make([]float64, len(generated))
		for i := range t.batch {
			share := t.rng.Float64()
			for j := i * t.size(); j < (i+1)*t.size(); j++ {
				mixed[j] = share*real[j] + (1-share)*generated[j]
			}
		}
		set(t.between, mixed)
	}
	return nil
}

// schedule returns the learning rate and the penalty's weight for the next step.
func (t *trainer) schedule() (rate, weight float64) {
	done := float64(t.step) / float64(t.steps)
	rate = t.rate
	if done > 0.5 {
		rate *= t.fall(2*done - 1)
	}
	if t.penalty != nil {
		falling := max(0, done-t.hold) / (1 - t.hold)
		weight = t.firstWeight * math.Pow(t.lastWeight/t.firstWeight, falling)
	}
	return rate, weight
}

// evaluate draws samples from the averaged generator and scores them. It leaves
// the training run as it is, and draws from the same noise every time.
func (t *trainer) evaluate() ([]float64, score, error) {
	samples, err := t.evaluation.sample(rand.New(rand.NewPCG(t.seed, 1)))
	if err != nil {
		return nil, score{}, err
	}
	for i, v := range samples {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, score{}, fmt.Errorf("training diverged before step %d: the generator's sample %d contains %v", t.step+1, i/t.size(), v)
		}
	}
	s, err := t.score(samples)
	return samples, s, err
}
