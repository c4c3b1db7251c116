package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// network is a multilayer perceptron: its parameters, apart from any graph. All
// graphs that it is put into share them, so what a solver changes in one is
// changed in all.
type network struct {
	weights, biases []*tensor.Dense
	act             activation
}

// newNetwork returns a network with layers of the given sizes, input first. Its
// biases are 0 and its weights normal with variance 2/((1+alpha²)·inputs), at
// which LeakyReLUs neither blow a signal up nor let it fade (He et al.,
// arXiv:1502.01852).
func newNetwork(rng *rand.Rand, dt tensor.Dtype, act activation, sizes ...int) *network {
	n := &network{act: act}
	for i, out := range sizes[1:] {
		in := sizes[i]
		std := math.Sqrt(2 / ((1 + act.alpha*act.alpha) * float64(in)))
		w := make([]float64, in*out)
		for j := range w {
			w[j] = std * rng.NormFloat64()
		}
		weight := tensor.New(tensor.Of(dt), tensor.WithShape(in, out))
		set(weight, w)
		n.weights = append(n.weights, weight)
		n.biases = append(n.biases, tensor.New(tensor.Of(dt), tensor.WithShape(1, out)))
	}
	return n
}

// parameters are all the network's parameters.
func (n *network) parameters() []*tensor.Dense {
	return append(append([]*tensor.Dense(nil), n.weights...), n.biases...)
}

// clone returns a network with parameters of its own that have the same values.
func (n *network) clone() *network {
	c := &network{act: n.act}
	for i := range n.weights {
		c.weights = append(c.weights, n.weights[i].Clone().(*tensor.Dense))
		c.biases = append(c.biases, n.biases[i].Clone().(*tensor.Dense))
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

// layers is a network in a graph: its parameters as nodes.
type layers struct {
	weights, biases gorgonia.Nodes
	act             activation
}

// in puts the network into g under a name of its own: Gorgonia takes nodes of
// the same name, type and shape for one.
func (n *network) in(g *gorgonia.ExprGraph, name string) layers {
	l := layers{act: n.act}
	for i := range n.weights {
		l.weights = append(l.weights, input(g, fmt.Sprintf("%s weight %d", name, i), n.weights[i]))
		l.biases = append(l.biases, input(g, fmt.Sprintf("%s bias %d", name, i), n.biases[i]))
	}
	return l
}

// input is a node of g that reads the matrix t.
func input(g *gorgonia.ExprGraph, name string, t *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewMatrix(g, t.Dtype(), gorgonia.WithName(name), gorgonia.WithShape(t.Shape()...), gorgonia.WithValue(t))
}

// parameters are the nodes of all the network's parameters.
func (l layers) parameters() gorgonia.Nodes {
	return append(append(gorgonia.Nodes(nil), l.weights...), l.biases...)
}

// forward applies the network to the rows of x. Beside the result it returns
// what went into the activations, for inputGradient.
func (l layers) forward(x *gorgonia.Node) (y *gorgonia.Node, pre gorgonia.Nodes) {
	for i := range l.weights {
		if i > 0 {
			pre = append(pre, y)
			x = must(l.act.apply(y))
		}
		y = must(gorgonia.Mul(x, l.weights[i]))
		y = must(gorgonia.BroadcastAdd(y, l.biases[i], nil, []byte{0}))
	}
	return y, pre
}

// inputGradient is the gradient of the one output of a network with respect to
// its input, row by row, given what went into the activations: the chain rule,
// written as more layers.
//
// gorgonia.Grad could find it, but a loss that contains it has to go through
// Grad in its turn, and a second Grad over the results of a first is wrong
// without saying so. This way there is only one.
func (l layers) inputGradient(pre gorgonia.Nodes) *gorgonia.Node {
	last := len(l.weights) - 1
	ones := tensor.Ones(l.weights[last].Dtype(), pre[0].Shape()[0], 1)
	d := must(gorgonia.Mul(gorgonia.NewConstant(ones), must(gorgonia.Transpose(l.weights[last]))))
	for i := last - 1; i >= 0; i-- {
		d = must(l.act.grad(pre[i], d))
		d = must(gorgonia.Mul(d, must(gorgonia.Transpose(l.weights[i]))))
	}
	return d
}

// must returns n. The graphs of this program don't depend on anything a user
// says but the slope, which newActivation checks, so an error here is a mistake
// in the program.
func must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }
