package leakyrelu

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// DiffWRT says which inputs the operator can be differentiated with respect to:
// x for LeakyReLU, and only dy for its gradient. The derivative of the gradient
// with respect to x is zero wherever it exists.
func (op *Op) DiffWRT(inputs int) []bool {
	wrt := make([]bool, max(0, inputs))
	if inputs > 0 {
		wrt[inputs-1] = true
	}
	return wrt
}

// SymDiff returns the nodes of the gradients with respect to the inputs, for the
// upstream gradient grad. The node is nil for the x of the gradient. The tape
// machine differentiates with SymDiff.
//
// It is an error if Gorgonia overwrites x before the gradient has read it. That
// takes a Set of an operator on x, or arithmetic on a view of x, and an alpha
// below 0 (for other slopes the gradient can read the activation).
func (op *Op) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if err := op.checkArity(len(inputs)); err != nil {
		return nil, err
	}
	sign, err := op.signOf(inputs[0], output)
	if err != nil {
		return nil, err
	}
	d, err := op.gradient().apply(sign, grad)
	if err != nil {
		return nil, err
	}
	wrt := make(gorgonia.Nodes, len(inputs))
	wrt[len(inputs)-1] = d
	return wrt, nil
}

// signOf returns the node in which the gradient finds the sign of x. That is x,
// or y = LeakyReLU(x): for alpha ≥ 0, y > 0 exactly where x > 0. In place the
// gradient has to read y, because y overwrites x. Otherwise it reads x, which
// frees y for the operators that follow: in BenchmarkStep that saves one tensor
// a step. A node that Gorgonia overwrites too early can't be read.
func (op *Op) signOf(x, y *gorgonia.Node) (*gorgonia.Node, error) {
	nodes := gorgonia.Nodes{x}
	switch {
	case op.arity > 1 || op.alpha < 0 || y == nil:
	case op.inPlace:
		nodes = gorgonia.Nodes{y, x}
	default:
		nodes = gorgonia.Nodes{x, y}
	}
	var by *gorgonia.Node
	for _, n := range nodes {
		if n == nil || n.Graph() == nil {
			return x, nil // a constant, which nothing overwrites, or what apply refuses
		}
		if by = overwriter(n); by == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("leakyrelu: the gradient of %v needs its input %s, but node %s (%v) overwrites that before (a fault of Gorgonia's), expected an input that is left alone, such as a copy made by Apply with alpha 1", op, x.Name(), by.Name(), by.Op())
}

// DoDiff adds the gradient that arrived at the output, times the derivative, to
// the gradient of the input. The Lisp machine differentiates with DoDiff.
func (op *Op) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if err := op.checkArity(len(inputs)); err != nil {
		return err
	}
	x, wrt := inputs[0], inputs[len(inputs)-1]
	if x == nil || wrt == nil || output == nil {
		return errors.New("leakyrelu: DoDiff got a nil node, expected the nodes of a graph that ran")
	}
	upstream, err := output.Grad()
	if err != nil {
		return fmt.Errorf("leakyrelu: upstream gradient: %w", err)
	}
	d, err := wrt.Grad()
	if err != nil {
		return fmt.Errorf("leakyrelu: gradient of the input: %w", err)
	}
	return op.gradient().IncrDo(inShapeOf(x.Value(), d), x.Value(), upstream)
}

// inShapeOf returns the gradient d in the shape of the value x. The Lisp
// machine's Reshape reshapes the gradient tensor itself. So from the second run
// on, a node may find its gradient in the shape of another node.
func inShapeOf(x, d gorgonia.Value) gorgonia.Value {
	t, ok := d.(*tensor.Dense)
	if !ok || t == nil || x == nil || t.Dtype() != x.Dtype() || slices.Equal(t.Shape(), x.Shape()) || t.RequiresIterator() {
		return d
	}
	same := t.ShallowClone()
	if err := same.Reshape(x.Shape()...); err != nil {
		return d // of another size, which IncrDo refuses
	}
	return same
}
