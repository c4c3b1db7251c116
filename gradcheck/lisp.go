package gradcheck

import (
	"gorgonia.org/gorgonia"
)

// A lisp runs an expression on Lisp machines, which differentiate it.
type lisp struct {
	expression // out has the outputs
	journal    *journal
	wrt        []*gorgonia.Node
	cost       *cost
}

// newLispBackward prepares p for the Lisp machine.
func newLispBackward(p *problem) (backward, error) {
	isADOp := func(op gorgonia.Op) bool { _, ok := op.(gorgonia.ADOp); return ok }
	if n := p.firstLacking(isADOp, p.active(p.differentiated())); n != nil {
		return nil, &Error{Fault: NotDifferentiable, Op: n.Op().String(), Detail: "it has no DoDiff, so its inputs get no gradient, without an error"}
	}
	l := &lisp{journal: new(journal), cost: new(cost)}
	l.expression = p.copy(guarded(l.journal, p.neverOverwrite))
	for _, i := range p.wrt {
		l.wrt = append(l.wrt, l.in[i])
	}
	l.cost.dtype = l.out[0].Dtype()
	for _, n := range l.out {
		l.cost.types = append(l.cost.types, n.Type())
	}
	if _, err := gorgonia.ApplyOp(l.cost, l.out...); err != nil {
		return nil, err
	}
	return func(upstream [][]float64, keep bool) (*run, error) {
		return l.run(p.point, upstream, keep)
	}, nil
}

// run runs forward and backward. The Lisp machine adds the gradients of inputs
// to those of earlier runs. If keep is false, run clears them first.
func (l *lisp) run(in []*operand, upstream [][]float64, keep bool) (*run, error) {
	l.cost.upstream = upstream
	// Each run needs a new machine, because after Reset a Lisp machine skips
	// all nodes except the last. The values of the last run stay in the graph.
	machine := func() error {
		for _, n := range l.in {
			if n == nil || keep {
				continue
			}
			if g, err := n.Grad(); err == nil && g != nil { // nil before the first run
				gorgonia.ZeroValue(g)
			}
		}
		vm := gorgonia.NewLispMachine(l.out[0].Graph())
		defer vm.Close()
		return vm.RunAll()
	}
	if err := runGuarded(l.journal, l.in, in, machine); err != nil {
		return nil, err
	}
	r := new(run)
	for _, n := range l.out {
		out, err := floats(n.Value())
		if err != nil {
			return nil, err
		}
		r.out = append(r.out, out)
	}
	for _, n := range l.wrt {
		if n == nil {
			r.grad = append(r.grad, nil)
			continue
		}
		g, err := n.Grad()
		if err != nil {
			return nil, err
		}
		if fault := gradientFault(n); fault != "" {
			return nil, &Error{Fault: MismatchedGradient, Detail: fault}
		}
		grad, err := floats(g)
		if err != nil {
			return nil, err
		}
		r.grad = append(r.grad, grad)
	}
	return r, nil
}
