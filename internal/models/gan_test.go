package models

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gan has three machines on two graphs, as GANs in Gorgonia usually do. One
// graph has the discriminator on real and generated samples. The other graph
// has the generator and then the discriminator. One machine on it trains the
// generator. Another machine, on a part of it, draws samples. The two
// discriminators share their weights.
var gan = model{
	name:  "GAN",
	needs: "three machines, two graphs that share weights, Softplus; two Adams",
	alpha: 0.2,
	steps: 8,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const batch, noise, width, out = 32, 4, 32, 2
		src := newSource(tensor.Float32, 10)
		wD := []*tensor.Dense{src.weight(out, width), src.weight(width, width), src.weight(width, 1)}
		wG := []*tensor.Dense{src.weight(noise, width), src.weight(width, width), src.weight(width, out)}
		nodes := func(g *gorgonia.ExprGraph, name string, vs []*tensor.Dense) (ns gorgonia.Nodes) {
			for i, v := range vs {
				ns = append(ns, node(g, name+string(rune('0'+i)), v))
			}
			return ns
		}
		network := func(h *gorgonia.Node, ws gorgonia.Nodes) *gorgonia.Node {
			for _, w := range ws[:2] {
				h = must(act(must(gorgonia.Mul(h, w))))
			}
			return must(gorgonia.Mul(h, ws[2]))
		}
		softplus := func(n *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Mean(must(gorgonia.Softplus(n)))) }

		gD := gorgonia.NewGraph()
		d := nodes(gD, "D", wD)
		realX, fakeX := node(gD, "real", src.constant(0, batch, out)), node(gD, "fake", src.constant(0, batch, out))
		scores := network(realX, d)
		lossD := must(gorgonia.Add(softplus(must(gorgonia.Neg(scores))), softplus(network(fakeX, d))))

		gG := gorgonia.NewGraph()
		gen := nodes(gG, "G", wG)
		z := node(gG, "z", src.constant(0, batch, noise))
		fake := network(z, gen)
		lossG := softplus(must(gorgonia.Neg(network(fake, nodes(gG, "D", wD)))))

		sample := gorgonia.NewTapeMachine(gG.SubgraphRoots(fake))
		t.Cleanup(func() { sample.Close() })
		samples := func() *tensor.Dense {
			let(t, z, src.normal(1, batch, noise))
			runAll(t, sample)
			defer sample.Reset()
			return clone(fake.Value())
		}
		adam := func() gorgonia.Solver {
			return gorgonia.NewAdamSolver(gorgonia.WithLearnRate(2e-3), gorgonia.WithBeta1(0.5))
		}
		trainD := trainer{
			inputs:  gorgonia.Nodes{realX, fakeX},
			weights: d,
			output:  scores,
			loss:    lossD,
			solver:  adam(),
			batch:   func() []*tensor.Dense { return []*tensor.Dense{src.normal(1, batch, out), samples()} },
		}.on(t, on)
		trainG := trainer{
			inputs:  gorgonia.Nodes{z},
			weights: gen,
			output:  fake,
			loss:    lossG,
			solver:  adam(),
			batch:   func() []*tensor.Dense { return []*tensor.Dense{src.normal(1, batch, noise)} },
		}.on(t, on)
		return func(n int, seen *record) error {
			if err := trainD(n, seen); err != nil {
				return err
			}
			return trainG(n, seen)
		}
	},
}

func TestGAN(t *testing.T) { compare(t, gan, tape, lisp) }
