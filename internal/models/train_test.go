package models

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A machine is one of Gorgonia's machines and the way to train on it.
type machine struct {
	name string

	// start prepares a graph for training. It returns a function that runs the
	// graph once, then calls look, and then resets the machine. look gets the
	// weights, which have their gradients.
	start func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) (run func(look func(weights gorgonia.Nodes)) error)
}

var (
	tape = machine{"tape", func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) func(func(gorgonia.Nodes)) error {
		if _, err := gorgonia.Grad(loss, weights...); err != nil {
			t.Fatal(err)
		}
		vm := gorgonia.NewTapeMachine(loss.Graph(), gorgonia.BindDualValues(weights...))
		t.Cleanup(func() { vm.Close() })
		return func(look func(gorgonia.Nodes)) error {
			defer vm.Reset()
			if err := vm.RunAll(); err != nil {
				return err
			}
			look(weights)
			return nil
		}
	}}

	// The Lisp machine differentiates during the run. Each run needs a new
	// machine: Reset moves a machine to the end of its program, not to the
	// start.
	lisp = machine{"Lisp", func(_ *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) func(func(gorgonia.Nodes)) error {
		return func(look func(gorgonia.Nodes)) error { return runLisp(loss.Graph(), weights, look) }
	}}

	// On the Lisp machine, a graph with Reshape runs only once. So lispOnClones
	// runs a new clone each time.
	lispOnClones = machine{"Lisp, clones", func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) func(func(gorgonia.Nodes)) error {
		g := loss.Graph()
		g.Roots() // Clone copies the roots that Roots has found: without them, the clone gets no gradients
		return func(look func(gorgonia.Nodes)) error {
			clone := g.Clone().(*gorgonia.ExprGraph)
			for _, n := range g.Inputs() {
				let(t, twin(clone, n), n.Value())
			}
			var ws gorgonia.Nodes
			for _, w := range weights {
				ws = append(ws, twin(clone, w))
			}
			return runLisp(clone, ws, look)
		}
	}}
)

func runLisp(g *gorgonia.ExprGraph, weights gorgonia.Nodes, look func(gorgonia.Nodes)) error {
	vm := gorgonia.NewLispMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		return err
	}
	look(weights)
	return nil
}

// twin returns the node of the clone that is the copy of n.
func twin(clone *gorgonia.ExprGraph, n *gorgonia.Node) *gorgonia.Node {
	return clone.Node(n.ID()).(*gorgonia.Node)
}

func runAll(t *testing.T, vm gorgonia.VM) {
	t.Helper()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// A trainer is a graph with one loss. A step binds a batch, runs the graph, and
// lets the solver update the weights.
type trainer struct {
	inputs       gorgonia.Nodes
	weights      gorgonia.Nodes
	output, loss *gorgonia.Node
	solver       gorgonia.Solver
	batch        func() []*tensor.Dense // the next values of inputs
}

// on returns the training step on the given machine.
func (tr trainer) on(t *testing.T, m machine) step {
	var output, loss gorgonia.Value
	gorgonia.Read(tr.output, &output)
	gorgonia.Read(tr.loss, &loss)
	run := m.start(t, tr.loss, tr.weights)
	return func(_ int, seen *record) error {
		batch := tr.batch()
		var given []*tensor.Dense
		for i, v := range batch {
			given = append(given, clone(v))
			let(t, tr.inputs[i], v)
		}
		return run(func(weights gorgonia.Nodes) {
			seen.see("output", output)
			seen.see("loss", loss)
			for i, v := range batch {
				kept(t, tr.inputs[i].Name(), v, given[i])
			}
			update(t, tr.solver, weights, seen)
		})
	}
}

// update records the gradients, runs a step of the solver, and records the
// weights.
func update(t *testing.T, solver gorgonia.Solver, weights gorgonia.Nodes, seen *record) {
	t.Helper()
	for _, w := range weights {
		d, err := w.Grad()
		if err != nil {
			t.Fatal(err)
		}
		seen.see("gradient of "+w.Name(), d)
	}
	if err := solver.Step(gorgonia.NodesToValueGrads(weights)); err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		seen.see(w.Name(), w.Value())
	}
}

func let(t *testing.T, n *gorgonia.Node, v gorgonia.Value) {
	t.Helper()
	if err := gorgonia.Let(n, v); err != nil {
		t.Fatal(err)
	}
}

// kept fails the test if v differs from given.
func kept(t *testing.T, name string, v, given gorgonia.Value) {
	t.Helper()
	if !slices.Equal(bitsOf(v), bitsOf(given)) {
		t.Errorf("the input %s was overwritten: it is %v, expected %v", name, v, given)
	}
}
