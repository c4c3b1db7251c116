package gradcheck

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A problem is an expression and the point at which its gradients are checked.
type problem struct {
	expression
	point []*operand // values of expression.in
	wrt   []int      // which of them are differentiated
	// If the Func called Grad, program is the expression on the graph of the
	// Func, and the expression above is a copy on a fresh graph. Otherwise
	// program is nil.
	program *expression
	// neverOverwrite is set if the ops are not in the graph for which they were
	// made. An op may know its graph and decide by it to overwrite an input. In
	// another graph that decision would be wrong.
	neverOverwrite bool
}

// inputName returns the name of the node of input i. Nodes of one graph need
// different names.
func inputName(i int) string { return fmt.Sprintf("gradcheck input %d", i) }

// newProblem calls f to build its expression for the given inputs.
func (c *config) newProblem(order int, f Func, inputs []*tensor.Dense) (*problem, error) {
	if f == nil {
		return nil, fmt.Errorf("gradcheck: the Func is nil")
	}
	p := new(problem)
	for i, d := range inputs {
		op, err := newOperand(i, d)
		if err != nil {
			return nil, err
		}
		p.point = append(p.point, op)
	}
	if err := c.chooseInputs(p); err != nil {
		return nil, err
	}
	err := reportAs(order, 0, func() error {
		g := gorgonia.NewGraph()
		for i, op := range p.point {
			n := op.newNode(g, inputName(i))
			if err := op.bind(n); err != nil {
				return err
			}
			p.in = append(p.in, n)
		}
		y, err := f(p.in...)
		if err != nil {
			return &Error{Fault: Failed, Detail: "the Func", Err: err}
		}
		p.out = []*gorgonia.Node{y}
		return p.validate(g)
	})
	if err != nil {
		return nil, err
	}
	if p.hasDerivatives() {
		program := p.expression
		p.program, p.expression, p.neverOverwrite = &program, p.copy(sameOp), true
	}
	return p, nil
}

// chooseInputs sets which inputs are differentiated, and the defaults for their
// dtype.
func (c *config) chooseInputs(p *problem) error {
	for _, i := range c.wrt {
		switch {
		case i < 0 || i >= len(p.point):
			return fmt.Errorf("gradcheck: Inputs(%v): expected indices of the %d inputs", c.wrt, len(p.point))
		case !isFloat(p.point[i].dtype):
			return fmt.Errorf("gradcheck: Inputs(%v): input %d is of %v: expected float64 or float32", c.wrt, i, p.point[i].dtype)
		case !slices.Contains(p.wrt, i):
			p.wrt = append(p.wrt, i)
		}
	}
	if c.wrt == nil {
		for i, op := range p.point {
			if isFloat(op.dtype) {
				p.wrt = append(p.wrt, i)
			}
		}
	}
	if len(p.wrt) == 0 {
		return fmt.Errorf("gradcheck: none of the %d inputs can be differentiated: expected at least one of float64 or float32", len(p.point))
	}
	dt := tensor.Float64
	for _, i := range p.wrt {
		if p.point[i].dtype == tensor.Float32 {
			dt = tensor.Float32
		}
	}
	c.setDefaults(dt)
	return nil
}

// validate checks the node that the Func returned.
func (p *problem) validate(g *gorgonia.ExprGraph) error {
	y := p.out[0]
	switch {
	case y == nil:
		return fmt.Errorf("the Func returned neither a node nor an error")
	case y.Type() == nil:
		return fmt.Errorf("the Func returned a statement, such as Read or Set, which has no value. Return the node that is read or set")
	case y.Graph() != g:
		return fmt.Errorf("the Func returned a node of another graph: expected one made from its inputs")
	case !isFloat(y.Dtype()):
		return fmt.Errorf("the Func returned a node of %v: expected float64 or float32", y.Dtype())
	}
	needed := dependencies(p.out)
	if !slices.ContainsFunc(p.in, func(n *gorgonia.Node) bool { return needed[n] }) {
		return fmt.Errorf("the Func returned a node that depends on none of its inputs")
	}
	for _, i := range p.wrt {
		if !needed[p.in[i]] && len(consumers(p.in[i])) == 0 { // a penalty may need only a part of what the Func computes
			return &Error{Fault: NothingChecked, Detail: fmt.Sprintf("the Func does not use input %d", i),
				Hint: "does it use another input in its place? If not, choose those to differentiate with Inputs"}
		}
	}
	return nil
}

// gradient returns the problem whose outputs are the gradients of p's outputs,
// and whose inputs are those of p and p's upstream gradient.
func (p *problem) gradient(random *rand.Rand) (*problem, error) {
	y := p.out[0]
	u := &operand{input: Upstream, dtype: y.Dtype(), shape: y.Shape()}
	u.data = awayFromZero(u.dtype, u.shape.TotalSize(), random)
	up := u.newNode(y.Graph(), "gradcheck upstream gradient")
	gradients, err := p.gradients([]*gorgonia.Node{up}, p.differentiated())
	if err != nil {
		return nil, err
	}
	q := &problem{
		point: append(slices.Clone(p.point), u),
		wrt:   append(slices.Clone(p.wrt), len(p.point)),

		neverOverwrite: true,
	}
	q.in = append(slices.Clone(p.in), up)
	for _, n := range gradients {
		q.output(n)
	}
	if len(q.out) == 0 {
		return nil, &Error{Fault: NotDifferentiable, Machine: Tape, Detail: "no input has a gradient, according to the operators' DiffWRT"}
	}
	q.expression = q.copy(sameOp)
	return q, nil
}

// differentiated returns the nodes of the inputs that are differentiated.
func (p *problem) differentiated() []*gorgonia.Node {
	var nodes []*gorgonia.Node
	for _, i := range p.wrt {
		nodes = append(nodes, p.in[i])
	}
	return nodes
}

// otherPoint returns inputs that p's operators probably take as well: the same
// numbers, a little smaller and in reverse order.
func (p *problem) otherPoint() []*operand {
	var other []*operand
	for _, op := range p.point {
		there := *op
		there.data = slices.Clone(op.data)
		slices.Reverse(there.data)
		for j, x := range there.data {
			there.data[j] = op.round(0.9 * x)
		}
		other = append(other, &there)
	}
	return other
}

// operand returns the value of the k-th input that is differentiated.
func (p *problem) operand(k int) *operand { return p.point[p.wrt[k]] }
