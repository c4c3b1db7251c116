package leakyrelu

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// DiffWRT returns which inputs have a gradient: x for LeakyReLU, and only dy
// for its gradient operator. The derivative of that operator with respect to x
// is zero wherever it exists.
func (op *Op) DiffWRT(inputs int) []bool {
	wrt := make([]bool, max(0, inputs))
	if inputs > 0 {
		wrt[inputs-1] = true
	}
	return wrt
}

// SymDiff returns one gradient node for each input, for the upstream gradient
// grad. For the x of the gradient operator the node is nil. The tape machine
// uses SymDiff.
//
// SymDiff returns an error if alpha is negative and Gorgonia overwrites x
// before the gradient has read it. Gorgonia does that if the result of an
// operator on x goes into a Set, or if there is arithmetic on a view of x. For
// other slopes the gradient can read the activation instead.
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

// signOf returns the node from which the gradient reads the sign of x. The node
// is x or y = LeakyReLU(x): for alpha ≥ 0, y > 0 exactly where x > 0. In place,
// the gradient has to read y, because y overwrites x. Otherwise it reads x.
// Then the operators that follow can overwrite y: in BenchmarkStep this saves
// one tensor a step. If Gorgonia overwrites one of the two nodes too early,
// signOf returns the other one.
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
			return x, nil // nothing overwrites a constant, and apply refuses a nil node
		}
		if by = overwriter(n); by == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("leakyrelu: the gradient of %v needs its input %s, but Gorgonia lets node %s (%v) overwrite that input first, expected an input that no node overwrites, such as a copy made by Apply with alpha 1", op, x.Name(), by.Name(), by.Op())
}

// DoDiff multiplies the gradient of the output by the derivative, and adds the
// product to the gradient of the input. The Lisp machine uses DoDiff.
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

// inShapeOf returns the gradient d in the shape of the value x. On the Lisp
// machine, the gradient of Reshape changes the shape of the gradient tensor
// itself. So from the second run on, the gradient of a node may have the shape
// of another node.
func inShapeOf(x, d gorgonia.Value) gorgonia.Value {
	t, ok := d.(*tensor.Dense)
	if !ok || t == nil || x == nil || t.Dtype() != x.Dtype() || slices.Equal(t.Shape(), x.Shape()) || t.RequiresIterator() {
		return d
	}
	same := t.ShallowClone()
	if err := same.Reshape(x.Shape()...); err != nil {
		return d // IncrDo refuses another size
	}
	return same
}
