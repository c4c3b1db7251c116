package leakyrelu

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
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
	if err := op.checkInputs(inputs); err != nil {
		return nil, err
	}
	dst := like(inputs[0])
	op.run(dst, inputs, false)
	return dst, nil
}

// UsePreallocDo writes the result into prealloc, which has the dtype and shape
// of x, and returns it. Prealloc may be an input itself, in which case that is
// overwritten, but not another tensor that shares memory with one.
func (op *Op) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if err := op.checkInto("prealloc", prealloc, inputs); err != nil {
		return nil, err
	}
	op.run(prealloc, inputs, false)
	return prealloc, nil
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
	if err := op.checkInto("toIncr", toIncr, inputs); err != nil {
		return err
	}
	op.run(toIncr, inputs, true)
	return nil
}

// run computes dst = gate(x, g), or dst += gate(x, g), from values that were
// checked. The forward operator is gate(x, x), its gradient gate(x, dy).
func (op *Op) run(dst gorgonia.Value, inputs []gorgonia.Value, add bool) {
	x, g := inputs[0], inputs[len(inputs)-1]
	if x.Dtype() == tensor.Float32 {
		l := loop[float32]{view[float32](dst), view[float32](x), view[float32](g), float32(op.alpha), add}
		l.run()
	} else {
		l := loop[float64]{view[float64](dst), view[float64](x), view[float64](g), op.alpha, add}
		l.run()
	}
}

// checkInputs says why the operator can't work on inputs, nil if it can.
func (op *Op) checkInputs(inputs []gorgonia.Value) error {
	if len(inputs) != op.Arity() {
		return op.errArity(len(inputs))
	}
	for i, v := range inputs {
		if err := checkValue(roles[i], v, inputs[0]); err != nil {
			return err
		}
	}
	return op.checkAlpha(inputs[0].Dtype())
}

// checkInto says why the operator can't write its result for inputs into dst,
// nil if it can.
func (op *Op) checkInto(role string, dst gorgonia.Value, inputs []gorgonia.Value) error {
	if err := op.checkInputs(inputs); err != nil {
		return err
	}
	if err := checkValue(role, dst, inputs[0]); err != nil {
		return err
	}
	for i, v := range inputs {
		if overlapsShifted(dst, v) {
			return fmt.Errorf("leakyrelu: %s shares memory with %s in another layout or at another offset, expected the same tensor or one apart", role, roles[i])
		}
	}
	return nil
}

// checkValue says why v can't stand beside x, nil if it can: whether the
// operator knows its kind, and whether it has the dtype and shape of x.
func checkValue(role string, v, x gorgonia.Value) error {
	if err := checkKind(role, v); err != nil {
		return err
	}
	if v.Dtype() != x.Dtype() {
		return fmt.Errorf("leakyrelu: %s has dtype %v, expected %v, the dtype of x", role, v.Dtype(), x.Dtype())
	}
	return checkShape(role, v.Shape(), x.Shape())
}

// checkShape compares to the letter. Shape.Eq doesn't: to it a vector of n
// elements and an n×1 matrix are equal.
func checkShape(role string, s, x tensor.Shape) error {
	if !slices.Equal(s, x) {
		return fmt.Errorf("leakyrelu: %s has shape %v, expected %v, the shape of x", role, s, x)
	}
	return nil
}

func (op *Op) errArity(n int) error {
	return fmt.Errorf("leakyrelu: %s got %d inputs, expected %d", op.String(), n, op.Arity())
}
