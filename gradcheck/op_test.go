package gradcheck_test

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// An operator is an operator for tests. A test can make each part of it wrong.
// Its inputs and its output have the same shape.
type operator struct {
	name    string
	inputs  int
	do      func(in ...gorgonia.Value) (gorgonia.Value, error)
	symDiff func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
	diffWRT []bool // nil: all
}

func (op *operator) Arity() int { return op.inputs }
func (op *operator) Type() hm.Type {
	types := make([]hm.Type, op.inputs+1)
	for i := range types {
		types[i] = hm.TypeVariable('a')
	}
	return hm.NewFnType(types...)
}
func (op *operator) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape).Clone(), nil
}
func (op *operator) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return op.do(in...) }
func (op *operator) ReturnsPtr() bool                                { return true }
func (op *operator) CallsExtern() bool                               { return false }
func (op *operator) OverwritesInput() int                            { return -1 }
func (op *operator) WriteHash(h hash.Hash)                           { fmt.Fprint(h, op.name) }
func (op *operator) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
func (op *operator) String() string { return op.name }
func (op *operator) DiffWRT(inputs int) []bool {
	if op.diffWRT != nil {
		return op.diffWRT
	}
	all := make([]bool, inputs)
	for i := range all {
		all[i] = true
	}
	return all
}
func (op *operator) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return op.symDiff(in, out, grad)
}

// An adOperator also has a DoDiff.
type adOperator struct {
	operator
	doDiff func(in gorgonia.Nodes, out *gorgonia.Node) error
}

func (op *adOperator) DoDiff(_ gorgonia.ExecutionContext, in gorgonia.Nodes, out *gorgonia.Node) error {
	return op.doDiff(in, out)
}

// of returns a Func that applies op to its inputs.
func of(op gorgonia.Op) gradcheck.Func {
	return func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.ApplyOp(op, in...) }
}

// numbers returns the numbers of a float64 tensor, not a copy.
func numbers(v gorgonia.Value) []float64 { return v.(*tensor.Dense).Float64s() }

// gradient returns the numbers of a node's gradient, not a copy.
func gradient(n *gorgonia.Node) []float64 {
	g, err := n.Grad()
	if err != nil {
		panic(err)
	}
	return numbers(g)
}

// elementwise makes a method Do from a function of one entry.
func elementwise(f func(x ...float64) float64) func(in ...gorgonia.Value) (gorgonia.Value, error) {
	return func(in ...gorgonia.Value) (gorgonia.Value, error) {
		out := in[0].(*tensor.Dense).Clone().(*tensor.Dense)
		x, y := make([]float64, len(in)), numbers(out)
		data := make([][]float64, len(in))
		for k, v := range in {
			data[k] = numbers(v)
		}
		for i := range y {
			for k := range x {
				x[k] = data[k][i]
			}
			y[i] = f(x...)
		}
		return out, nil
	}
}

// square returns the operator x² without a fault.
func square() *adOperator {
	return &adOperator{
		operator: operator{
			name:   "square",
			inputs: 1,
			do:     elementwise(func(x ...float64) float64 { return x[0] * x[0] }),
			symDiff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
				dx, err := gorgonia.ApplyOp(squareGrad(2), in[0], grad)
				return gorgonia.Nodes{dx}, err
			},
		},
		doDiff: func(in gorgonia.Nodes, out *gorgonia.Node) error {
			x, dx, dy := numbers(in[0].Value()), gradient(in[0]), gradient(out)
			for i := range dx {
				dx[i] += 2 * x[i] * dy[i]
			}
			return nil
		},
	}
}

// squareGrad returns 2·x·g, the gradient of square. Its gradient with respect
// to x is second·g·gg, for the upstream gradient gg. This is right if second is
// 2.
func squareGrad(second float64) *adOperator {
	return &adOperator{
		operator: operator{
			name:   fmt.Sprintf("squareGrad %v", second),
			inputs: 2,
			do:     elementwise(func(x ...float64) float64 { return 2 * x[0] * x[1] }),
			symDiff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
				gg, err := gorgonia.HadamardProd(in[1], grad)
				if err != nil {
					return nil, err
				}
				dx, err := gorgonia.HadamardProd(gg, gorgonia.NewConstant(second))
				if err != nil {
					return nil, err
				}
				dg, err := gorgonia.ApplyOp(squareGrad(second), in[0], grad)
				return gorgonia.Nodes{dx, dg}, err
			},
		},
		doDiff: func(in gorgonia.Nodes, out *gorgonia.Node) error {
			x, g, up := numbers(in[0].Value()), numbers(in[1].Value()), gradient(out)
			dx, dg := gradient(in[0]), gradient(in[1])
			for i := range up {
				dx[i] += second * g[i] * up[i]
				dg[i] += 2 * x[i] * up[i]
			}
			return nil
		},
	}
}

// dense returns a float64 tensor of numbers between −1.5 and 1.5.
func dense(phase float64, shape ...int) *tensor.Dense {
	data := make([]float64, tensor.Shape(shape).TotalSize())
	for i := range data {
		data[i] = 1.5 * math.Sin(2.3*float64(i)+phase)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// positive returns a float64 tensor of numbers between 0.3 and 2.6.
func positive(phase float64, shape ...int) *tensor.Dense {
	d := dense(phase, shape...)
	for i, x := range d.Float64s() {
		d.Float64s()[i] = 0.3 + x*x
	}
	return d
}

// single returns d converted to float32.
func single(d *tensor.Dense) *tensor.Dense {
	data := make([]float32, d.Size())
	for i, x := range d.Float64s() {
		data[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(d.Shape()...), tensor.WithBacking(data))
}
