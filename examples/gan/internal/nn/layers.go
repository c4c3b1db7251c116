package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Dense connects every input with every output. Its input and output have a row
// for each sample.
type Dense struct{ In, Out int }

// Perceptron is dense layers of the given sizes, input first.
func Perceptron(sizes ...int) []Layer {
	var layers []Layer
	for i, out := range sizes[1:] {
		layers = append(layers, Dense{sizes[i], out})
	}
	return layers
}

func (l Dense) shapes() ([]tensor.Shape, int) {
	return []tensor.Shape{{l.In, l.Out}, {1, l.Out}}, l.In
}

func (l Dense) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	y := Must(gorgonia.Mul(x, p[0]))
	// As a product, the bias for all rows costs less than a broadcast does.
	return Must(gorgonia.Add(y, Must(gorgonia.Mul(Ones(y, x.Shape()[0], 1), p[1]))))
}

func (l Dense) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return Must(gorgonia.Mul(dy, Must(gorgonia.Transpose(p[0]))))
}

func (l Dense) UnitAxis() int { return 1 }

// Ones is a matrix of ones in the graph of x. It is an input, not a constant:
// Gorgonia takes constants for one that print the same, and it prints the
// beginnings of matrices.
func Ones(x *gorgonia.Node, rows, columns int) *gorgonia.Node {
	return Input(x.Graph(), fmt.Sprintf("%d by %d ones", rows, columns), tensor.Ones(x.Dtype(), rows, columns))
}

func OnesLike(x *gorgonia.Node) *gorgonia.Node { return Ones(x, x.Shape()[0], x.Shape()[1]) }

// Convolution applies the same kernel at every place of a square picture. Its
// input and output have a row for each channel, in which the pictures of that
// channel follow one another, sample by sample.
//
// It is a sum over the offsets within the kernel: at each offset, a constant
// matrix picks the pixels that lie there from the places' point of view, and a
// weight matrix mixes the channels. So it needs nothing but matrix products,
// which Gorgonia differentiates as often as one likes. Its own Conv2d can be
// differentiated once: the gradient of im2col has no gradient, and a gradient
// penalty needs one.
type Convolution struct {
	In, Out        int // channels
	Size, Kernel   int // pixels along each side
	Stride, Margin int
}

// places is the number of places along each side.
func (c Convolution) places() int { return (c.Size+2*c.Margin-c.Kernel)/c.Stride + 1 }

func (c Convolution) shapes() ([]tensor.Shape, int) {
	var shapes []tensor.Shape
	for range c.Kernel * c.Kernel {
		shapes = append(shapes, tensor.Shape{c.Out, c.In})
	}
	return append(shapes, tensor.Shape{c.Out, 1}), c.In * c.Kernel * c.Kernel
}

func (c Convolution) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	x = InRows(x, x.Shape().TotalSize()/(c.Size*c.Size)) // a row for each picture
	var y *gorgonia.Node
	for offset, weight := range p[:len(p)-1] {
		picked := Must(gorgonia.Mul(x, c.pick(x, offset)))
		y = add(y, Must(gorgonia.Mul(weight, InRows(picked, c.In))))
	}
	bias := Must(gorgonia.Mul(p[len(p)-1], Ones(y, 1, y.Shape()[1])))
	return Must(gorgonia.Add(y, bias))
}

func (c Convolution) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	places := c.places() * c.places()
	var dx *gorgonia.Node
	for offset, weight := range p[:len(p)-1] {
		mixed := Must(gorgonia.Mul(Must(gorgonia.Transpose(weight)), dy))
		mixed = InRows(mixed, mixed.Shape().TotalSize()/places)
		dx = add(dx, Must(gorgonia.Mul(mixed, Must(gorgonia.Transpose(c.pick(dy, offset))))))
	}
	return InRows(dx, c.In)
}

func (c Convolution) UnitAxis() int { return 0 }

// pick is a matrix for the graph of x that takes the pixels of a picture to
// those that each place finds at an offset in the kernel, 0 beyond the margin.
func (c Convolution) pick(x *gorgonia.Node, offset int) *gorgonia.Node {
	n := c.places()
	m := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(c.Size*c.Size, n*n))
	v := make([]float64, m.Size())
	for row := range n {
		for column := range n {
			y := row*c.Stride + offset/c.Kernel - c.Margin
			x := column*c.Stride + offset%c.Kernel - c.Margin
			if y >= 0 && y < c.Size && x >= 0 && x < c.Size {
				v[(y*c.Size+x)*n*n+row*n+column] = 1
			}
		}
	}
	Set(m, v)
	return Input(x.Graph(), fmt.Sprintf("pick %+v %d", c, offset), m)
}

// add is sum + x, where no sum yet is nil.
func add(sum, x *gorgonia.Node) *gorgonia.Node {
	if sum == nil {
		return x
	}
	return Must(gorgonia.Add(sum, x))
}
