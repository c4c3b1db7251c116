package gradcheck

import (
	"gorgonia.org/gorgonia"
)

// active returns the nodes through which a gradient flows from e's outputs to
// wrt: those that depend on wrt, and that an output depends on, through inputs
// that DiffWRT says are differentiable.
func (e expression) active(wrt []*gorgonia.Node) map[*gorgonia.Node]bool {
	isWRT := make(map[*gorgonia.Node]bool)
	for _, n := range wrt {
		isWRT[n] = true
	}
	reaches := make(map[*gorgonia.Node]bool)
	visited := make(map[*gorgonia.Node]bool)
	var visit func(n *gorgonia.Node) bool
	visit = func(n *gorgonia.Node) bool {
		if visited[n] {
			return reaches[n]
		}
		visited[n] = true
		reached := isWRT[n]
		kids := children(n)
		for i, d := range differentiable(n, len(kids)) {
			if d && visit(kids[i]) {
				reached = true
			}
		}
		reaches[n] = reached
		return reached
	}
	for _, n := range e.out {
		visit(n)
	}
	for n, yes := range reaches {
		if !yes {
			delete(reaches, n)
		}
	}
	return reaches
}

// differentiable tells through which of its inputs n passes gradients on. An op
// that does not say is taken to mean all of them.
func differentiable(n *gorgonia.Node, inputs int) []bool {
	all := make([]bool, inputs)
	op, ok := n.Op().(gorgonia.SDOp)
	for i := range all {
		all[i] = true
	}
	if ok {
		copy(all, op.DiffWRT(inputs))
		for i := len(op.DiffWRT(inputs)); i < inputs; i++ {
			all[i] = false
		}
	}
	return all
}

// gradients differentiates Σ upstream·out symbolically and returns the gradient
// of each of wrt, nil for those that out does not depend on.
func (e expression) gradients(upstream, wrt []*gorgonia.Node) ([]*gorgonia.Node, error) {
	active := e.active(wrt)
	for n := range active {
		if _, ok := n.Op().(gorgonia.SDOp); !ok && n.Op() != nil {
			return nil, &Error{Fault: NotDifferentiable, Machine: Tape, Op: n.Op().String(), Detail: "it has no SymDiff and DiffWRT"}
		}
	}
	var out, up, live gorgonia.Nodes
	for i, n := range e.out {
		if active[n] {
			out, up = append(out, n), append(up, upstream[i])
		}
	}
	for _, n := range wrt {
		if active[n] {
			live = append(live, n)
		}
	}
	grads := make([]*gorgonia.Node, len(wrt))
	if len(live) == 0 {
		return grads, nil
	}
	derived, err := gorgonia.Backpropagate(out, up, live)
	if err != nil {
		return nil, &Error{Fault: Failed, Machine: Tape, Detail: "differentiating", Err: err}
	}
	for i, n := range wrt {
		if active[n] {
			grads[i], derived = derived[0], derived[1:]
		}
	}
	return grads, nil
}
