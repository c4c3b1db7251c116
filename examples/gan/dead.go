package main

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// heldOut is the number of real samples, and of generated ones, that units are
// tried on.
const heldOut = 250

// deadUnits counts units that can't learn any more: hidden ones at which the
// gradient of the discriminator's ratings is 0 for a whole batch of samples that
// training does not use.
type deadUnits struct {
	latent, samples *tensor.Dense
	generated       gorgonia.Value

	generator, discriminator           gorgonia.VM
	generatorUnits, discriminatorUnits []unitGradients
}

// dead are shares of the networks' hidden units.
type dead struct{ discriminator, generator float64 }

func newDeadUnits(t *trainer) *deadUnits {
	u := &deadUnits{
		latent:  newLatent(t.generator, heldOut),
		samples: tensor.New(tensor.Of(t.dtype), tensor.WithShape(2*heldOut, t.size())),
	}

	g := gorgonia.NewGraph()
	gen, d := t.generator.in(g, "generator"), t.discriminator.in(g, "discriminator")
	generated, preG := gen.forward(input(g, "latent", u.latent))
	gorgonia.Read(generated, &u.generated)
	ratings, preD := d.forward(generated)
	dGenerated, _ := d.backward(preD, onesLike(ratings))
	_, dPre := gen.backward(preG, inRows(dGenerated, heldOut))
	u.generatorUnits = t.generator.readUnits(dPre)
	u.generator = newMachine(g)

	g = gorgonia.NewGraph()
	d = t.discriminator.in(g, "discriminator")
	ratings, preD = d.forward(input(g, "samples", u.samples))
	_, dPre = d.backward(preD, onesLike(ratings))
	u.discriminatorUnits = t.discriminator.readUnits(dPre)
	u.discriminator = newMachine(g)
	return u
}

// count tries the units of the networks as they are now. It leaves the training
// run as it is, and tries the same batch every time.
func (u *deadUnits) count(t *trainer) (dead, error) {
	rng := rand.New(rand.NewPCG(t.seed, 2))
	drawLatent(u.latent, rng)
	u.generator.Reset()
	if err := u.generator.RunAll(); err != nil {
		return dead{}, fmt.Errorf("trying the generator's units: %w", err)
	}
	set(u.samples, append(t.sample(rng, heldOut), values(u.generated)...))
	u.discriminator.Reset()
	if err := u.discriminator.RunAll(); err != nil {
		return dead{}, fmt.Errorf("trying the discriminator's units: %w", err)
	}
	return dead{deadShare(u.discriminatorUnits), deadShare(u.generatorUnits)}, nil
}

// unitGradients are the gradients at the units of a layer.
type unitGradients struct {
	value gorgonia.Value
	axis  int // the dimension that counts the units
}

// readUnits reads the gradients dPre at the hidden units, once a machine has run.
func (n *network) readUnits(dPre gorgonia.Nodes) []unitGradients {
	units := make([]unitGradients, len(dPre))
	for i, grad := range dPre {
		units[i].axis = n.layers[i].unitAxis()
		gorgonia.Read(grad, &units[i].value)
	}
	return units
}

// deadShare is the share of units that have no gradient other than 0.
func deadShare(layers []unitGradients) float64 {
	var dead, all int
	for _, l := range layers {
		shape := l.value.Shape()
		alive := make([]bool, shape[l.axis])
		for i, v := range values(l.value) {
			at := [2]int{i / shape[1], i % shape[1]}
			alive[at[l.axis]] = alive[at[l.axis]] || v != 0
		}
		for _, a := range alive {
			if !a {
				dead++
			}
		}
		all += len(alive)
	}
	return float64(dead) / float64(all)
}
