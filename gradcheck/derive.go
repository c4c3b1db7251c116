package gradcheck

import (
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// active returns the nodes through which a gradient flows from e's outputs to
// wrt. Such a node depends on wrt, and an output depends on it. Both paths use
// only inputs that are differentiable according to DiffWRT.
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

// differentiable returns which inputs of n get gradients. If the op has no
// DiffWRT, it returns true for all.
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

// firstLacking returns the first active node whose op lacks a method. It
// returns nil if there is none.
func (e expression) firstLacking(has func(gorgonia.Op) bool, active map[*gorgonia.Node]bool) *gorgonia.Node {
	for _, n := range e.out[0].Graph().AllNodes() {
		if active[n] && n.Op() != nil && !has(n.Op()) {
			return n
		}
	}
	return nil
}

// gradients differentiates Σ upstream·out symbolically and returns the gradient
// of each node of wrt. A gradient is nil if out does not depend on the node.
func (e expression) gradients(upstream, wrt []*gorgonia.Node) ([]*gorgonia.Node, error) {
	active := e.active(wrt)
	isSDOp := func(op gorgonia.Op) bool { _, ok := op.(gorgonia.SDOp); return ok }
	if n := e.firstLacking(isSDOp, active); n != nil {
		return nil, &Error{Fault: NotDifferentiable, Machine: Tape, Op: n.Op().String(), Detail: "it has no SymDiff and DiffWRT"}
	}
	var out, up gorgonia.Nodes
	for i, n := range e.out {
		if active[n] {
			out, up = append(out, n), append(up, upstream[i])
		}
	}
	live := slices.DeleteFunc(slices.Clone(wrt), func(n *gorgonia.Node) bool { return !active[n] })
	if len(live) == 0 {
		return make([]*gorgonia.Node, len(wrt)), nil
	}
	var derived gorgonia.Nodes
	err := safely(func() (err error) {
		derived, err = gorgonia.Backpropagate(out, up, live)
		return err
	})
	if fault := e.symDiffFault(active, err); fault != nil {
		fault.Machine = Tape
		return nil, fault
	}
	return alignGradients(wrt, active, derived), nil
}

// gradOfSum returns the same as gradients, but calls gorgonia.Grad for Σ
// upstream·out, as a program does. The expression has one output, and Grad was
// called on its graph before.
func (e expression) gradOfSum(upstream, wrt []*gorgonia.Node) ([]*gorgonia.Node, error) {
	active := e.active(wrt)
	cost, err := gorgonia.HadamardProd(upstream[0], e.out[0])
	if err == nil && !cost.IsScalar() {
		cost, err = gorgonia.Sum(cost)
	}
	if err != nil {
		return nil, err
	}
	derived, err := gorgonia.Grad(cost, slices.DeleteFunc(slices.Clone(wrt), func(n *gorgonia.Node) bool { return !active[n] })...)
	if err != nil {
		return nil, err
	}
	return alignGradients(wrt, active, derived), nil
}

// alignGradients returns one gradient for each node of wrt. It is nil for a
// node that is not active. The active nodes get the elements of derived in
// order.
func alignGradients(wrt []*gorgonia.Node, active map[*gorgonia.Node]bool, derived gorgonia.Nodes) []*gorgonia.Node {
	grads := make([]*gorgonia.Node, len(wrt))
	for i, n := range wrt {
		if active[n] {
			grads[i], derived = derived[0], derived[1:]
		}
	}
	return grads
}

// symDiffFault looks for the fault if Gorgonia failed to differentiate e with
// err, or made a gradient whose type differs from that of its node. It names
// the operator of an active node if it finds it.
func (e expression) symDiffFault(active map[*gorgonia.Node]bool, err error) *Error {
	wrong := err != nil
	for n := range active {
		wrong = wrong || n.Deriv() != nil && !fits(n.Deriv(), n, consumers(n)...)
	}
	if !wrong {
		return nil
	}
	nodes := slices.Clone(e.out[0].Graph().AllNodes())
	slices.Reverse(nodes) // Gorgonia differentiates from the outputs to the inputs
	for _, n := range nodes {
		if active[n] && n.Op() != nil {
			if fault := symDiff(n); fault != nil {
				fault.Op = n.Op().String()
				return fault
			}
		}
	}
	if err == nil {
		return &Error{Fault: MismatchedGradient, Detail: "differentiating"}
	}
	fault := &Error{Fault: Failed, Detail: "differentiating", Err: err}
	if p, ok := err.(*panicError); ok {
		fault.Fault, fault.Op = Panicked, p.op
	}
	return fault
}

// symDiff calls DiffWRT and SymDiff of n once more and checks their results.
func symDiff(n *gorgonia.Node) *Error {
	op, kids := n.Op().(gorgonia.SDOp), children(n)
	var wrt []bool
	var grads gorgonia.Nodes
	err := safely(func() error { wrt = op.DiffWRT(len(kids)); return nil })
	if err == nil && len(wrt) < len(kids) {
		return &Error{Fault: Panicked, Detail: fmt.Sprintf("DiffWRT(%d) returned %d values: expected %[1]d, one for each input", len(kids), len(wrt))}
	}
	if n.Deriv() == nil {
		return nil // Gorgonia failed before it reached n
	}
	if err == nil {
		err = safely(func() (err error) {
			grads, err = op.SymDiff(kids, n, n.Deriv())
			return err
		})
	}
	if _, ok := err.(*panicError); ok {
		return &Error{Fault: Panicked, Detail: "SymDiff", Err: err}
	}
	if err != nil {
		return &Error{Fault: Failed, Detail: "SymDiff", Err: err}
	}
	if len(grads) < len(kids) {
		return &Error{Fault: MissingGradient, Detail: fmt.Sprintf("SymDiff returned %d gradients: expected %d, one for each input of the operator", len(grads), len(kids))}
	}
	for i, k := range kids {
		switch g := grads[i]; {
		case !wrt[i]:
		case g == nil:
			return &Error{Fault: MissingGradient, Detail: fmt.Sprintf("SymDiff returned nil for input %d of the operator, which DiffWRT says is differentiable", i)}
		case !fits(g, k, n):
			return &Error{Fault: MismatchedGradient, Detail: fmt.Sprintf("SymDiff returned for input %d of the operator a gradient of %v of shape %v: expected %v of shape %v, that of the input",
				i, g.Dtype(), g.Shape(), k.Dtype(), k.Shape())}
		}
	}
	return nil
}

// fits reports whether a gradient has the dtype and shape of n. The makers are
// the nodes whose operators may have made the gradient.
func fits(gradient, n *gorgonia.Node, makers ...*gorgonia.Node) bool {
	if gradient.Dtype() != n.Dtype() {
		return false
	}
	ofGorgonia := slices.ContainsFunc(makers, func(m *gorgonia.Node) bool { return isGorgonias(m.Op()) })
	return sameShape(gradient.Shape(), n.Shape()) || ofGorgonia && n.Op() != nil && sameButForOnes(gradient.Shape(), n.Shape())
}

// isGorgonias reports whether op is one of Gorgonia's own operators. For them
// the check of shapes is weaker. Broadcasts use Repeat, and Repeat's gradient
// lacks the dimension of size 1 that was repeated. The broadcast then reshapes
// that gradient to the right shape.
func isGorgonias(op gorgonia.Op) bool {
	t := reflect.TypeOf(op)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t != nil && t.PkgPath() == "gorgonia.org/gorgonia"
}

// sameButForOnes reports whether shapes differ only in dimensions of size 1.
func sameButForOnes(a, b tensor.Shape) bool {
	isOne := func(size int) bool { return size == 1 }
	return slices.Equal(slices.DeleteFunc(slices.Clone(a), isOne), slices.DeleteFunc(slices.Clone(b), isOne))
}
