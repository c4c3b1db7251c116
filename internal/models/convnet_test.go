package models

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// convnet classifies small pictures. It has Conv2d, activation and MaxPool2D
// twice, then two dense layers.
var convnet = model{
	name:  "convolutional net",
	needs: "Conv2d, MaxPool2D, Reshape, SoftMax; RMSProp",
	alpha: 0.01,
	steps: 6,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const batch, side, classes = 4, 12, 4
		src := newSource(tensor.Float32, 1)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, batch, 1, side, side))
		y := node(g, "y", src.classes(batch, classes))
		w0, w1 := node(g, "w0", src.weight(6, 1, 3, 3)), node(g, "w1", src.weight(8, 6, 3, 3))
		w2, b2 := node(g, "w2", src.weight(8*3*3, 16)), node(g, "b2", src.normal(0.1, 1, 16))
		w3 := node(g, "w3", src.weight(16, classes))

		h := halve(t, must(act(conv(t, x, w0))))
		h = halve(t, must(act(conv(t, h, w1))))
		h = must(gorgonia.Reshape(h, tensor.Shape{batch, 8 * 3 * 3}))
		h = must(act(dense(t, h, w2, b2)))
		p := must(gorgonia.SoftMax(must(gorgonia.Mul(h, w3))))

		return trainer{
			inputs:  gorgonia.Nodes{x, y},
			weights: gorgonia.Nodes{w0, w1, w2, b2, w3},
			output:  p,
			loss:    crossEntropy(t, p, y),
			solver:  gorgonia.NewRMSPropSolver(gorgonia.WithBatchSize(batch)),
			batch: func() []*tensor.Dense {
				return []*tensor.Dense{src.normal(1, batch, 1, side, side), src.classes(batch, classes)}
			},
		}.on(t, on)
	},
}

func TestConvnet(t *testing.T) { compare(t, convnet, tape, lispOnClones) }

// The gradient of Reshape changes the shape of the gradient tensor itself. The
// next run on the same graph fails, because the tensor has another shape.
func TestConvnetFailsInSecondLispRun(t *testing.T) {
	failsAt(t, convnet, lisp, 1, "Failed to differentiate Reshape")
}
