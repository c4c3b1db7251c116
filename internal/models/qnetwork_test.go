package models

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// qnetwork is deep Q-learning. The goal of the trained network is the reward
// plus the target network's output for the next state. The target network has
// its own graph, machine and weights. Every few steps it gets a copy of the
// trained weights.
var qnetwork = model{
	name:  "Q-network",
	needs: "a target network that is a copy, HadamardProd, Sum along an axis; Adam",
	alpha: 0.01,
	steps: 9,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const batch, state, width, actions, discount, copyEvery = 32, 6, 48, 4, 0.9, 3
		src := newSource(tensor.Float64, 9)
		network := func(g *gorgonia.ExprGraph) (x, q *gorgonia.Node, weights gorgonia.Nodes) {
			x = node(g, "x", src.constant(0, batch, state))
			w0, b0 := node(g, "w0", src.weight(state, width)), node(g, "b0", src.constant(0, 1, width))
			w1, b1 := node(g, "w1", src.weight(width, width)), node(g, "b1", src.constant(0, 1, width))
			w2 := node(g, "w2", src.weight(width, actions))
			h := must(act(dense(t, x, w0, b0)))
			h = must(act(dense(t, h, w1, b1)))
			return x, must(gorgonia.Mul(h, w2)), gorgonia.Nodes{w0, b0, w1, b1, w2}
		}

		g := gorgonia.NewGraph()
		x, q, weights := network(g)
		taken := node(g, "taken", src.classes(batch, actions))
		goal := node(g, "goal", src.constant(0, batch))
		chosen := must(gorgonia.Sum(must(gorgonia.HadamardProd(q, taken)), 1))

		target := gorgonia.NewGraph()
		next, nextQ, copies := network(target)
		var expected gorgonia.Value
		gorgonia.Read(nextQ, &expected)
		vm := gorgonia.NewTapeMachine(target)
		t.Cleanup(func() { vm.Close() })

		train := trainer{
			inputs:  gorgonia.Nodes{x, taken, goal},
			weights: weights,
			output:  q,
			loss:    squaredError(t, chosen, goal),
			solver:  gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.01)),
			batch: func() []*tensor.Dense {
				let(t, next, src.normal(1, batch, state))
				runAll(t, vm)
				defer vm.Reset()
				i := 0
				goals := src.fill(func() float64 {
					best := slices.Max(expected.Data().([]float64)[i*actions : (i+1)*actions])
					i++
					return src.rng.NormFloat64() + discount*best
				}, batch)
				return []*tensor.Dense{src.normal(1, batch, state), src.classes(batch, actions), goals}
			},
		}.on(t, on)
		return func(n int, seen *record) error {
			if n%copyEvery == 0 {
				for i, w := range weights {
					if err := tensor.Copy(copies[i].Value().(*tensor.Dense), w.Value().(*tensor.Dense)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := train(n, seen); err != nil {
				return err
			}
			seen.see("what the target network expects", expected)
			for i, w := range copies {
				seen.see("copy of "+w.Name(), w.Value())
				if n%copyEvery == copyEvery-1 && slices.Equal(bitsOf(w.Value()), bitsOf(weights[i].Value())) {
					t.Errorf("step %d: the target network's %s is the trained one, expected the copy made %d steps ago", n, w.Name(), copyEvery)
				}
			}
			return nil
		}
	},
}

func TestQNetwork(t *testing.T) { compare(t, qnetwork, tape, lisp) }
