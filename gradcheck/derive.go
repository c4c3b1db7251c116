package gradcheck

import (
	"slices"

	"gorgonia.org/gorgonia"
)

// active returns the nodes through which a gradient flows from e's outputs to
// wrt: those that depend on wrt, and that an output depends on, through inputs
// that DiffWRT says are differentiable.
func (e expression) active(wrt []*gorgonia.Node) map[*gorgonia.Node]bool {
	reaches := make(map[*gorgonia.Node]bool)
	visited := make(map[*gorgonia.Node]bool)
	var visit func(n *gorgonia.Node) bool
	visit = func(n *gorgonia.Node) bool {
		if visited[n] {
			return reaches[n]
		}
		visited[n] = true
		reached := slices.Contains(wrt, n)
		kids := children(n)
		for i, d := range differentiable(n, len(kids)) {
			if d && visit(kids[i]) {
				reached = true
			}
		}
		if reached {
			reaches[n] = true
		}
		return reached
	}
	for _, n := range e.out {
		visit(n)
	}
	return reaches
}

// differentiable tells through which of its inputs n passes gradients on. An op
// that does not say is taken to mean all of them.
func differentiable(n *gorgonia.Node, inputs int) []bool {
	wrt := make([]bool, inputs)
	if op, ok := n.Op().(gorgonia.SDOp); ok {
		copy(wrt, op.DiffWRT(inputs))
		return wrt
	}
	for i := range wrt {
		wrt[i] = true
	}
	return wrt
}

// without returns the first of the active nodes made by an op that has not what
// it takes, nil if there is none.
func (e expression) without(has func(gorgonia.Op) bool, active map[*gorgonia.Node]bool) *gorgonia.Node {
	for _, n := range e.out[0].Graph().AllNodes() {
		if active[n] && n.Op() != nil && !has(n.Op()) {
			return n
		}
	}
	return nil
}

// gradients differentiates Σ upstream·out symbolically and returns the gradient
// of each of wrt, nil for those that out does not depend on.
func (e expression) gradients(upstream, wrt []*gorgonia.Node) ([]*gorgonia.Node, error) {
	active := e.active(wrt)
	isSDOp := func(op gorgonia.Op) bool { _, ok := op.(gorgonia.SDOp); return ok }
	if n := e.without(isSDOp, active); n != nil {
		return nil, &Error{Fault: NotDifferentiable, Machine: Tape, Op: n.Op().String(), Detail: "it has no SymDiff and DiffWRT"}
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
