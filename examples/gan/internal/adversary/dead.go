package adversary

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// heldOut is the number of real samples, and of generated ones, that units are
// tried on.
const heldOut = 250

// DeadUnits counts units that can't learn any more: hidden ones at which the
// gradient of the discriminator's ratings is 0 for a whole batch of samples that
// training does not use.
type DeadUnits struct {
	trainer         *Trainer
	latent, samples *tensor.Dense
	generated       gorgonia.Value

	generator, discriminator           gorgonia.VM
	generatorUnits, discriminatorUnits []unitGradients
}

// Dead are shares of the networks' hidden units.
type Dead struct{ Discriminator, Generator float64 }

// DeadUnits returns what counts the dead units of the trainer's networks.
func (t *Trainer) DeadUnits() *DeadUnits {
	building.Lock()
	defer building.Unlock()
	u := &DeadUnits{
		trainer: t,
		latent:  newLatent(t.generator, heldOut),
		samples: tensor.New(tensor.Of(t.config.Dtype), tensor.WithShape(2*heldOut, t.config.Data.Size())),
	}

	g := gorgonia.NewGraph()
	gen, d := t.generator.In(g, "generator"), t.discriminator.In(g, "discriminator")
	generated, preG := gen.Forward(nn.Input(g, "latent", u.latent))
	gorgonia.Read(generated, &u.generated)
	ratings, preD := d.Forward(generated)
	dGenerated, _ := d.Backward(preD, nn.OnesLike(ratings))
	_, dPre := gen.Backward(preG, nn.InRows(dGenerated, heldOut))
	u.generatorUnits = readUnits(t.generator, dPre)
	u.generator = nn.NewMachine(g)

	g = gorgonia.NewGraph()
	d = t.discriminator.In(g, "discriminator")
	ratings, preD = d.Forward(nn.Input(g, "samples", u.samples))
	_, dPre = d.Backward(preD, nn.OnesLike(ratings))
	u.discriminatorUnits = readUnits(t.discriminator, dPre)
	u.discriminator = nn.NewMachine(g)
	return u
}

// Count tries the units of the networks as they are now. It leaves the training
// run as it is, and tries the same batch every time.
func (u *DeadUnits) Count() (Dead, error) {
	rng := rand.New(rand.NewPCG(u.trainer.config.Seed, 2))
	drawLatent(u.latent, rng)
	u.generator.Reset()
	if err := u.generator.RunAll(); err != nil {
		return Dead{}, fmt.Errorf("trying the generator's units: %w", err)
	}
	nn.Set(u.samples, append(u.trainer.config.Data.Sample(rng, heldOut), nn.Values(u.generated)...))
	u.discriminator.Reset()
	if err := u.discriminator.RunAll(); err != nil {
		return Dead{}, fmt.Errorf("trying the discriminator's units: %w", err)
	}
	return Dead{deadShare(u.discriminatorUnits), deadShare(u.generatorUnits)}, nil
}

// unitGradients are the gradients at the units of a layer.
type unitGradients struct {
	value gorgonia.Value
	axis  int // the dimension that counts the units
}

// readUnits reads the gradients dPre at the hidden units of n, once a machine has
// run.
func readUnits(n *nn.Network, dPre gorgonia.Nodes) []unitGradients {
	units := make([]unitGradients, len(dPre))
	for i, grad := range dPre {
		units[i].axis = n.Layers[i].UnitAxis()
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
		for i, v := range nn.Values(l.value) {
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
