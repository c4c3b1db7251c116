package adversary

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// State is everything that the next steps of a trainer depend on, except its
// Config and the number of steps done: the networks, the solvers' averages and
// the state of the random numbers. State shares memory with the trainer.
// Writing into it changes the trainer.
type State struct {
	Arrays []Array
	Random *rand.PCG
}

// Array is a tensor with a name.
type Array struct {
	Name string
	*tensor.Dense
}

// learner is a network with its solver.
type learner struct {
	name    string
	network *nn.Network
	update  *nn.Update
	rounds  int // updates in a step
}

func (t *Trainer) learners() []learner {
	return []learner{
		{"generator", t.generator, t.updateGenerator, 1},
		{"discriminator", t.discriminator, t.updateDiscriminator, t.config.Game.rounds},
	}
}

// State returns the trainer's state.
func (t *Trainer) State() State {
	s := State{Random: t.random}
	add := func(name string, ts []*tensor.Dense) {
		for i, t := range ts {
			s.Arrays = append(s.Arrays, Array{fmt.Sprintf("%s %d", name, i), t})
		}
	}
	add("average", t.average.Parameters())
	for _, l := range t.learners() {
		add(l.name, l.network.Parameters())
		add(l.name+" mean", l.update.Solver.Means)
		add(l.name+" square", l.update.Solver.Squares)
	}
	return s
}

// GoOn sets the number of steps done in a new trainer. The caller then writes
// the state.
func (t *Trainer) GoOn(step int) {
	t.step = step
	for _, l := range t.learners() {
		l.update.Solver.Steps = step * l.rounds
	}
}
