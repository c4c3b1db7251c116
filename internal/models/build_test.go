package models

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// must passes a node on, or ends the test.
func must(t *testing.T) func(*gorgonia.Node, error) *gorgonia.Node {
	return func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// A source draws weights and data: the same ones from the same seed.
type source struct {
	rng *rand.Rand
	dt  tensor.Dtype
}

func newSource(dt tensor.Dtype, seed uint64) source {
	return source{rand.New(rand.NewPCG(seed, 1)), dt}
}

// fill makes a tensor of numbers that f draws.
func (s source) fill(f func() float64, shape ...int) *tensor.Dense {
	n := tensor.Shape(shape).TotalSize()
	if s.dt == tensor.Float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(f())
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = f()
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
}

// normal draws from a normal distribution.
func (s source) normal(deviation float64, shape ...int) *tensor.Dense {
	return s.fill(func() float64 { return deviation * s.rng.NormFloat64() }, shape...)
}

// constant is the same number everywhere.
func (s source) constant(v float64, shape ...int) *tensor.Dense {
	return s.fill(func() float64 { return v }, shape...)
}

// list is a vector of these numbers.
func (s source) list(vs ...float64) *tensor.Dense {
	i := 0
	return s.fill(func() float64 { i++; return vs[i-1] }, len(vs))
}

// classes draws a class for each row and marks it by a 1.
func (s source) classes(rows, classes int) *tensor.Dense {
	column, class := 0, 0
	return s.fill(func() float64 {
		if column == 0 {
			class = s.rng.IntN(classes)
		}
		v := 0.0
		if column == class {
			v = 1
		}
		column = (column + 1) % classes
		return v
	}, rows, classes)
}

// weight draws what He et al. recommend for rectifiers.
func (s source) weight(shape ...int) *tensor.Dense {
	in := tensor.Shape(shape[1:]).TotalSize() // of a filter
	if len(shape) == 2 {
		in = shape[0]
	}
	return s.normal(math.Sqrt(2/float64(in)), shape...)
}

// node is a node of the dtype and shape of v, and bound to it.
func node(g *gorgonia.ExprGraph, name string, v *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

// dense is a layer x·w + b.
func dense(t *testing.T, x, w, b *gorgonia.Node) *gorgonia.Node {
	must := must(t)
	return must(gorgonia.BroadcastAdd(must(gorgonia.Mul(x, w)), b, nil, []byte{0}))
}

// conv is a convolution that keeps the size of a picture if the filter w is 3×3
// or 1×1.
func conv(t *testing.T, x, w *gorgonia.Node) *gorgonia.Node {
	size := w.Shape()[2]
	return must(t)(gorgonia.Conv2d(x, w, tensor.Shape{size, size}, []int{size / 2, size / 2}, []int{1, 1}, []int{1, 1}))
}

// halve pools the pictures x to half their size.
func halve(t *testing.T, x *gorgonia.Node) *gorgonia.Node {
	return must(t)(gorgonia.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
}

// crossEntropy is the loss of the probabilities p for classes y.
func crossEntropy(t *testing.T, p, y *gorgonia.Node) *gorgonia.Node {
	must := must(t)
	return must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(must(gorgonia.Log(p)), y))))))
}

// squaredError is the mean squared error.
func squaredError(t *testing.T, out, y *gorgonia.Node) *gorgonia.Node {
	must := must(t)
	return must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(out, y))))))
}
