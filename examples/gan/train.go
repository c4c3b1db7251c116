package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The course of training, chosen on the ring by what a minute of it reaches.
const (
	learnRate   = 2e-3 // for the first half of the steps, then falling along a cosine
	lastRate    = 0.01 // to this share of it
	firstWeight = 0.1  // of the gradient penalty, falling geometrically
	lastWeight  = 1e-4
	averaging   = 0.999 // what the averaged generator keeps of itself in a step
)

// evaluated is the number of samples in an evaluation, as customary on the ring.
const evaluated = 2500

// config is what a training run depends on.
type config struct {
	data   mixture
	dtype  tensor.Dtype
	act    activation
	hidden int // units in each of the networks' four hidden layers
	batch  int // real points, and generated ones, in a step
	steps  int
	seed   uint64
}

// trainer trains a generator and a discriminator against each other.
//
// Each is updated in a graph of its own, as Gorgonia differentiates a graph only
// once. The graphs share the parameters' tensors, so either update sees what the
// other has changed.
type trainer struct {
	config
	step int // steps done
	rng  *rand.Rand

	generator, discriminator *network
	// average is a moving average of the generator over the last steps. It is
	// free of their to and fro, and what one draws samples from in the end.
	average *network

	points              *tensor.Dense  // batch real points, then batch generated ones
	latent              *tensor.Dense  // what updateGenerator generates from
	penaltyWeight       *gorgonia.Node // in updateDiscriminator
	updateDiscriminator *update
	updateGenerator     *update

	fakes      *sampler // of the generator, for the discriminator
	evaluation *sampler // of the average
}

func newTrainer(c config) *trainer {
	rng := rand.New(rand.NewPCG(c.seed, 0))
	h := c.hidden
	t := &trainer{
		config:        c,
		rng:           rng,
		generator:     newNetwork(rng, c.dtype, c.act, latentSize, h, h, h, h, 2),
		discriminator: newNetwork(rng, c.dtype, c.act, 2, h, h, h, h, 1),
		points:        tensor.New(tensor.Of(c.dtype), tensor.WithShape(2*c.batch, 2)),
		latent:        newLatent(c.dtype, c.batch),
	}
	t.average = t.generator.clone()
	t.fakes = newSampler(t.generator, c.batch)
	t.evaluation = newSampler(t.average, evaluated)
	t.buildDiscriminatorUpdate()
	t.buildGeneratorUpdate()
	return t
}

func (t *trainer) buildDiscriminatorUpdate() {
	g := gorgonia.NewGraph()
	d := t.discriminator.in(g, "discriminator")
	ratings, pre := d.forward(input(g, "points", t.points))
	t.penaltyWeight = gorgonia.NewScalar(g, t.dtype, gorgonia.WithName("penalty weight"))
	loss := discriminatorLoss(ratings, d.inputGradient(pre), t.penaltyWeight)
	t.updateDiscriminator = newUpdate(loss, d.parameters())
}

func (t *trainer) buildGeneratorUpdate() {
	g := gorgonia.NewGraph()
	gen, d := t.generator.in(g, "generator"), t.discriminator.in(g, "discriminator")
	generated, _ := gen.forward(input(g, "latent", t.latent))
	real := must(gorgonia.Slice(input(g, "points", t.points), gorgonia.S(0, t.batch)))
	ratings, _ := d.forward(must(gorgonia.Concat(0, real, generated)))
	t.updateGenerator = newUpdate(generatorLoss(ratings), gen.parameters())
}

// losses are what the networks lowered in a step.
type losses struct{ discriminator, generator float64 }

// next does one step: it updates the discriminator, then the generator.
func (t *trainer) next() (l losses, err error) {
	generated, err := t.fakes.sample(t.rng)
	if err != nil {
		return l, err
	}
	set(t.points, append(t.realPoints(), generated...))
	drawLatent(t.latent, t.rng)

	rate, weight := t.schedule()
	if err := gorgonia.Let(t.penaltyWeight, float(t.dtype, weight)); err != nil {
		return l, err
	}
	if l.discriminator, err = t.updateDiscriminator.run(rate); err != nil {
		return l, err
	}
	if l.generator, err = t.updateGenerator.run(rate); err != nil {
		return l, err
	}
	t.average.follow(t.generator, averaging)
	t.step++
	if sum := l.discriminator + l.generator; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return l, fmt.Errorf("training diverged in step %d: the losses are %v and %v", t.step, l.discriminator, l.generator)
	}
	return l, nil
}

// realPoints are the coordinates of a batch of the data, on the networks' scale.
func (t *trainer) realPoints() []float64 {
	var v []float64
	for _, p := range t.data.sample(t.rng, t.batch) {
		v = append(v, t.data.scale*p[0], t.data.scale*p[1])
	}
	return v
}

// schedule returns the learning rate and the penalty's weight for the next step.
func (t *trainer) schedule() (rate, weight float64) {
	done := float64(t.step) / float64(t.steps)
	rate = learnRate
	if done > 0.5 {
		fall := (1 + math.Cos(math.Pi*(2*done-1))) / 2
		rate *= lastRate + (1-lastRate)*fall
	}
	return rate, firstWeight * math.Pow(lastWeight/firstWeight, done)
}

// evaluate draws samples from the averaged generator and scores them. It leaves
// the training run as it is, and draws from the same noise every time.
func (t *trainer) evaluate() ([]point, score, error) {
	v, err := t.evaluation.sample(rand.New(rand.NewPCG(t.seed, 1)))
	if err != nil {
		return nil, score{}, err
	}
	points := make([]point, evaluated)
	for i := range points {
		points[i] = point{v[2*i] / t.data.scale, v[2*i+1] / t.data.scale}
		if sum := points[i][0] + points[i][1]; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return nil, score{}, fmt.Errorf("training diverged before step %d: the generator makes the point %v", t.step+1, points[i])
		}
	}
	return points, t.data.score(points), nil
}
