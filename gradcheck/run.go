package gradcheck

import (
	"fmt"
	"reflect"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A run has the results of one run of a machine.
type run struct {
	out  [][]float64 // of each output
	grad [][]float64 // of each input that is differentiated; nil: it gets none

	infinite string // the operator with the first result on a tape machine that is not finite
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

// A backward runs an expression forward and backward on one machine. If keep is
// set, the Lisp machine adds the gradients to those of the run before.
type backward func(upstream [][]float64, keep bool) (*run, error)

// runGuarded binds the inputs, runs a machine and returns the fault, if there
// is one. If an input was changed, it runs the machine once more to find the
// operator that changed it.
func runGuarded(l *journal, nodes []*gorgonia.Node, in []*operand, machine func() error) error {
	if err := bindAll(nodes, in); err != nil {
		return err
	}
	err := machine()
	if fault := l.first(); fault != nil {
		return fault
	}
	if err != nil {
		return &Error{Fault: Failed, Err: err}
	}
	fault, err := changed(nodes, in)
	if err != nil || fault == nil {
		return err
	}
	if l.changed == nil && bindAll(nodes, in) == nil {
		l.changed = func() bool { e, err := changed(nodes, in); return e != nil || err != nil }
		if err := machine(); err == nil && l.changer != nil {
			fault.Op, fault.Detail = l.changer.Op.String(), strings.TrimPrefix(fault.Detail+", by "+l.method, ", ")
			fault.Hint = fmt.Sprintf("the operator wrote to memory that is an input's. Its OverwritesInput returns %d: ", l.changer.Op.OverwritesInput())
			if l.changer.Op.OverwritesInput() < 0 {
				fault.Hint += "a result needs memory of its own"
			} else {
				fault.Hint += "UsePreallocDo may overwrite its prealloc, but Do and DoDiff no input"
			}
			if len(l.sharers) > 0 {
				fault.Hint = fmt.Sprintf("the operator may have overwritten its own input. That was the memory of an input of the expression, because these operators returned it as a result: %s", strings.Join(l.sharers, ", "))
			}
		}
	}
	return fault
}

// changed returns an error if the run changed an input.
func changed(nodes []*gorgonia.Node, in []*operand) (*Error, error) {
	var t tally
	for i, op := range in {
		if nodes[i] == nil {
			continue
		}
		if op.other != nil {
			if d, ok := nodes[i].Value().(*tensor.Dense); ok && !reflect.DeepEqual(d.Data(), op.other.Data()) {
				return &Error{Fault: InputChanged, Detail: fmt.Sprintf("%s, of %v", op.name(), op.dtype)}, nil
			}
			continue
		}
		v := nodes[i].Value()
		if !sameShape(v.Shape(), op.shape) {
			return &Error{Fault: InputChanged, Detail: fmt.Sprintf("%s has shape %v now, %v before", op.name(), v.Shape(), op.shape)}, nil
		}
		now, err := floats(v)
		if err != nil {
			return nil, err
		}
		if t.same(now, op.data) {
			continue
		}
		for j, x := range op.data {
			t.addUnlessSame(Entry{Input: op.input, Analytic: now[j], Numeric: x}, op.shape, j)
		}
	}
	return t.fault(InputChanged), nil
}
