package gradcheck

import (
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A run is what one run of a machine gave.
type run struct {
	out  [][]float64 // of each output
	grad [][]float64 // of each input that is differentiated; nil: it gets none
}

// A tape runs an expression on a tape machine.
type tape struct {
	expression // out: the expression's outputs, then gradients, each node once
	journal    *journal
	read       []gorgonia.Value // of out
	outputs    int
	gradients  []int // indices into out, -1 for a gradient that does not exist
	vm         gorgonia.VM
}

// newTape compiles a copy of e and of the nodes of its gradients, some of which
// may be nil.
func newTape(e expression, gradients []*gorgonia.Node, pristine bool) *tape {
	t := &tape{journal: new(journal), outputs: len(e.out)}
	all := expression{in: e.in, out: slices.Clone(e.out)}
	for _, n := range gradients {
		t.gradients = append(t.gradients, all.output(n))
	}
	t.expression = all.copy(guarded(t.journal, pristine))
	t.read = make([]gorgonia.Value, len(t.out))
	for i, n := range t.out {
		gorgonia.Read(n, &t.read[i])
	}
	t.vm = gorgonia.NewTapeMachine(t.out[0].Graph())
	return t
}

// newTapeBackward differentiates p symbolically and compiles the result.
func newTapeBackward(p *problem) (backward, error) {
	e := p.expression
	point := slices.Clone(p.point)
	var upstream []*gorgonia.Node
	for i, n := range e.out {
		u := &operand{input: Upstream, dtype: n.Dtype(), shape: n.Shape()}
		negated := u.newNode(n.Graph(), fmt.Sprintf("gradcheck weights %d", i))
		// In real graphs an upstream gradient is no input: it may be overwritten.
		up, err := gorgonia.Neg(negated)
		if err != nil {
			return nil, err
		}
		point = append(point, u)
		e.in = append(e.in[:len(e.in):len(e.in)], negated)
		upstream = append(upstream, up)
	}
	gradients, err := e.gradients(upstream, p.differentiated())
	if err != nil {
		return nil, err
	}
	t := newTape(e, gradients, p.pristine)
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
	t.vm.Reset()
	if err := bindAll(t.in, in); err != nil {
		return nil, err
	}
	if err := finish(t.vm.RunAll(), t.journal, t.in, in); err != nil {
		return nil, err
	}
	all := make([][]float64, len(t.read))
	for i, v := range t.read {
		var err error
		if all[i], err = floats(v); err != nil {
			return nil, err
		}
	}
	r := &run{out: all[:t.outputs]}
	for _, g := range t.gradients {
		if g < 0 {
			r.grad = append(r.grad, nil)
		} else {
			r.grad = append(r.grad, all[g])
		}
	}
	return r, nil
}

func bindAll(nodes []*gorgonia.Node, in []*operand) error {
	for i, op := range in {
		if nodes[i] == nil {
			continue
		}
		if err := op.bind(nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

// finish tells what went wrong in a run, if anything did.
func finish(err error, l *journal, nodes []*gorgonia.Node, in []*operand) error {
	if fault := l.first(); fault != nil {
		return fault
	}
	if err != nil {
		return &Error{Fault: Failed, Err: err}
	}
	return changed(nodes, in)
}

// changed tells whether running changed an input.
func changed(nodes []*gorgonia.Node, in []*operand) error {
	var t tally
	for i, op := range in {
		if nodes[i] == nil {
			continue
		}
		if op.other != nil {
			if d, ok := nodes[i].Value().(*tensor.Dense); ok && !reflect.DeepEqual(d.Data(), op.other.Data()) {
				return &Error{Fault: InputChanged, Detail: fmt.Sprintf("input %d, of %v", op.input, op.dtype)}
			}
			continue
		}
		v := nodes[i].Value()
		if !sameShape(v.Shape(), op.shape) {
			return &Error{Fault: InputChanged, Detail: fmt.Sprintf("input %d has shape %v now, %v before", op.input, v.Shape(), op.shape)}
		}
		now, err := floats(v)
		if err != nil {
			return err
		}
		for j, x := range op.data {
			t.addUnlessSame(Entry{Input: op.input, Analytic: now[j], Numeric: x}, op.shape, j)
		}
	}
	if e := t.fault(InputChanged, ""); e != nil {
		return e
	}
	return nil
}
