package models

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// residual has two residual blocks, as in ResNet. A block adds its input to the
// result of its convolutions, before the last activation.
var residual = model{
	name:  "residual net",
	needs: "Conv2d, Add, AveragePool2D, Reshape; Momentum",
	alpha: 0.1,
	steps: 6,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const batch, side, channels = 2, 6, 5
		src := newSource(tensor.Float32, 3)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, batch, 1, side, side))
		y := node(g, "y", src.normal(1, batch, 1))
		stem := node(g, "stem", src.weight(channels, 1, 3, 3))
		weights := gorgonia.Nodes{stem}
		h := must(act(conv(t, x, stem)))
		for _, block := range []string{"a", "b"} {
			w0 := node(g, block+"0", src.weight(channels, channels, 3, 3))
			w1 := node(g, block+"1", src.weight(channels, channels, 3, 3))
			weights = append(weights, w0, w1)
			inside := conv(t, must(act(conv(t, h, w0))), w1)
			h = must(act(must(gorgonia.Add(inside, h))))
		}
		h = must(gorgonia.AveragePool2D(h, tensor.Shape{side, side}, []int{0, 0}, []int{1, 1}))
		h = must(gorgonia.Reshape(h, tensor.Shape{batch, channels}))
		w := node(g, "w", src.weight(channels, 1))
		out := must(gorgonia.Mul(h, w))

		return trainer{
			inputs:  gorgonia.Nodes{x, y},
			weights: append(weights, w),
			output:  out,
			loss:    squaredError(t, out, y),
			solver:  gorgonia.NewMomentum(gorgonia.WithLearnRate(0.001)),
			batch: func() []*tensor.Dense {
				return []*tensor.Dense{src.normal(1, batch, 1, side, side), src.normal(1, batch, 1)}
			},
		}.on(t, on)
	},
}

func TestResidual(t *testing.T) { compare(t, residual, tape, lispOnClones) }

func TestResidualFailsInSecondLispRun(t *testing.T) {
	failsAt(t, residual, lisp, 1, "Failed to differentiate Reshape")
}
