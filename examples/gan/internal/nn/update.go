package nn

import (
	"fmt"
	"runtime"

	"gorgonia.org/gorgonia"
)

// Update computes a loss, differentiates it with respect to some parameters,
// and moves these parameters by a step of Adam.
type Update struct {
	Params  gorgonia.Nodes
	Solver  *Adam
	machine gorgonia.VM
	loss    gorgonia.Value
}

// NewUpdate returns an update of the parameters with Adam's decay rates beta1
// and beta2.
func NewUpdate(loss *gorgonia.Node, params gorgonia.Nodes, beta1, beta2 float64) *Update {
	u := &Update{Params: params, Solver: NewAdam(params, beta1, beta2)}
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		panic(err) // a mistake in the program, as in Must
	}
	// Gorgonia runs all nodes of a graph. Grad also makes nodes for gradients
	// that are not needed. The subgraph leaves them out.
	roots := append(gorgonia.Nodes{gorgonia.Read(loss, &u.loss)}, grads...)
	g := loss.Graph().SubgraphRoots(roots...)
	u.machine = NewMachine(g, gorgonia.BindDualValues(params...))
	return u
}

// NewMachine is gorgonia.NewTapeMachine without the finalizer. Gorgonia sets a
// finalizer on the machine, and the machine refers to itself. Go never collects
// such a value. Without a GPU the finalizer has nothing to do.
func NewMachine(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) gorgonia.VM {
	m := gorgonia.NewTapeMachine(g, opts...)
	runtime.SetFinalizer(m, nil)
	return m
}

// Run updates the parameters once, at the given learning rate. It returns the
// loss before the update.
func (u *Update) Run(rate float64) (loss float64, err error) {
	if loss, err = u.Compute(); err != nil {
		return 0, err
	}
	return loss, u.Solver.Step(rate)
}

// Compute computes the loss and the gradients of the parameters. It does not
// change the parameters.
func (u *Update) Compute() (loss float64, err error) {
	u.machine.Reset()
	if err := u.machine.RunAll(); err != nil {
		return 0, fmt.Errorf("computing a loss: %w", err)
	}
	return Values(u.loss)[0], nil
}
