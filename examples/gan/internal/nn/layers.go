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

func (l Dense) dense() Dense { return l }

func (l Dense) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	y := Must(gorgonia.Mul(x, p[0]))
	// As a product, the bias for all rows costs less than a broadcast does.
	return Must(gorgonia.Add(y, Must(gorgonia.Mul(Ones(y, x.Shape()[0], 1), p[1]))))
}

func (l Dense) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return timesTransposed(dy, p[0])
}

// Ones is a matrix of ones in the graph of x. It is an input, not a constant:
// Gorgonia takes constants for one that print the same, and it prints the
// beginnings of matrices.
func Ones(x *gorgonia.Node, rows, columns int) *gorgonia.Node {
	return Input(x.Graph(), fmt.Sprintf("%d by %d ones", rows, columns), tensor.Ones(x.Dtype(), rows, columns))
}

func OnesLike(x *gorgonia.Node) *gorgonia.Node { return Ones(x, x.Shape()[0], x.Shape()[1]) }

// Convolution applies one Dense layer to the windows over pictures. Its input and
// output have a row for each pixel, as unfold.go describes.
type Convolution struct {
	Windows
	Out int // channels
}

func (c Convolution) dense() Dense { return Dense{c.Inputs(), c.Out} }

func (c Convolution) apply(p gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	return c.dense().apply(p, Must(Unfold(x, c.Windows)))
}

func (c Convolution) pullBack(p gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node {
	return Must(Fold(c.dense().pullBack(p, dy), c.Windows))
}
