package leakyrelu

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/internal/kernel"
)

// Do returns the result in a new value. It has the kind, dtype and shape of x,
// and is in row-major order. Do does not write into its inputs.
//
// An input is a *gorgonia.F32, a *gorgonia.F64, or a *tensor.Dense of float32
// or float64 in any layout. The values x and dy have the same dtype. Their
// shapes may differ only in dimensions of size 1. Anything else is an error.
// All methods that run the operator have these rules, and check everything
// before they write.
func (op *Op) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return op.run(target{}, inputs)
}

// UsePreallocDo writes the result into prealloc and returns it. Prealloc has
// the dtype of x, and a shape that may differ from that of x only in dimensions
// of size 1. Prealloc may be an input, which is then overwritten. Otherwise it
// must not share memory with an input. No two of its elements may lie in the
// same place.
func (op *Op) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return op.run(target{role: "prealloc", value: prealloc}, inputs)
}

// IncrDo adds the result to toIncr. The rules for prealloc in
// [Op.UsePreallocDo] hold for toIncr too.
func (op *Op) IncrDo(toIncr gorgonia.Value, inputs ...gorgonia.Value) error {
	_, err := op.run(target{role: "toIncr", value: toIncr, add: true}, inputs)
	return err
}

// target is where a result goes.
type target struct {
	role  string // its name in messages, "" for a new value
	value gorgonia.Value
	add   bool // add to the old elements, do not replace them
}

func (op *Op) run(to target, inputs []gorgonia.Value) (gorgonia.Value, error) {
	if err := op.checkArity(len(inputs)); err != nil {
		return nil, err
	}
	if isFloat32(inputs[0]) {
		return run[float32](op, to, inputs)
	}
	return run[float64](op, to, inputs)
}

// run checks everything. Then it computes gate(x, x), or gate(x, dy) for the
// gradient operator. See package kernel for gate.
func run[T kernel.Float](op *Op, to target, inputs []gorgonia.Value) (gorgonia.Value, error) {
	if err := op.checkAlpha(float64(T(op.alpha))); err != nil {
		return nil, err
	}
	l := loop[T]{alpha: T(op.alpha), add: to.add}
	if err := l.x.view(roles[0], inputs[0]); err != nil {
		return nil, err
	}
	l.g = l.x
	if len(inputs) > 1 {
		if err := l.g.view(roles[1], inputs[1]); err != nil {
			return nil, err
		}
		if err := l.g.checkFits(roles[1], &l.x); err != nil {
			return nil, err
		}
	}
	if to.role == "" {
		var err error
		if to.value, err = like(inputs[0]); err != nil {
			return nil, err
		}
	}
	if err := l.dst.view(to.role, to.value); err != nil {
		return nil, err
	}
	if err := l.dst.checkFits(to.role, &l.x); err != nil {
		return nil, err
	}
	if l.dst.overlapsItself() {
		return nil, fmt.Errorf("leakyrelu: %s of shape %v and strides %v has two elements in one place, expected a place of its own for each element", to.role, l.dst.dims, l.dst.strides)
	}
	if l.dst.overlapsShifted(&l.x) {
		return nil, errOverlap(to.role, roles[0])
	}
	if l.dst.overlapsShifted(&l.g) {
		return nil, errOverlap(to.role, roles[1])
	}
	l.run()
	return to.value, nil
}

func errOverlap(role, input string) error {
	return fmt.Errorf("leakyrelu: %s shares memory with %s in another layout or at another offset, expected the same tensor or other memory", role, input)
}
