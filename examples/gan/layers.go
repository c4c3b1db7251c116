package main

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// dense connects every input with every output. Its input and output have a row
// for each sample.
type dense struct{ in, out int }

// perceptron is dense layers of the given sizes, input first.
func perceptron(sizes ...int) []layer {
	var layers []layer
	for i, out := range sizes[1:] {
		layers = append(layers, dense{sizes[i], out})
	}
	return layers
}

func (l dense) shapes() ([]tensor.Shape, int) {
	return []tensor.Shape{{l.in, l.out}, {1, l.out}}, l.in
}

func (l dense) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	y := must(gorgonia.Mul(x, p[0]))
	// As a product, the bias for all rows costs less than a broadcast does.
	return must(gorgonia.Add(y, must(gorgonia.Mul(ones(y, x.Shape()[0], 1), p[1]))))
}

func (l dense) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.Mul(dy, must(gorgonia.Transpose(p[0]))))
}

func (l dense) unitAxis() int { return 1 }

// ones is a matrix of ones in the graph of x. It is an input, not a constant:
// Gorgonia takes constants for one that print the same, and it prints the
// beginnings of matrices.
func ones(x *gorgonia.Node, rows, columns int) *gorgonia.Node {
	return input(x.Graph(), fmt.Sprintf("%d by %d ones", rows, columns), tensor.Ones(x.Dtype(), rows, columns))
}

func onesLike(x *gorgonia.Node) *gorgonia.Node { return ones(x, x.Shape()[0], x.Shape()[1]) }

// convolution applies the same kernel at every place of a square picture. Its
// input and output have a row for each channel, in which the pictures of that
// channel follow one another, sample by sample.
//
// It is a sum over the offsets within the kernel: at each offset, a constant
// matrix picks the pixels that lie there from the places' point of view, and a
// weight matrix mixes the channels. So it needs nothing but matrix products,
// which Gorgonia differentiates as often as one likes. Its own Conv2d can be
// differentiated once: the gradient of im2col has no gradient, and a gradient
// penalty needs one.
type convolution struct {
	in, out        int // channels
	size, kernel   int // pixels along each side
	stride, margin int
}

// places is the number of places along each side.
func (c convolution) places() int { return (c.size+2*c.margin-c.kernel)/c.stride + 1 }

func (c convolution) shapes() ([]tensor.Shape, int) {
	var shapes []tensor.Shape
	for range c.kernel * c.kernel {
		shapes = append(shapes, tensor.Shape{c.out, c.in})
	}
	return append(shapes, tensor.Shape{c.out, 1}), c.in * c.kernel * c.kernel
}

func (c convolution) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	x = inRows(x, x.Shape().TotalSize()/(c.size*c.size)) // a row for each picture
	var y *gorgonia.Node
	for offset, weight := range p[:len(p)-1] {
		picked := must(gorgonia.Mul(x, c.pick(x, offset)))
		y = add(y, must(gorgonia.Mul(weight, inRows(picked, c.in))))
	}
	bias := must(gorgonia.Mul(p[len(p)-1], ones(y, 1, y.Shape()[1])))
	return must(gorgonia.Add(y, bias))
}

func (c convolution) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	places := c.places() * c.places()
	var dx *gorgonia.Node
	for offset, weight := range p[:len(p)-1] {
		mixed := must(gorgonia.Mul(must(gorgonia.Transpose(weight)), dy))
		mixed = inRows(mixed, mixed.Shape().TotalSize()/places)
		dx = add(dx, must(gorgonia.Mul(mixed, must(gorgonia.Transpose(c.pick(dy, offset))))))
	}
	return inRows(dx, c.in)
}

func (c convolution) unitAxis() int { return 0 }

// pick is a matrix for the graph of x that takes the pixels of a picture to
// those that each place finds at an offset in the kernel, 0 beyond the margin.
func (c convolution) pick(x *gorgonia.Node, offset int) *gorgonia.Node {
	n := c.places()
	m := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(c.size*c.size, n*n))
	v := make([]float64, m.Size())
	for row := range n {
		for column := range n {
			y := row*c.stride + offset/c.kernel - c.margin
			x := column*c.stride + offset%c.kernel - c.margin
			if y >= 0 && y < c.size && x >= 0 && x < c.size {
				v[(y*c.size+x)*n*n+row*n+column] = 1
			}
		}
	}
	set(m, v)
	return input(x.Graph(), fmt.Sprintf("pick %+v %d", c, offset), m)
}

// add is sum + x, where no sum yet is nil.
func add(sum, x *gorgonia.Node) *gorgonia.Node {
	if sum == nil {
		return x
	}
	return must(gorgonia.Add(sum, x))
}
