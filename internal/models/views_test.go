package models

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// In these parts of models, another node shares memory with the input or the
// result of the activation, and reads it later.
var views = []struct {
	name  string
	build func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node
}{
	{"gated units, halves of one matrix", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		left, right := must(gorgonia.Slice(h, nil, gorgonia.S(0, 8))), must(gorgonia.Slice(h, nil, gorgonia.S(8, 16)))
		return must(gorgonia.HadamardProd(must(act(left)), must(gorgonia.Sigmoid(right))))
	}},
	{"a matrix beside its activated rows", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		top := must(act(must(gorgonia.Slice(h, gorgonia.S(0, 4)))))
		return must(gorgonia.Add(must(gorgonia.Sum(must(gorgonia.Square(top)))), must(gorgonia.Sum(h))))
	}},
	{"a product with what Reshape shows of the input", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		shown := must(gorgonia.Reshape(h, tensor.Shape{netWidth, netBatch}))
		return must(gorgonia.Mul(must(act(h)), shown))
	}},
	{"a sum with what Reshape shows of it", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		flat := must(act(must(gorgonia.Reshape(h, tensor.Shape{netBatch * netWidth}))))
		back := must(gorgonia.Reshape(flat, tensor.Shape{netBatch, netWidth}))
		return must(gorgonia.Add(back, h))
	}},
	{"a sum with what Dropout of nothing passes on", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		return must(gorgonia.Add(must(act(must(gorgonia.Dropout(h, 0)))), h))
	}},
	{"a sum with the input itself", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		return must(gorgonia.Add(must(act(h)), h))
	}},
	{"the activation of an activation", func(t *testing.T, act activation, h *gorgonia.Node) *gorgonia.Node {
		must := must(t)
		once := must(act(h))
		return must(gorgonia.HadamardProd(must(act(must(gorgonia.Neg(once)))), once))
	}},
}

func TestViews(t *testing.T) {
	for _, view := range views {
		t.Run(view.name, func(t *testing.T) {
			agree(t, 0.2, func(act activation, seen *record) {
				n := newNet(t, act)
				n.loss = must(t)(gorgonia.Mean(view.build(t, act, must(t)(gorgonia.Neg(n.sums[0])))))
				n.weights = n.weights[:2]
				n.train(t, seen)
			})
		})
	}
}

// The activation is applied to inputs and weights directly.
func TestActivationOfInputsAndWeights(t *testing.T) {
	agree(t, 0.2, func(act activation, seen *record) {
		must := must(t)
		src := newSource(tensor.Float64, 15)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, 4, 6))
		w := node(g, "w", src.normal(1, 4, 6))
		of := gorgonia.Nodes{x, must(gorgonia.Transpose(must(gorgonia.Transpose(x)))), w}
		var loss *gorgonia.Node
		for i, v := range of {
			term := must(gorgonia.Mean(must(gorgonia.HadamardProd(must(act(v)), w))))
			if i == 0 {
				loss = term
				continue
			}
			loss = must(gorgonia.Add(loss, term))
		}
		run := tape.start(t, loss, gorgonia.Nodes{w})
		for range 3 {
			v := src.normal(1, 4, 6)
			given := clone(v)
			let(t, x, v)
			done(t, run(func(weights gorgonia.Nodes) {
				kept(t, "x", v, given)
				seen.see("loss", loss.Value())
				update(t, gorgonia.NewVanillaSolver(), weights, seen)
			}))
		}
	})
}
