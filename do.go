package leakyrelu

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/internal/kernel"
)

// Do returns the result in a new value of the kind, dtype and shape of x, in
// row-major order. It never writes into its inputs.
//
// Inputs are *gorgonia.F32, *gorgonia.F64, and *tensor.Dense of float32 or
// float64 in any layout. The values x and dy have the same dtype, and the same
// shape but for dimensions of size 1. Anything else is an error. This holds for
// all methods that run the operator, and they check before they write.
func (op *Op) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return op.run(target{}, inputs)
}

// UsePreallocDo writes the result into prealloc and returns it. Prealloc has the
// dtype of x, and its shape but for dimensions of size 1. It may be an input,
// which is then overwritten. It must not share memory with an input in any other
// way, nor have two elements in one place.
func (op *Op) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return op.run(target{role: "prealloc", value: prealloc}, inputs)
}

// IncrDo adds the result to toIncr, which must be as prealloc in
// [Op.UsePreallocDo].
func (op *Op) IncrDo(toIncr gorgonia.Value, inputs ...gorgonia.Value) error {
	_, err := op.run(target{role: "toIncr", value: toIncr, add: true}, inputs)
	return err
}

// target is what a result goes into.
type target struct {
	role  string // what messages call it, "" for a new value
	value gorgonia.Value
	add   bool // to what is there
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

// run checks everything, and then computes gate(x, x), or gate(x, dy) for the
// gradient.
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
		return nil, fmt.Errorf("leakyrelu: %s of shape %v and strides %v has two elements in one place, expected a tensor with a place for each", to.role, l.dst.dims, l.dst.strides)
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
	return fmt.Errorf("leakyrelu: %s shares memory with %s in another layout or at another offset, expected the same tensor or one apart", role, input)
}
