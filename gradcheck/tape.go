package gradcheck

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// A tape runs an expression on a tape machine.
type tape struct {
	expression // out has the outputs, then the gradients, each node once
	journal    *journal
	read       []gorgonia.Value // the values of out
	outputs    int
	gradients  []int // indices into out, -1 for a gradient that does not exist
	vm         gorgonia.VM
}

// newTape compiles a copy of e and of its gradients. Some of the gradients may
// be nil.
func newTape(e expression, gradients []*gorgonia.Node, neverOverwrite bool) *tape {
	t := &tape{journal: new(journal), outputs: len(e.out)}
	all := expression{in: e.in, out: slices.Clone(e.out)}
	for _, n := range gradients {
		t.gradients = append(t.gradients, all.output(n))
	}
	t.expression = all.copy(guarded(t.journal, neverOverwrite))
	t.journal.watchInfinite = len(gradients) > 0
	t.read = make([]gorgonia.Value, len(t.out))
	for i, n := range t.out {
		gorgonia.Read(n, &t.read[i])
	}
	t.vm = gorgonia.NewTapeMachine(t.out[0].Graph())
	return t
}

// newTapeBackward differentiates p symbolically and compiles the result.
func newTapeBackward(p *problem) (backward, error) {
	return tapeBackward(p, p.expression, expression.gradients, p.neverOverwrite)
}

// newProgramBackward differentiates p.program with Grad, as a program would.
func newProgramBackward(p *problem) (backward, error) {
	return tapeBackward(p, *p.program, expression.gradOfSum, false)
}

// tapeBackward compiles e and the gradients that derive returns. e is the
// expression of p, perhaps on another graph.
func tapeBackward(p *problem, e expression, derive func(e expression, upstream, wrt []*gorgonia.Node) ([]*gorgonia.Node, error), neverOverwrite bool) (backward, error) {
	var wrt []*gorgonia.Node
	for _, i := range p.wrt {
		wrt = append(wrt, e.in[i])
	}
	point := slices.Clone(p.point)
	var upstream []*gorgonia.Node
	for i, n := range e.out {
		u := &operand{input: Upstream, dtype: n.Dtype(), shape: n.Shape()}
		negated := u.newNode(n.Graph(), fmt.Sprintf("gradcheck weights %d", i))
		// In real graphs an upstream gradient is not an input, so operators may
		// overwrite it. So here it is the result of Neg.
		up, err := gorgonia.Neg(negated)
		if err != nil {
			return nil, err
		}
		point = append(point, u)
		e.in = append(e.in[:len(e.in):len(e.in)], negated)
		upstream = append(upstream, up)
	}
	gradients, err := derive(e, upstream, wrt)
	if err != nil {
		return nil, err
	}
	t := newTape(e, gradients, neverOverwrite)
	return func(upstream [][]float64, _ bool) (*run, error) {
		for i, u := range upstream {
			negated := make([]float64, len(u))
			for j := range u {
				negated[j] = -u[j]
			}
			point[len(p.point)+i].data = negated
		}
		return t.run(point)
	}, nil
}

func (t *tape) run(in []*operand) (*run, error) {
	if err := runGuarded(t.journal, t.in, in, func() error { t.vm.Reset(); return t.vm.RunAll() }); err != nil {
		return nil, err
	}
	all := make([][]float64, len(t.read))
	for i, v := range t.read {
		var err error
		if all[i], err = floats(v); err != nil {
			return nil, err
		}
	}
	r := &run{out: all[:t.outputs], infinite: t.journal.infinite}
	for _, g := range t.gradients {
		if g < 0 {
			r.grad = append(r.grad, nil)
		} else {
			r.grad = append(r.grad, all[g])
		}
	}
	return r, nil
}
