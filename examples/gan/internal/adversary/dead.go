package adversary

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// heldOut is the number of real samples in the batch. There are as many
// generated ones.
const heldOut = 250

// DeadUnits counts dead hidden units. At such a unit, the gradient of the
// discriminator's ratings is 0 for a whole batch of samples. Training does not
// use these samples.
type DeadUnits struct {
	trainer         *Trainer
	latent, samples *tensor.Dense
	generated       gorgonia.Value

	generator, discriminator           gorgonia.VM
	generatorUnits, discriminatorUnits []gorgonia.Value
}

// Dead has the shares of dead units among the hidden units of each network.
type Dead struct{ Discriminator, Generator float64 }

// DeadUnits returns a counter of the dead units in the trainer's networks.
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
	_, dPre := gen.Backward(preG, nn.InRows(dGenerated, generated.Shape()[0]))
	u.generatorUnits = readUnits(dPre)
	u.generator = nn.NewMachine(g)

	g = gorgonia.NewGraph()
	d = t.discriminator.In(g, "discriminator")
	ratings, preD = d.Forward(nn.Input(g, "samples", u.samples))
	_, dPre = d.Backward(preD, nn.OnesLike(ratings))
	u.discriminatorUnits = readUnits(dPre)
	u.discriminator = nn.NewMachine(g)
	return u
}

// Count counts the dead units of the networks as they are now. It uses the same
// batch every time and does not change the training run.
func (u *DeadUnits) Count() (Dead, error) {
	rng := rand.New(rand.NewPCG(u.trainer.config.Seed, 2))
	drawLatent(u.latent, rng)
	u.generator.Reset()
	if err := u.generator.RunAll(); err != nil {
		return Dead{}, fmt.Errorf("counting the generator's dead units: %w", err)
	}
	nn.Set(u.samples, append(u.trainer.config.Data.Sample(rng, heldOut), nn.Values(u.generated)...))
	u.discriminator.Reset()
	if err := u.discriminator.RunAll(); err != nil {
		return Dead{}, fmt.Errorf("counting the discriminator's dead units: %w", err)
	}
	return Dead{deadShare(u.discriminatorUnits), deadShare(u.generatorUnits)}, nil
}

// readUnits reads the gradients at hidden units after a machine has run. Each
// layer has one column for each unit.
func readUnits(dPre gorgonia.Nodes) []gorgonia.Value {
	units := make([]gorgonia.Value, len(dPre))
	for i, grad := range dPre {
		gorgonia.Read(grad, &units[i])
	}
	return units
}

// deadShare is the share of units whose gradients are all 0.
func deadShare(layers []gorgonia.Value) float64 {
	var dead, all int
	for _, l := range layers {
		alive := make([]bool, l.Shape()[1])
		for i, v := range nn.Values(l) {
			alive[i%len(alive)] = alive[i%len(alive)] || v != 0
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
