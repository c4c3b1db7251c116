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

// view points s at v, or says why the operator can't work on v. The role is
// what v is to the operator, for the message.
//
// It doesn't use v.Data(), which allocates, and copies scalars.
func (s *strided[T]) view(role string, v gorgonia.Value) error {
	switch v := v.(type) {
	case nil:
		return fmt.Errorf("leakyrelu: %s is nil, expected a value", role)
	case *gorgonia.F32:
		if v == nil {
			return errNil(role, v)
		}
		data, ok := any(&s.data).(*[]float32)
		if !ok {
			return s.errDtype(role, tensor.Float32)
		}
		*data = unsafe.Slice((*float32)(v), 1)
		s.shape, s.strides = v.Shape(), nil
	case *gorgonia.F64:
		if v == nil {
			return errNil(role, v)
		}
		data, ok := any(&s.data).(*[]float64)
		if !ok {
			return s.errDtype(role, tensor.Float64)
		}
		*data = unsafe.Slice((*float64)(v), 1)
		s.shape, s.strides = v.Shape(), nil
	case *tensor.Dense:
		switch {
		case v == nil:
			return errNil(role, v)
		case !v.IsNativelyAccessible():
			return fmt.Errorf("leakyrelu: %s is in memory that Go can't access, expected a tensor in main memory", role)
		case len(v.Mask()) > 0:
			return fmt.Errorf("leakyrelu: %s is a masked tensor, expected one without a mask", role)
		}
		dt := v.Dtype()
		if data, ok := any(&s.data).(*[]float32); ok && dt == tensor.Float32 {
			*data = v.Float32s()
		} else if data, ok := any(&s.data).(*[]float64); ok && dt == tensor.Float64 {
			*data = v.Float64s()
		} else {
			return s.errDtype(role, dt)
		}
		s.shape, s.strides = v.Shape(), v.Strides()
		if n := s.extent(); n > len(s.data) {
			return fmt.Errorf("leakyrelu: %s has shape %v and strides %v in a memory of %d elements, expected at least %d", role, s.shape, s.strides, len(s.data), n)
		}
	default:
		return fmt.Errorf("leakyrelu: %s is a %T, expected a *tensor.Dense, *gorgonia.F32 or *gorgonia.F64", role, v)
	}
	return nil
}

// isFloat32 says whether x is float32, so that everything else has to be.
func isFloat32(x gorgonia.Value) bool {
	if t, ok := x.(*tensor.Dense); ok {
		return t != nil && t.Dtype() == tensor.Float32
	}
	_, ok := x.(*gorgonia.F32)
	return ok
}

func errNil(role string, v gorgonia.Value) error {
	return fmt.Errorf("leakyrelu: %s is a nil %T, expected a value", role, v)
}

func (s *strided[T]) errDtype(role string, dt tensor.Dtype) error {
	expected := "float32 or float64"
	if role != roles[0] {
		expected = fmt.Sprintf("%T, the dtype of x", T(0))
	}
	if dt == (tensor.Dtype{}) { // which doesn't print
		return fmt.Errorf("leakyrelu: %s is an empty tensor.Dense without a dtype, expected %s", role, expected)
	}
	return fmt.Errorf("leakyrelu: %s has dtype %v, expected %s", role, dt, expected)
}

// stride is the distance between neighbours along dimension d. Package tensor
// drops the strides of size-1 dimensions from column-major vectors.
func (s *strided[T]) stride(d int) int {
	switch {
	case len(s.strides) == len(s.shape):
		return s.strides[d]
	case s.shape[d] == 1:
		return 0
	default:
		return s.strides[0]
	}
}

// extent is how far the elements reach in data. That is further than there is
// data in what package tensor makes of an empty slice: a tensor that has the
// shape of what was sliced.
func (s *strided[T]) extent() int {
	n := 1
	for d, size := range s.shape {
		if size == 0 {
			return 0
		}
		n += (size - 1) * s.stride(d)
	}
	return n
}

// overlapsShifted says whether s and x share memory other than element by
// element, so that writing one element of s may change another one of x.
func (s *strided[T]) overlapsShifted(x *strided[T]) bool {
	size := unsafe.Sizeof(T(0))
	start, startX := uintptr(unsafe.Pointer(unsafe.SliceData(s.data))), uintptr(unsafe.Pointer(unsafe.SliceData(x.data)))
	end, endX := start+uintptr(len(s.data))*size, startX+uintptr(len(x.data))*size
	if end <= startX || endX <= start {
		return false
	}
	return start != startX || !slices.Equal(s.strides, x.strides)
}

// like returns a new zero Value of v's kind, dtype, shape and engine, laid out
// in row-major order, which every other operator understands best.
//
// That clears memory which is then filled. Go has memory that isn't cleared only
// as a copy of something (append, slices.Clone); copying x and working in place
// took as long up to 2^18 float32 values, and 1.4 times as long beyond: memory
// fresh from the system is zero anyway.
func like(v gorgonia.Value) (_ gorgonia.Value, err error) {
	switch v := v.(type) {
	case *gorgonia.F32:
		return gorgonia.NewF32(0), nil
	case *gorgonia.F64:
		return gorgonia.NewF64(0), nil
	default:
		t := v.(*tensor.Dense)
		// An engine that can't allocate says so with a panic: for one, it may be
		// made for another dtype.
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("leakyrelu: the engine of x, a %T, makes no %v tensor for the result: %v", t.Engine(), t.Dtype(), r)
			}
		}()
		return tensor.New(tensor.Of(t.Dtype()), tensor.WithShape(t.Shape()...), tensor.WithEngine(t.Engine())), nil
	}
}
