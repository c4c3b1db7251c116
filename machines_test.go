package leakyrelu_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// This file has the ways to run a graph, and helpers to build one.

// A machine runs the graph of cost and stores the gradients in the nodes wrt.
// The node read is a Read statement in that graph.
type machine struct {
	name string
	run  func(t *testing.T, cost, read *gorgonia.Node, wrt ...*gorgonia.Node)
}

var machines = []machine{
	{"tape", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		runTape(t, cost.Graph())
	}},
	{"tape with dual values", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		runTape(t, cost.Graph(), gorgonia.BindDualValues(wrt...))
	}},
	{"tape, traced", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		runTape(t, cost.Graph(), gorgonia.TraceExec())
	}},
	{"tape of a subgraph", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		roots := append(grad(t, cost, wrt...), cost)
		runTape(t, cost.Graph().SubgraphRoots(roots...))
	}},
	{"compiled function", func(t *testing.T, cost, read *gorgonia.Node, wrt ...*gorgonia.Node) {
		roots := append(grad(t, cost, wrt...), cost, read)
		g := cost.Graph()
		prog, locs, err := gorgonia.CompileFunction(g, g.Inputs(), roots)
		if err != nil {
			t.Fatal(err)
		}
		runTape(t, g, gorgonia.WithPrecompiled(prog, locs))
	}},
	{"tape, second run", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		vm := gorgonia.NewTapeMachine(cost.Graph())
		defer vm.Close()
		runAll(t, vm)
		vm.Reset()
		runAll(t, vm)
	}},
	{"Lisp", func(t *testing.T, cost, _ *gorgonia.Node, _ ...*gorgonia.Node) {
		runLisp(t, cost.Graph())
	}},
	{"Lisp, second run", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		runLisp(t, cost.Graph())
		// The Lisp machine adds the gradients of each run to those of the run
		// before.
		for _, n := range wrt {
			d, err := n.Grad()
			if err != nil {
				t.Fatal(err)
			}
			gorgonia.ZeroValue(d)
		}
		runLisp(t, cost.Graph())
	}},
}

// inAndOutOfPlace are the options of an activation out of place, and in place.
var inAndOutOfPlace = [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}}

func grad(t *testing.T, cost *gorgonia.Node, wrt ...*gorgonia.Node) gorgonia.Nodes {
	t.Helper()
	ds, err := gorgonia.Grad(cost, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func runTape(t *testing.T, g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) {
	t.Helper()
	vm := gorgonia.NewTapeMachine(g, opts...)
	defer vm.Close()
	runAll(t, vm)
}

// runLisp runs g on a new Lisp machine. A machine can run only once, because
// Reset moves it to the end of its program. Values and gradients stay in the
// graph.
func runLisp(t *testing.T, g *gorgonia.ExprGraph) {
	t.Helper()
	vm := gorgonia.NewLispMachine(g)
	defer vm.Close()
	runAll(t, vm)
}

func runAll(t *testing.T, vm gorgonia.VM) {
	t.Helper()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

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

// input returns an input node bound to v, with the dtype and shape of v.
func input(g *gorgonia.ExprGraph, name string, v *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

func gradOf[T float](t *testing.T, n *gorgonia.Node) []T {
	t.Helper()
	d, err := n.Grad()
	if err != nil {
		t.Fatal(err)
	}
	return elements[T](t, d)
}

type node = *gorgonia.Node

// check passes a node on or ends the test.
type check = func(node, error) node
