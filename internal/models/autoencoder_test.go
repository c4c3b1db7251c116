package models

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// autoencoder uses the transposed weights of the encoder in the decoder.
var autoencoder = model{
	name:  "autoencoder",
	needs: "weights tied by Transpose, BroadcastAdd; AdaGrad",
	alpha: 0.2,
	steps: 8,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const batch, in, code = 16, 20, 8
		src := newSource(tensor.Float64, 8)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, batch, in))
		w := node(g, "w", src.weight(in, code))
		b, c := node(g, "b", src.constant(0, 1, code)), node(g, "c", src.constant(0, 1, in))
		h := must(act(dense(t, x, w, b)))
		out := must(act(dense(t, h, must(gorgonia.Transpose(w)), c)))
		return trainer{
			inputs:  gorgonia.Nodes{x},
			weights: gorgonia.Nodes{w, b, c},
			output:  out,
			loss:    squaredError(t, out, x),
			solver:  gorgonia.NewAdaGradSolver(gorgonia.WithLearnRate(0.05)),
			batch:   func() []*tensor.Dense { return []*tensor.Dense{src.normal(1, batch, in)} },
		}.on(t, on)
	},
}

func TestAutoencoder(t *testing.T) { compare(t, autoencoder, tape, lisp) }
