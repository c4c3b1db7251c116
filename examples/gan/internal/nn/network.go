// Package nn has networks of dense and convolutional layers with LeakyReLU
// between them, and the solver for their parameters. Package adversary makes the
// losses from them.
package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Network is a stack of layers with an activation between them. It has the
// parameters, but no graph. All graphs of the network share the parameters, so
// a solver's change in one graph is visible in all of them.
type Network struct {
	Layers []Layer
	Params [][]*tensor.Dense // of each layer
	Act    Activation
}

// A layer is an affine map of rows.
type Layer interface {
	// parameters returns the shapes of weights and bias. Each output is a sum
	// over fanIn inputs.
	parameters() (weights, bias tensor.Shape, fanIn int)
	// apply returns the output for x, given the nodes of the parameters.
	apply(params gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node
	// pullBack returns the gradient with respect to x for the upstream gradient
	// dy.
	pullBack(params gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node
}

// NewNetwork returns a network of the given layers. Its biases are 0. Its
// weights are normal with variance 2/((1+alpha²)·fanIn). With this variance,
// signals keep their size through layers with LeakyReLU (He et al.,
// arXiv:1502.01852).
func NewNetwork(rng *rand.Rand, dt tensor.Dtype, act Activation, layers []Layer) *Network {
	n := &Network{Layers: layers, Act: act}
	for _, l := range layers {
		shape, bias, fanIn := l.parameters()
		std := math.Sqrt(2 / ((1 + act.Alpha*act.Alpha) * float64(fanIn)))
		w := make([]float64, shape.TotalSize())
		for i := range w {
			w[i] = std * rng.NormFloat64()
		}
		weights := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
		Set(weights, w)
		n.Params = append(n.Params, []*tensor.Dense{weights, tensor.New(tensor.Of(dt), tensor.WithShape(bias...))})
	}
	return n
}

// Parameters returns all parameters of the network.
func (n *Network) Parameters() []*tensor.Dense {
	var all []*tensor.Dense
	for _, params := range n.Params {
		all = append(all, params...)
	}
	return all
}

// Clone returns a network with copies of the parameters.
func (n *Network) Clone() *Network {
	c := &Network{Layers: n.Layers, Act: n.Act}
	for _, params := range n.Params {
		var copies []*tensor.Dense
		for _, p := range params {
			copies = append(copies, p.Clone().(*tensor.Dense))
		}
		c.Params = append(c.Params, copies)
	}
	return c
}

// Follow moves the parameters of n towards those of m: n becomes keep·n + (1 −
// keep)·m.
func (n *Network) Follow(m *Network, keep float64) {
	to := m.Parameters()
	for i, p := range n.Parameters() {
		switch p.Dtype() {
		case tensor.Float32:
			follow(p.Float32s(), to[i].Float32s(), keep)
		default:
			follow(p.Float64s(), to[i].Float64s(), keep)
		}
	}
}

func follow[T float32 | float64](v, target []T, keep float64) {
	for i, to := range target {
		from := float64(v[i])
		v[i] = T(from + (1-keep)*(float64(to)-from))
	}
}

// Nodes is a network in a graph.
type Nodes struct {
	*Network
	Params []gorgonia.Nodes // of each layer
}

// In puts the network into g. Each network in a graph needs its own name:
// Gorgonia merges nodes with the same name, type and shape.
func (n *Network) In(g *gorgonia.ExprGraph, name string) Nodes {
	placed := Nodes{Network: n}
	for i, params := range n.Params {
		var layer gorgonia.Nodes
		for j, p := range params {
			layer = append(layer, Input(g, fmt.Sprintf("%s layer %d parameter %d", name, i, j), p))
		}
		placed.Params = append(placed.Params, layer)
	}
	return placed
}

// Input returns a node of g that reads the matrix t.
func Input(g *gorgonia.ExprGraph, name string, t *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewMatrix(g, t.Dtype(), gorgonia.WithName(name), gorgonia.WithShape(t.Shape()...), gorgonia.WithValue(t))
}

// Parameters returns the nodes of all parameters of the network.
func (n Nodes) Parameters() gorgonia.Nodes {
	var all gorgonia.Nodes
	for _, params := range n.Params {
		all = append(all, params...)
	}
	return all
}

// Forward applies the network to the rows of x. It returns the result and the
// inputs of the activations.
func (n Nodes) Forward(x *gorgonia.Node) (y *gorgonia.Node, pre gorgonia.Nodes) {
	y = x
	for i, l := range n.Layers {
		if i > 0 {
			pre = append(pre, y)
			y = Must(n.Act.Apply(y))
		}
		y = l.apply(n.Params[i], y)
	}
	return y, pre
}

// Backward returns the gradients with respect to x and to the inputs of the
// activations, for the upstream gradient dy. The other arguments come from
// Forward(x). Backward applies the chain rule with more nodes in the graph.
//
// gorgonia.Grad could compute these gradients. But a loss that contains them
// needs a second Grad, and a second Grad over the results of a first gives
// wrong gradients without an error. With Backward, one Grad is enough.
func (n Nodes) Backward(pre gorgonia.Nodes, dy *gorgonia.Node) (dx *gorgonia.Node, dpre gorgonia.Nodes) {
	dpre = make(gorgonia.Nodes, len(pre))
	dx = dy
	for i := len(n.Layers) - 1; i >= 0; i-- {
		if i < len(pre) {
			dpre[i] = Must(n.Act.Grad(pre[i], InRows(dx, pre[i].Shape()[0])))
			dx = dpre[i]
		}
		dx = n.Layers[i].pullBack(n.Params[i], dx)
	}
	return dx, dpre
}

// InRows returns x reshaped to the given number of rows. The elements keep
// their order.
func InRows(x *gorgonia.Node, rows int) *gorgonia.Node {
	if x.Shape()[0] == rows {
		return x
	}
	return Must(gorgonia.Reshape(x, tensor.Shape{rows, x.Shape().TotalSize() / rows}))
}

// Must returns n, or panics on an error. The graphs of this program depend on
// only one value from the user, the slope, and NewActivation checks it. So an
// error here is a mistake in the program.
func Must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }
