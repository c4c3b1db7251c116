package leakyrelu

import (
	"fmt"
	"slices"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/internal/kernel"
	"gorgonia.org/tensor"
)

// strided is a Value as memory: the element at index (i, j, …) of dims is
// data[i·strides[0] + j·strides[1] + …].
type strided[T kernel.Float] struct {
	data          []T
	shape         tensor.Shape // of the Value
	dims, strides []int        // without the dimensions of size 1
}

// view points s at v, or says why the operator can't work on v. The role is the
// name of v in the message.
//
// It does not use v.Data(), which allocates and copies scalars.
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
		s.setLayout(v.Shape(), nil)
	case *gorgonia.F64:
		if v == nil {
			return errNil(role, v)
		}
		data, ok := any(&s.data).(*[]float64)
		if !ok {
			return s.errDtype(role, tensor.Float64)
		}
		*data = unsafe.Slice((*float64)(v), 1)
		s.setLayout(v.Shape(), nil)
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
		s.setLayout(v.Shape(), v.Strides())
		if n := s.extent(); n > len(s.data) {
			return fmt.Errorf("leakyrelu: %s has shape %v and strides %v in a memory of %d elements, expected at least %d", role, s.shape, v.Strides(), len(s.data), n)
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

// checkFits says whether s has the shape of x, but for dimensions of size 1.
func (s *strided[T]) checkFits(role string, x *strided[T]) error {
	if !slices.Equal(s.dims, x.dims) {
		return errShape(role, s.shape, x.shape)
	}
	return nil
}

// setLayout drops the dimensions of size 1: they do not change where elements
// are, and Gorgonia takes shapes that differ only in them for the same.
func (s *strided[T]) setLayout(shape tensor.Shape, strides []int) {
	s.shape, s.dims, s.strides = shape, shape, strides
	if !slices.Contains(shape, 1) {
		return
	}
	// Package tensor drops their strides too, from column-major vectors only.
	dropped := len(strides) < len(shape)
	s.dims = slices.DeleteFunc(slices.Clone(s.dims), func(n int) bool { return n == 1 })
	if dropped {
		s.strides = strides[:len(s.dims)]
		return
	}
	s.strides = make([]int, 0, len(s.dims))
	for d, n := range shape {
		if n != 1 {
			s.strides = append(s.strides, strides[d])
		}
	}
}

// extent is how far the elements reach in data. That is further than there is
// data in what package tensor makes of an empty slice: a tensor with the shape of
// what was sliced.
func (s *strided[T]) extent() int {
	n := 1
	for d, size := range s.dims {
		if size == 0 {
			return 0
		}
		n += (size - 1) * s.strides[d]
	}
	return n
}

// overlapsItself says whether two elements may lie in one place. They do not if
// each stride is longer than what all shorter strides reach together.
func (s *strided[T]) overlapsItself() bool {
	for d, stride := range s.strides {
		reach := 0
		for e, other := range s.strides {
			if other < stride || other == stride && e < d {
				reach += (s.dims[e] - 1) * other
			}
		}
		if stride <= reach {
			return s.extent() > 0
		}
	}
	return false
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
