package leakyrelu

import (
	"fmt"
	"slices"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/internal/kernel"
	"gorgonia.org/tensor"
)

// strided is a Value as memory: the element at index (i, j, …) of shape is
// data[i·stride(0) + j·stride(1) + …].
type strided[T kernel.Float] struct {
	data    []T
	shape   tensor.Shape
	strides []int
}

// checkKind says why the operator can't work on v, nil if it can. The role is
// what v is to the operator, for the message.
func checkKind(role string, v gorgonia.Value) error {
	switch v := v.(type) {
	case nil:
		return fmt.Errorf("leakyrelu: %s is nil, expected a value", role)
	case *gorgonia.F32:
		if v == nil {
			return fmt.Errorf("leakyrelu: %s is a nil *gorgonia.F32, expected a value", role)
		}
	case *gorgonia.F64:
		if v == nil {
			return fmt.Errorf("leakyrelu: %s is a nil *gorgonia.F64, expected a value", role)
		}
	case *tensor.Dense:
		switch {
		case v == nil:
			return fmt.Errorf("leakyrelu: %s is a nil *tensor.Dense, expected a value", role)
		case !v.IsNativelyAccessible():
			return fmt.Errorf("leakyrelu: %s is in memory that Go can't access, expected a tensor in main memory", role)
		case len(v.Mask()) > 0:
			return fmt.Errorf("leakyrelu: %s is a masked tensor, expected one without a mask", role)
		case v.Dtype() == tensor.Dtype{}:
			return fmt.Errorf("leakyrelu: %s is an empty tensor.Dense without a dtype, expected float32 or float64", role)
		case v.Dtype() != tensor.Float32 && v.Dtype() != tensor.Float64:
			return fmt.Errorf("leakyrelu: %s has dtype %v, expected float32 or float64", role, v.Dtype())
		}
	default:
		return fmt.Errorf("leakyrelu: %s is a %T, expected a *tensor.Dense, *gorgonia.F32 or *gorgonia.F64", role, v)
	}
	return nil
}

// view gives access to v, a value of dtype T that checkKind has approved.
func view[T kernel.Float](v gorgonia.Value) strided[T] {
	s := strided[T]{shape: v.Shape(), strides: strides(v)}
	switch data := any(&s.data).(type) {
	case *[]float32:
		*data = float32s(v)
	case *[]float64:
		*data = float64s(v)
	}
	return s
}

// float32s and float64s are the memory of v. Value.Data gives the same through
// an allocation, and for a scalar a copy.

func float32s(v gorgonia.Value) []float32 {
	if s, ok := v.(*gorgonia.F32); ok {
		return unsafe.Slice((*float32)(s), 1)
	}
	return v.(*tensor.Dense).Float32s()
}

func float64s(v gorgonia.Value) []float64 {
	if s, ok := v.(*gorgonia.F64); ok {
		return unsafe.Slice((*float64)(s), 1)
	}
	return v.(*tensor.Dense).Float64s()
}

func strides(v gorgonia.Value) []int {
	if t, ok := v.(*tensor.Dense); ok {
		return t.Strides()
	}
	return nil
}

// stride is the distance between neighbours along dimension d. Package tensor
// drops the strides of size-1 dimensions from column-major vectors.
func (s strided[T]) stride(d int) int {
	switch {
	case len(s.strides) == len(s.shape):
		return s.strides[d]
	case s.shape[d] == 1:
		return 0
	default:
		return s.strides[0]
	}
}

// overlapsShifted says whether a and b share memory other than element by
// element, so that writing one element of a may change another one of b.
func overlapsShifted(a, b gorgonia.Value) bool {
	sizeA, sizeB := a.MemSize(), b.MemSize()
	if sizeA == 0 || sizeB == 0 {
		return false
	}
	startA, startB := a.Uintptr(), b.Uintptr()
	if startA+sizeA <= startB || startB+sizeB <= startA {
		return false
	}
	return startA != startB || !slices.Equal(strides(a), strides(b))
}

// like returns a new zero Value of v's kind, dtype, shape and engine, laid out
// in row-major order, which every other operator understands best.
func like(v gorgonia.Value) gorgonia.Value {
	switch v := v.(type) {
	case *gorgonia.F32:
		return gorgonia.NewF32(0)
	case *gorgonia.F64:
		return gorgonia.NewF64(0)
	default:
		t := v.(*tensor.Dense)
		return tensor.New(tensor.Of(t.Dtype()), tensor.WithShape(t.Shape()...), tensor.WithEngine(t.Engine()))
	}
}
