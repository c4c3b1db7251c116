package gradcheck

import (
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
)

// explain names the operator behind e, which was found in p on machine m.
func (c *config) explain(e *Error, m Machine, p *problem) {
	switch e.Fault {
	case WrongGradient, NonzeroGradient, NotAccumulated, NotDeterministic:
	default:
		return
	}
	if e.Op != "" || e.explained {
		return
	}
	see := func(alone *Error) {
		if e.Fault != WrongGradient {
			return
		}
		where, facts := "DoDiff of "+e.Op, alone.Hint
		if m == Tape {
			where = "SymDiff of " + e.Op + " and the operators that it returns"
		}
		if alone != e {
			where += ", which is wrong when it is checked alone, too"
			facts = strings.Trim(alone.Detail+", "+facts, ", ")
		}
		e.Hint = strings.TrimSuffix("see "+where+": "+facts, ": ")
	}
	var ops []*gorgonia.Node
	active := p.active(p.differentiated())
	for _, n := range p.out[0].Graph().AllNodes() {
		if active[n] && n.Op() != nil {
			ops = append(ops, n)
		}
	}
	if len(ops) == 1 {
		e.Op = ops[0].Op().String()
		see(e)
		return
	}
	for _, n := range ops {
		var alone *Error
		err := safely(func() (err error) { alone, err = c.checkAlone(n, m, p); return err })
		if err == nil && alone != nil && alone.Fault == e.Fault && !alone.explained {
			e.Op = n.Op().String()
			see(alone)
			return
		}
	}
	overwriters := p.overwriters()
	switch {
	case e.Fault == WrongGradient && len(ops) > 1:
		e.Hint = "each operator is right when it is checked alone: does one overwrite or return memory that another still needs, or hold on to what it was given?"
		if len(overwriters) > 0 {
			e.Hint += " According to OverwritesInput these may overwrite an input: " + strings.Join(overwriters, ", ")
		}
	case e.Fault == NotDeterministic && m == Tape && len(overwriters) == 1:
		e.Op = overwriters[0]
	}
}

// overwriters names the operators, other than Gorgonia's, that may overwrite an
// input.
func (p *problem) overwriters() []string {
	var names []string
	for _, n := range p.out[0].Graph().AllNodes() {
		if op := n.Op(); !p.neverOverwrite && op != nil && op.OverwritesInput() >= 0 && !isGorgonias(op) {
			names = append(names, op.String())
		}
	}
	return names
}

// checkAlone checks the operator of n on machine m, at the values that reach it
// in p.
func (c *config) checkAlone(n *gorgonia.Node, m Machine, p *problem) (*Error, error) {
	kids := children(n)
	reaching := expression{in: p.in}
	for _, k := range kids {
		reaching.output(k)
	}
	r, err := newTape(reaching, nil, true).run(p.point)
	if err != nil {
		return nil, err
	}
	q, fresh := &problem{neverOverwrite: true}, gorgonia.NewGraph()
	for i, k := range reaching.out {
		op := &operand{input: i, dtype: k.Dtype(), shape: k.Shape(), data: r.out[i]}
		q.point = append(q.point, op)
		q.in = append(q.in, op.newNode(fresh, inputName(i)))
	}
	active, passes := p.active(p.differentiated()), differentiable(n, len(kids))
	for j, k := range kids {
		i := slices.Index(reaching.out, k)
		kids[j] = q.in[i]
		if active[k] && passes[j] && !slices.Contains(q.wrt, i) {
			q.wrt = append(q.wrt, i)
		}
	}
	q.out = []*gorgonia.Node{copyOf(n, n.Op(), kids)}
	alone := *c
	alone.exclude, alone.directions, alone.sample = nil, 0, 20
	w, err := alone.plan(q, newRandom(c.seed))
	if err == nil {
		err = alone.measure(q, w)
	}
	if err == nil {
		err = alone.compare(m, q, w)
	}
	e, _ := err.(*Error)
	return e, nil
}
