package gradcheck

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An operand is the value of an input, without a graph.
type operand struct {
	input int // index among the caller's inputs, or Upstream
	dtype tensor.Dtype
	shape tensor.Shape
	data  []float64     // row-major, for float dtypes
	other *tensor.Dense // for other dtypes
	alone bool          // an input of an operator that is checked alone
}

// name is what messages call the operand.
func (op *operand) name() string {
	if op.alone {
		return "its " + inputPhrase(op.input)
	}
	return inputPhrase(op.input)
}

// place is what messages call the entry at the row-major index j.
func (op *operand) place(j int) string {
	return fmt.Sprintf("%s at %v", op.name(), unravel(j, op.shape))
}

// placeAndValue is place, and what the entry is.
func (op *operand) placeAndValue(j int) string {
	return fmt.Sprintf("%s, which is %.6g", op.place(j), op.data[j])
}

func isFloat(dt tensor.Dtype) bool { return dt == tensor.Float64 || dt == tensor.Float32 }

// newOperand copies one of the caller's inputs.
func newOperand(i int, d *tensor.Dense) (*operand, error) {
	if d == nil {
		return nil, fmt.Errorf("gradcheck: input %d is nil", i)
	}
	if d.Dtype().Type == nil || d.Shape().TotalSize() == 0 {
		return nil, fmt.Errorf("gradcheck: input %d is empty", i)
	}
	op := &operand{input: i, dtype: d.Dtype(), shape: d.Shape().Clone()}
	if !isFloat(op.dtype) {
		op.other = d.Clone().(*tensor.Dense)
		return op, nil
	}
	if d.IsMasked() {
		return nil, fmt.Errorf("gradcheck: input %d is masked: expected a plain dense tensor", i)
	}
	var err error
	if op.data, err = floats(d); err != nil {
		return nil, fmt.Errorf("gradcheck: input %d: %w", i, err)
	}
	for j, x := range op.data {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("gradcheck: input %d is %v at %v: expected finite numbers", i, x, unravel(j, op.shape))
		}
	}
	return op, nil
}

// newNode makes an input node for the operand. Nodes of one graph need
// different names, because Gorgonia merges equal nodes.
func (op *operand) newNode(g *gorgonia.ExprGraph, name string) *gorgonia.Node {
	if op.shape.IsScalar() {
		return gorgonia.NewScalar(g, op.dtype, gorgonia.WithName(name))
	}
	return gorgonia.NewTensor(g, op.dtype, op.shape.Dims(), gorgonia.WithShape(op.shape...), gorgonia.WithName(name))
}

// bind gives node a fresh copy of the operand's value.
func (op *operand) bind(node *gorgonia.Node) error {
	switch {
	case op.other != nil && op.shape.IsScalar():
		return gorgonia.Let(node, op.other.ScalarValue())
	case op.other != nil:
		return gorgonia.Let(node, op.other.Clone())
	}
	return gorgonia.Let(node, newValue(op.dtype, op.shape, op.data))
}

// round returns x rounded to the operand's dtype.
func (op *operand) round(x float64) float64 {
	if op.dtype == tensor.Float32 {
		return float64(float32(x))
	}
	return x
}

// unitRoundoff returns the largest relative error of rounding to dt.
func unitRoundoff(dt tensor.Dtype) float64 {
	if dt == tensor.Float32 {
		return 1.0 / (1 << 24)
	}
	return 1.0 / (1 << 53)
}

// newValue makes a value with a copy of data.
func newValue(dt tensor.Dtype, shape tensor.Shape, data []float64) gorgonia.Value {
	switch scalar := shape.IsScalar(); {
	case scalar && dt == tensor.Float64:
		return gorgonia.NewF64(data[0])
	case scalar:
		return gorgonia.NewF32(float32(data[0]))
	case dt == tensor.Float64:
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]float64(nil), data...)))
	}
	single := make([]float32, len(data))
	for i, x := range data {
		single[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(single))
}

// floats returns a copy of the numbers in v, in row-major order, for any
// layout.
func floats(v gorgonia.Value) ([]float64, error) {
	switch v := v.(type) {
	case *gorgonia.F64:
		return []float64{float64(*v)}, nil
	case *gorgonia.F32:
		return []float64{float64(*v)}, nil
	case *tensor.Dense:
		return denseFloats(v)
	}
	return nil, fmt.Errorf("a value of type %T: expected float64 or float32 numbers", v)
}

func denseFloats(d *tensor.Dense) ([]float64, error) {
	if d.IsScalar() {
		return widen(d.ScalarValue())
	}
	if contiguous(d) {
		all, err := widen(d.Data())
		if err == nil && len(all) >= d.Size() {
			return all[:d.Size()], nil
		}
		return nil, err
	}
	data := make([]float64, d.Size())
	for i := range data {
		x, err := d.At(unravel(i, d.Shape())...)
		if err != nil {
			return nil, err
		}
		one, err := widen(x)
		if err != nil {
			return nil, err
		}
		data[i] = one[0]
	}
	return data, nil
}

// contiguous reports whether d.Data() has the entries in row-major order.
func contiguous(d *tensor.Dense) bool { return d.AP.C() && !d.RequiresIterator() }

// widen returns a number, or a copy of a slice of numbers, as float64.
func widen(x any) ([]float64, error) {
	switch x := x.(type) {
	case float64:
		return []float64{x}, nil
	case float32:
		return []float64{float64(x)}, nil
	case []float64:
		return append([]float64(nil), x...), nil
	case []float32:
		wide := make([]float64, len(x))
		for i := range x {
			wide[i] = float64(x[i])
		}
		return wide, nil
	}
	return nil, fmt.Errorf("a value of type %T: expected float64 or float32 numbers", x)
}

// allFinite tells whether v, if it is of a float dtype, has no NaN and no infinity.
func allFinite(v gorgonia.Value) bool {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	switch x := v.Data().(type) {
	case []float64:
		return !slices.ContainsFunc(x, func(x float64) bool { return !finite(x) })
	case []float32:
		return !slices.ContainsFunc(x, func(x float32) bool { return !finite(float64(x)) })
	case float64:
		return finite(x)
	case float32:
		return finite(float64(x))
	}
	return true
}

// unravel turns a row-major index into coordinates.
func unravel(i int, shape tensor.Shape) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] = i % shape[d]
		i /= shape[d]
	}
	return at
}
