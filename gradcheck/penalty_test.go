package gradcheck_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// must panics if there is an error. gradcheck recovers the panic and returns it
// as an error.
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

// taken returns ∂Σscore/∂x from gorgonia.Grad.
func (c critic) taken(x node) node {
	score, _ := c.score(x)
	grads, err := gorgonia.Grad(must(gorgonia.Sum(score)), x)
	if err != nil {
		panic(err)
	}
	return grads[0]
}

// written returns the same, written as nodes, for tanh. The derivative of tanh
// is 1 − tanh².
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

// If a loss calls Grad, the program that trains on it calls Grad a second time
// on the same graph. Check does the same and checks the result.
func TestGradInsideFunc(t *testing.T) {
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
			switch {
			case c.right && err != nil:
				t.Error(err)
			case !c.right && err == nil:
				t.Error(fixed("a second Grad on one graph", "SecondGrad and what finds it"))
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

// The reported numbers are those of a program that uses only Gorgonia.
func TestGradInsideFuncMatchesProgram(t *testing.T) {
	naive := func(in ...node) (node, error) {
		c := critic{in[1], in[2], gorgonia.Tanh}
		return penalty(c, c.taken, in[0], in[0])
	}
	written := func(in ...node) (node, error) {
		c := critic{in[1], in[2], gorgonia.Tanh}
		return penalty(c, c.written, in[0], in[0])
	}
	inputs := []*tensor.Dense{dense(0.1, 4, 2), dense(2.5, 2, 5), dense(3.3, 5, 1)}
	program := func(loss gradcheck.Func) []*tensor.Dense {
		g := gorgonia.NewGraph()
		var in nodes
		for i, v := range inputs {
			in = append(in, input(g, string(rune('a'+i)), v.Shape(), v.Clone().(*tensor.Dense).Float64s()...))
		}
		grads, err := gorgonia.Grad(must(loss(in...)), in[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]gorgonia.Value, len(grads))
		for i, n := range grads {
			gorgonia.Read(n, &values[i])
		}
		if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
			t.Fatal(err)
		}
		return []*tensor.Dense{values[0].(*tensor.Dense), values[1].(*tensor.Dense)}
	}
	var e *gradcheck.Error
	if err := gradcheck.Check(naive, inputs, gradcheck.Inputs(1, 2), gradcheck.Machines(gradcheck.Tape)); !errors.As(err, &e) || e.Fault != gradcheck.SecondGrad {
		t.Fatalf("%v: expected %v. If there is no error, %s", err, gradcheck.SecondGrad, fixed("a second Grad on one graph", "this test"))
	}
	got, want := program(naive), program(written)
	for _, entry := range e.Entries {
		wrong, _ := got[entry.Input-1].At(entry.Index...)
		right, _ := want[entry.Input-1].At(entry.Index...)
		// Both values of the entry are multiplied by the upstream gradient.
		if ratio := wrong.(float64) / right.(float64); math.Abs(entry.Analytic/entry.Numeric-ratio) > 1e-9 {
			t.Errorf("%v: expected %v times the right one", entry, ratio)
		}
	}
}
