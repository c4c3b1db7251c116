// Package nntest has functions that tests of several packages use to check
// networks.
package nntest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// Normal returns n normally distributed numbers.
func Normal(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// Matrix returns a float64 matrix with these elements.
func Matrix(rows, columns int, elements []float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(elements))
}

// SampleAt returns sample i of t. The samples lie one after another.
func SampleAt(t *tensor.Dense, i, samples int) []float64 {
	v := nn.Values(t)
	n := len(v) / samples
	return v[i*n : (i+1)*n]
}

// SameBits reports whether two slices are equal. NaN is equal to NaN.
func SameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// Run runs a graph once.
func Run(t *testing.T, g *gorgonia.ExprGraph) {
	t.Helper()
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// Disturb changes the biases, which are 0 at the start.
func Disturb(rng *rand.Rand, networks ...*nn.Network) {
	for _, n := range networks {
		for _, params := range n.Params {
			b := params[len(params)-1]
			v := Normal(rng, b.Size())
			for i := range v {
				v[i] *= 0.3
			}
			nn.Set(b, v)
		}
	}
}

// Slope returns the central difference of f in the element i of t, and whether
// it is reliable. If it differs from got, there may be a kink. At a kink, a
// smaller step gives another difference.
func Slope(f func() float64, t *tensor.Dense, i int, got float64) (d float64, ok bool) {
	data := t.Float64s()
	x := data[i]
	defer func() { data[i] = x }()
	difference := func(h float64) float64 {
		data[i] = x + h
		up := f()
		data[i] = x - h
		return (up - f()) / (2 * h)
	}
	d = difference(1e-5)
	if math.Abs(d-got) <= 1e-7*(1+math.Abs(d)) {
		return d, true
	}
	return d, math.Abs(d-difference(3e-6)) <= 1e-5*(1+math.Abs(d))
}

// One computes the network n for one sample, without a graph.
func One(n *nn.Network, x []float64) []float64 {
	for i, l := range n.Layers {
		var params [][]float64
		for _, p := range n.Params[i] {
			params = append(params, nn.Values(p))
		}
		switch l := l.(type) {
		case nn.Dense:
			y := slices.Clone(params[1])
			for j, v := range params[0] {
				y[j%l.Out] += x[j/l.Out] * v
			}
			x = y
		case nn.Convolution:
			x = direct(l, params[0], params[1], x)
		case nn.TransposedConvolution:
			x = transposed(l, params[0], params[1], x)
		}
		if i < len(n.Layers)-1 {
			for j := range x {
				if x[j] <= 0 {
					x[j] *= n.Act.Alpha
				}
			}
		}
	}
	return x
}

// direct is the convolution of one sample by the textbook formula.
// weights[((ky·side+kx)·in+i)·out+o] is the weight between the channels i and
// o.
func direct(c nn.Convolution, weights, bias, x []float64) []float64 {
	rows, columns := c.Places()
	var y []float64
	for py := range rows {
		for px := range columns {
			for o := range c.Out {
				sum := bias[o]
				for ky := range c.Side {
					for kx := range c.Side {
						row, column := py*c.Stride+ky-c.Margin, px*c.Stride+kx-c.Margin
						if row < 0 || row >= c.Height || column < 0 || column >= c.Width {
							continue
						}
						for i := range c.Channels {
							sum += weights[((ky*c.Side+kx)*c.Channels+i)*c.Out+o] * x[(row*c.Width+column)*c.Channels+i]
						}
					}
				}
				y = append(y, sum)
			}
		}
	}
	return y
}

// transposed is the transposed convolution of one sample.
// weights[i·inputs+(ky·side+kx)·out+o] is the weight between the channels i and
// o.
func transposed(c nn.TransposedConvolution, weights, bias, x []float64) []float64 {
	y := slices.Repeat(bias, c.Height*c.Width)
	rows, columns := c.Places()
	for py := range rows {
		for px := range columns {
			for i := range c.In {
				for ky := range c.Side {
					for kx := range c.Side {
						row, column := py*c.Stride+ky-c.Margin, px*c.Stride+kx-c.Margin
						if row < 0 || row >= c.Height || column < 0 || column >= c.Width {
							continue
						}
						for o := range c.Channels {
							y[(row*c.Width+column)*c.Channels+o] += weights[i*c.Inputs()+(ky*c.Side+kx)*c.Channels+o] * x[(py*columns+px)*c.In+i]
						}
					}
				}
			}
		}
	}
	return y
}

// MiniatureSize is the number of pixels in a picture of Miniatures.
const MiniatureSize = 36

// Miniatures returns a generator of pictures, 6 by 6, and a discriminator. They
// are the smallest networks with convolutions.
func Miniatures(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network) {
	generator = nn.NewNetwork(rng, dt, act, []nn.Layer{
		nn.Dense{In: 2, Out: 18},
		nn.TransposedConvolution{In: 2, Windows: nn.Windows{Height: 6, Width: 6, Channels: 1, Side: 4, Stride: 2, Margin: 1}},
	})
	discriminator = nn.NewNetwork(rng, dt, act, []nn.Layer{
		nn.Convolution{Windows: nn.Windows{Height: 6, Width: 6, Channels: 1, Side: 3, Stride: 2, Margin: 1}, Out: 2},
		nn.Convolution{Windows: nn.Windows{Height: 3, Width: 3, Channels: 2, Side: 2, Stride: 1}, Out: 3},
		nn.Convolution{Windows: nn.Windows{Height: 2, Width: 2, Channels: 3, Side: 2, Stride: 1}, Out: 1},
	})
	return generator, discriminator
}
