package models

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// must returns a function that returns its node, or ends the test if there is
// an error.
func must(t *testing.T) func(*gorgonia.Node, error) *gorgonia.Node {
	return func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// A source draws weights and data. The same seed gives the same numbers.
type source struct {
	rng *rand.Rand
	dt  tensor.Dtype
}

func newSource(dt tensor.Dtype, seed uint64) source {
	return source{rand.New(rand.NewPCG(seed, 1)), dt}
}

// fill returns a tensor of numbers from f.
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

// constant returns a tensor with the same number in all elements.
func (s source) constant(v float64, shape ...int) *tensor.Dense {
	return s.fill(func() float64 { return v }, shape...)
}

// list returns a vector of these numbers.
func (s source) list(vs ...float64) *tensor.Dense {
	i := 0
	return s.fill(func() float64 { i++; return vs[i-1] }, len(vs))
}

// classes draws a class for each row. The row has a 1 at that class and 0
// elsewhere.
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

// weight draws from the distribution that He et al. recommend for rectifiers.
func (s source) weight(shape ...int) *tensor.Dense {
	in := tensor.Shape(shape[1:]).TotalSize() // of a filter
	if len(shape) == 2 {
		in = shape[0]
	}
	return s.normal(math.Sqrt(2/float64(in)), shape...)
}

// node returns an input node bound to v, with the dtype and shape of v.
func node(g *gorgonia.ExprGraph, name string, v *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

// dense returns the layer x·w + b.
func dense(t *testing.T, x, w, b *gorgonia.Node) *gorgonia.Node {
	must := must(t)
	return must(gorgonia.BroadcastAdd(must(gorgonia.Mul(x, w)), b, nil, []byte{0}))
}

// conv returns a convolution of x with the filter w. The picture keeps its size
// if w is 3×3 or 1×1.
func conv(t *testing.T, x, w *gorgonia.Node) *gorgonia.Node {
	size := w.Shape()[2]
	return must(t)(gorgonia.Conv2d(x, w, tensor.Shape{size, size}, []int{size / 2, size / 2}, []int{1, 1}, []int{1, 1}))
}

// halve returns the pictures x at half the size, by max pooling.
func halve(t *testing.T, x *gorgonia.Node) *gorgonia.Node {
	return must(t)(gorgonia.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
}

// crossEntropy returns the cross-entropy of the probabilities p and the classes
// y.
func crossEntropy(t *testing.T, p, y *gorgonia.Node) *gorgonia.Node {
	must := must(t)
	return must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(must(gorgonia.Log(p)), y))))))
}

// squaredError returns the mean squared error.
func squaredError(t *testing.T, out, y *gorgonia.Node) *gorgonia.Node {
	must := must(t)
	return must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(out, y))))))
}
