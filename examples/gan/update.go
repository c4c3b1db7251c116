package main

import (
	"fmt"
	"runtime"

	"gorgonia.org/gorgonia"
)

// update lowers a loss: it computes it, differentiates it with respect to some
// parameters, and moves these by a step of Adam.
type update struct {
	machine gorgonia.VM
	solver  *gorgonia.AdamSolver
	params  []gorgonia.ValueGrad
	loss    gorgonia.Value
}

func newUpdate(loss *gorgonia.Node, params gorgonia.Nodes, beta1, beta2 float64) *update {
	u := &update{
		solver: gorgonia.NewAdamSolver(gorgonia.WithBeta1(beta1), gorgonia.WithBeta2(beta2)),
		params: gorgonia.NodesToValueGrads(params),
	}
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		panic(err) // a mistake in the program, as in must
	}
	// Gorgonia runs all nodes of a graph, and Grad has made some for gradients
	// that nobody asked for. The subgraph leaves them out.
	roots := append(gorgonia.Nodes{gorgonia.Read(loss, &u.loss)}, grads...)
	g := loss.Graph().SubgraphRoots(roots...)
	u.machine = newMachine(g, gorgonia.BindDualValues(params...))
	return u
}

// newMachine is gorgonia.NewTapeMachine, but lets go of the machine's memory when
// it is no longer used. Gorgonia sets a finalizer, and Go never collects what has
// one and refers to itself. Without a GPU the finalizer has nothing to do.
func newMachine(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) gorgonia.VM {
	m := gorgonia.NewTapeMachine(g, opts...)
	runtime.SetFinalizer(m, nil)
	return m
}

// run does one step at the given learning rate and returns the loss before it.
func (u *update) run(rate float64) (loss float64, err error) {
	u.machine.Reset()
	if err := u.machine.RunAll(); err != nil {
		return 0, fmt.Errorf("computing a loss: %w", err)
	}
	gorgonia.WithLearnRate(rate)(u.solver)
	if err := u.solver.Step(u.params); err != nil {
		return 0, fmt.Errorf("stepping the solver: %w", err)
	}
	return values(u.loss)[0], nil
}
