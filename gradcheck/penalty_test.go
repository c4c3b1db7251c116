package gradcheck_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// must panics with an error, which gradcheck returns as one.
var must = gorgonia.Must

// A critic has two layers: tanh or another activation of x·w0, times w1.
type critic struct {
	w0, w1     node
	activation func(node) (node, error)
}

func (c critic) score(x node) (score, hidden node) {
	hidden = must(c.activation(must(gorgonia.Mul(x, c.w0))))
	return must(gorgonia.Mul(hidden, c.w1)), hidden
}

// taken returns ∂Σscore/∂x, differentiated by Gorgonia.
func (c critic) taken(x node) node {
	score, _ := c.score(x)
	grads, err := gorgonia.Grad(must(gorgonia.Sum(score)), x)
	if err != nil {
		panic(err)
	}
	return grads[0]
}

// written returns the same as nodes, for tanh, whose derivative is 1 − tanh².
func (c critic) written(x node) node {
	score, hidden := c.score(x)
	upstream := gorgonia.NewConstant(tensor.Ones(tensor.Float64, score.Shape()...))
	dHidden := must(gorgonia.Mul(upstream, must(gorgonia.Transpose(c.w1))))
	slope := must(gorgonia.Sub(constant(1), must(gorgonia.Square(hidden))))
	return must(gorgonia.Mul(must(gorgonia.HadamardProd(dHidden, slope)), must(gorgonia.Transpose(c.w0))))
}

// penalty returns Σ score(x) + Σ gradient(at)².
func penalty(c critic, gradient func(node) node, x, at node) (node, error) {
	score, _ := c.score(x)
	return gorgonia.Add(must(gorgonia.Sum(score)), must(gorgonia.Sum(must(gorgonia.Square(gradient(at))))))
}

// A loss that takes a gradient of its own is differentiated by a second Grad on
// its graph, in the program as here. What that gives is checked.
func TestGradInside(t *testing.T) {
	x, between, w0, w1 := dense(0.1, 4, 2), dense(0.9, 4, 2), dense(2.5, 2, 5), dense(3.3, 5, 1)
	tanh := func(in ...node) critic { return critic{in[0], in[1], gorgonia.Tanh} }
	rectify := func(in ...node) critic { return critic{in[0], in[1], gorgonia.Rectify} }
	for _, c := range []struct {
		name   string
		f      gradcheck.Func
		inputs []*tensor.Dense
		opts   []gradcheck.Option
		right  bool
	}{
		{"at the data", func(in ...node) (node, error) {
			d := tanh(in[1:]...)
			return penalty(d, d.taken, in[0], in[0])
		}, []*tensor.Dense{x, w0, w1}, nil, false},
		{"at the data, weights only", func(in ...node) (node, error) {
			d := tanh(in[1:]...)
			return penalty(d, d.taken, in[0], in[0])
		}, []*tensor.Dense{x, w0, w1}, []gradcheck.Option{gradcheck.Inputs(1, 2)}, false},
		{"tanh at an input of its own, weights only", func(in ...node) (node, error) {
			d := tanh(in[2:]...)
			return penalty(d, d.taken, in[0], in[1])
		}, []*tensor.Dense{x, between, w0, w1}, []gradcheck.Option{gradcheck.Inputs(2, 3)}, false},
		{"written as nodes", func(in ...node) (node, error) {
			d := tanh(in[1:]...)
			return penalty(d, d.written, in[0], in[0])
		}, []*tensor.Dense{x, w0, w1}, nil, true},
		{"rectify at an input of its own, weights only", func(in ...node) (node, error) {
			d := rectify(in[2:]...)
			return penalty(d, d.taken, in[0], in[1])
		}, []*tensor.Dense{x, between, w0, w1}, []gradcheck.Option{gradcheck.Inputs(2, 3)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := gradcheck.Check(c.f, c.inputs, append(c.opts, gradcheck.Machines(gradcheck.Tape))...)
			if c.right != (err == nil) {
				t.Errorf("%v: expected pass to be %t", err, c.right)
			}
			if err == nil {
				return
			}
			for _, part := range []string{"second Grad", "as nodes", "ApplyGrad"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the message:\n%v", part, err)
				}
			}
		})
	}
}
