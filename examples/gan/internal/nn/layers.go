package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Dense connects every input with every output. Its input and output have one
// row for each sample.
type Dense struct{ In, Out int }

// Perceptron returns dense layers of the given sizes, input first.
func Perceptron(sizes ...int) []Layer {
	var layers []Layer
	for i, out := range sizes[1:] {
		layers = append(layers, Dense{sizes[i], out})
	}
	return layers
}

func (l Dense) parameters() (weights, bias tensor.Shape, fanIn int) {
	return tensor.Shape{l.In, l.Out}, tensor.Shape{1, l.Out}, l.In
}

func (l Dense) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	return Must(affine(x, p[0], p[1]))
}

func (l Dense) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return Must(timesTransposed(dy, p[0]))
}

// Ones returns a matrix of ones in the graph of x. It is an input, not a
// constant: Gorgonia merges constants that print the same, and it prints only
// the beginning of a matrix.
func Ones(x *gorgonia.Node, rows, columns int) *gorgonia.Node {
	return Input(x.Graph(), fmt.Sprintf("%d by %d ones", rows, columns), tensor.Ones(x.Dtype(), rows, columns))
}

func OnesLike(x *gorgonia.Node) *gorgonia.Node { return Ones(x, x.Shape()[0], x.Shape()[1]) }

// Convolution applies one Dense layer to the windows over pictures. Its input
// and output have one row for each pixel (see unfold.go).
type Convolution struct {
	Windows
	Out int // channels
}

func (c Convolution) dense() Dense { return Dense{c.Inputs(), c.Out} }

func (c Convolution) parameters() (weights, bias tensor.Shape, fanIn int) {
	return c.dense().parameters()
}

func (c Convolution) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	return c.dense().apply(p, Must(Unfold(x, c.Windows)))
}

func (c Convolution) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return Must(Fold(c.dense().pullBack(p, dy), c.Windows))
}

// TransposedConvolution writes a window into its output for each pixel of its
// input, and adds the windows where they overlap. It is the gradient of a
// convolution with respect to its input. Its windows are over its output. The
// output is larger than the input by the factor Stride. The input may have one
// row for each picture. The output has one row for each pixel.
type TransposedConvolution struct {
	In int // channels
	Windows
}

func (c TransposedConvolution) parameters() (weights, bias tensor.Shape, fanIn int) {
	covering := c.Side * c.Side / (c.Stride * c.Stride) // number of windows that contain a pixel of the output
	return tensor.Shape{c.In, c.Inputs()}, tensor.Shape{1, c.Channels}, c.In * covering
}

func (c TransposedConvolution) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	x = InRows(x, x.Shape().TotalSize()/c.In)
	y := Must(Fold(Must(times(x, p[0])), c.Windows))
	bias := Must(times(Ones(y, y.Shape()[0], 1), p[1])) // in each row; faster here than a broadcast
	return Must(gorgonia.Add(y, bias))
}

func (c TransposedConvolution) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return Must(timesTransposed(Must(Unfold(dy, c.Windows)), p[0]))
}
