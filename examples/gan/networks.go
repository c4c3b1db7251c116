package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// network is a stack of layers with an activation between them: its parameters,
// apart from any graph. All graphs that it is put into share them, so what a
// solver changes in one is changed in all.
type network struct {
	layers []layer
	params [][]*tensor.Dense // of each layer
	act    activation
}

// A layer is an affine map. Samples lie one after another in what it maps.
type layer interface {
	// shapes are those of the layer's parameters: any number of weights, and
	// the bias in the end. Each output is a sum over fanIn inputs.
	shapes() (params []tensor.Shape, fanIn int)
	// apply maps x, given the nodes of the parameters.
	apply(params gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node
	// pullBack is the gradient with respect to x for the upstream gradient dy.
	pullBack(params gorgonia.Nodes, dy *gorgonia.Node) *gorgonia.Node
	// unitAxis is the dimension of the output that counts its units.
	unitAxis() int
}

// newNetwork returns a network of the given layers. Its biases are 0 and its
// weights normal with variance 2/((1+alpha²)·fanIn), at which LeakyReLUs neither
// blow a signal up nor let it fade (He et al., arXiv:1502.01852).
func newNetwork(rng *rand.Rand, dt tensor.Dtype, act activation, layers []layer) *network {
	n := &network{layers: layers, act: act}
	for _, l := range layers {
		shapes, fanIn := l.shapes()
		std := math.Sqrt(2 / ((1 + act.alpha*act.alpha) * float64(fanIn)))
		var params []*tensor.Dense
		for i, shape := range shapes {
			p := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
			if i < len(shapes)-1 {
				w := make([]float64, p.Size())
				for j := range w {
					w[j] = std * rng.NormFloat64()
				}
				set(p, w)
			}
			params = append(params, p)
		}
		n.params = append(n.params, params)
	}
	return n
}

// parameters are all the network's parameters.
func (n *network) parameters() []*tensor.Dense {
	var all []*tensor.Dense
	for _, params := range n.params {
		all = append(all, params...)
	}
	return all
}

// clone returns a network with parameters of its own that have the same values.
func (n *network) clone() *network {
	c := &network{layers: n.layers, act: n.act}
	for _, params := range n.params {
		var copies []*tensor.Dense
		for _, p := range params {
			copies = append(copies, p.Clone().(*tensor.Dense))
		}
		c.params = append(c.params, copies)
	}
	return c
}

// follow moves the parameters of n towards those of m: each becomes keep times
// itself plus 1 − keep times the other.
func (n *network) follow(m *network, keep float64) {
	to := m.parameters()
	for i, p := range n.parameters() {
		v, target := values(p), values(to[i])
		for j := range v {
			v[j] += (1 - keep) * (target[j] - v[j])
		}
		set(p, v)
	}
}

// nodes is a network in a graph.
type nodes struct {
	*network
	params []gorgonia.Nodes // of each layer
}

// in puts the network into g under a name of its own: Gorgonia takes nodes of
// the same name, type and shape for one.
func (n *network) in(g *gorgonia.ExprGraph, name string) nodes {
	placed := nodes{network: n}
	for i, params := range n.params {
		var layer gorgonia.Nodes
		for j, p := range params {
			layer = append(layer, input(g, fmt.Sprintf("%s layer %d parameter %d", name, i, j), p))
		}
		placed.params = append(placed.params, layer)
	}
	return placed
}

// input is a node of g that reads the matrix t.
func input(g *gorgonia.ExprGraph, name string, t *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewMatrix(g, t.Dtype(), gorgonia.WithName(name), gorgonia.WithShape(t.Shape()...), gorgonia.WithValue(t))
}

// parameters are the nodes of all the network's parameters.
func (n nodes) parameters() gorgonia.Nodes {
	var all gorgonia.Nodes
	for _, params := range n.params {
		all = append(all, params...)
	}
	return all
}

// forward applies the network to the rows of x. Beside the result it returns
// what went into the activations.
func (n nodes) forward(x *gorgonia.Node) (y *gorgonia.Node, pre gorgonia.Nodes) {
	y = x
	for i, l := range n.layers {
		if i > 0 {
			pre = append(pre, y)
			y = must(n.act.apply(y))
		}
		y = l.apply(n.params[i], y)
	}
	return y, pre
}

// backward is the gradients with respect to x and to what went into the
// activations, for the upstream gradient dy, given what forward(x) returned
// about them: the chain rule, written as more layers.
//
// gorgonia.Grad could find them, but a loss that contains one has to go through
// Grad in its turn, and a second Grad over the results of a first is wrong
// without saying so. This way there is only one.
func (n nodes) backward(pre gorgonia.Nodes, dy *gorgonia.Node) (dx *gorgonia.Node, dpre gorgonia.Nodes) {
	dpre = make(gorgonia.Nodes, len(pre))
	dx = dy
	for i := len(n.layers) - 1; i >= 0; i-- {
		if i < len(pre) {
			dpre[i] = must(n.act.grad(pre[i], dx))
			dx = dpre[i]
		}
		dx = n.layers[i].pullBack(n.params[i], dx)
	}
	return dx, dpre
}

// inRows is x with so many rows, the same elements in the same order.
func inRows(x *gorgonia.Node, rows int) *gorgonia.Node {
	if x.Shape()[0] == rows {
		return x
	}
	return must(gorgonia.Reshape(x, tensor.Shape{rows, x.Shape().TotalSize() / rows}))
}

// must returns n. The graphs of this program don't depend on anything a user
// says but the slope, which newActivation checks, so an error here is a mistake
// in the program.
func must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }
