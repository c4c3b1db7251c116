package leakyrelu

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/internal/kernel"
	"gorgonia.org/tensor"
)

// Do returns the result in a new value of the kind, dtype and shape of x, in
// row-major order. It never writes into its inputs.
//
// Inputs are *gorgonia.F32, *gorgonia.F64 and *tensor.Dense of float32 or
// float64 in any layout, dy with the dtype and shape of x. Anything else is an
// error, here and in the other methods that run the operator, before they write
// a single element.
func (op *Op) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return op.run(target{}, inputs)
}

// UsePreallocDo writes the result into prealloc, which has the dtype and shape
// of x, and returns it. Prealloc may be an input itself, in which case that is
// overwritten, but not another tensor that shares memory with one.
func (op *Op) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return op.run(target{role: "prealloc", value: prealloc}, inputs)
}

// UnsafeDo writes the result over x, or for the gradient over dy, and returns
// it.
func (op *Op) UnsafeDo(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if len(inputs) != op.Arity() {
		return nil, op.errArity(len(inputs))
	}
	return op.UsePreallocDo(inputs[len(inputs)-1], inputs...)
}

// IncrDo adds the result to toIncr, under the conditions of UsePreallocDo.
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
	switch {
	case len(inputs) != op.Arity():
		return nil, op.errArity(len(inputs))
	case isFloat32(inputs[0]):
		return run[float32](op, to, inputs)
	default:
		return run[float64](op, to, inputs)
	}
}

// run checks everything, and then computes gate(x, x), or for the gradient
// gate(x, dy).
func run[T kernel.Float](op *Op, to target, inputs []gorgonia.Value) (gorgonia.Value, error) {
	if err := op.checkAlpha(float64(T(op.alpha))); err != nil {
		return nil, err
	}
	l := loop[T]{alpha: T(op.alpha), add: to.add}
	if err := l.x.view(roles[0], inputs[0]); err != nil {
		return nil, err
	}
	l.g = l.x
	if op.grad {
		if err := l.g.view(roles[1], inputs[1]); err != nil {
			return nil, err
		}
		if err := checkShape(roles[1], l.g.shape, l.x.shape); err != nil {
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
	if err := checkShape(to.role, l.dst.shape, l.x.shape); err != nil {
		return nil, err
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

// checkShape compares to the letter. Shape.Eq doesn't: to it a vector of n
// elements and an n×1 matrix are equal.
func checkShape(role string, s, x tensor.Shape) error {
	if !slices.Equal(s, x) {
		return fmt.Errorf("leakyrelu: %s has shape %v, expected %v, the shape of x", role, s, x)
	}
	return nil
}

func errOverlap(role, input string) error {
	return fmt.Errorf("leakyrelu: %s shares memory with %s in another layout or at another offset, expected the same tensor or one apart", role, input)
}

func (op *Op) errArity(n int) error {
	return fmt.Errorf("leakyrelu: %s got %d inputs, expected %d", op.String(), n, op.Arity())
}
