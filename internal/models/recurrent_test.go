package models

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// recurrent is a recurrent net, unrolled over a sequence. Every step uses the
// same weights.
var recurrent = model{
	name:  "recurrent net",
	needs: "shared weights over 6 steps, BroadcastAdd; RMSProp with clipping",
	alpha: 0.2,
	steps: 8,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const length, batch, in, width = 6, 8, 3, 16
		src := newSource(tensor.Float64, 7)
		g := gorgonia.NewGraph()
		wx, wh := node(g, "wx", src.weight(in, width)), node(g, "wh", src.normal(0.2, width, width))
		b, wy := node(g, "b", src.normal(0.1, 1, width)), node(g, "wy", src.weight(width, 1))
		h := node(g, "h", src.constant(0, batch, width))
		y := node(g, "y", src.normal(1, batch, 1))
		inputs := gorgonia.Nodes{h, y}
		for i := range length {
			x := node(g, fmt.Sprint("x", i), src.normal(1, batch, in))
			inputs = append(inputs, x)
			h = must(act(must(gorgonia.Add(must(gorgonia.Mul(x, wx)), dense(t, h, wh, b)))))
		}
		out := must(gorgonia.Mul(h, wy))
		return trainer{
			inputs:  inputs,
			weights: gorgonia.Nodes{wx, wh, b, wy},
			output:  out,
			loss:    squaredError(t, out, y),
			solver:  gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(0.01), gorgonia.WithL2Reg(1e-5), gorgonia.WithClip(5)),
			batch: func() []*tensor.Dense {
				vs := []*tensor.Dense{src.constant(0, batch, width), src.normal(1, batch, 1)}
				for range length {
					vs = append(vs, src.normal(1, batch, in))
				}
				return vs
			},
		}.on(t, on)
	},
}

func TestRecurrent(t *testing.T) { compare(t, recurrent, tape, lisp) }
