package models

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// unet is a small U-Net. It halves the pictures, doubles them again, and
// concatenates them with the earlier ones.
var unet = model{
	name:  "U-Net",
	needs: "Conv2d, MaxPool2D, Upsample2D, Concat; Adam",
	alpha: 0.2,
	steps: 6,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const batch, side = 2, 8
		src := newSource(tensor.Float32, 4)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, batch, 1, side, side))
		y := node(g, "y", src.normal(1, batch, 1, side, side))
		down, bottom := node(g, "down", src.weight(4, 1, 3, 3)), node(g, "bottom", src.weight(8, 4, 3, 3))
		up, last := node(g, "up", src.weight(4, 12, 3, 3)), node(g, "last", src.weight(1, 4, 1, 1))

		skip := must(act(conv(t, x, down)))
		h := must(act(conv(t, halve(t, skip), bottom)))
		h = must(gorgonia.Concat(1, must(gorgonia.Upsample2D(h, 2)), skip))
		h = must(act(conv(t, h, up)))
		out := conv(t, h, last)

		return trainer{
			inputs:  gorgonia.Nodes{x, y},
			weights: gorgonia.Nodes{down, bottom, up, last},
			output:  out,
			loss:    squaredError(t, out, y),
			solver:  gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.01)),
			batch: func() []*tensor.Dense {
				return []*tensor.Dense{src.normal(1, batch, 1, side, side), src.normal(1, batch, 1, side, side)}
			},
		}.on(t, on)
	},
}

func TestUNet(t *testing.T) { compare(t, unet, tape) }

func TestUNetFailsOnLisp(t *testing.T) {
	failsAt(t, unet, lisp, 0, "Failed to differentiate Concat")
}
