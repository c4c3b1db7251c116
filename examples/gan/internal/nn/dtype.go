package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The networks compute in float32. Some tests use float64 for precision. All
// other code computes in float64; these functions convert.

// Scalar returns v as a float32 or float64, depending on dt.
func Scalar(dt tensor.Dtype, v float64) any {
	if dt == tensor.Float32 {
		return float32(v)
	}
	return v
}

// Constant returns a scalar node of dtype dt.
func Constant(dt tensor.Dtype, v float64) *gorgonia.Node {
	return gorgonia.NewConstant(Scalar(dt, v))
}

// Values returns the elements of v.
func Values(v gorgonia.Value) []float64 {
	switch data := v.Data().(type) {
	case float32:
		return []float64{float64(data)}
	case float64:
		return []float64{data}
	case []float64:
		return append([]float64(nil), data...)
	case []float32:
		out := make([]float64, len(data))
		for i, f := range data {
			out[i] = float64(f)
		}
		return out
	}
	panic(fmt.Sprintf("values of %T, expected float32 or float64", v.Data()))
}

// Set writes v into the elements of t.
func Set(t *tensor.Dense, v []float64) {
	if len(v) != t.Size() {
		panic(fmt.Sprintf("%d values, expected %d", len(v), t.Size()))
	}
	switch data := t.Data().(type) {
	case []float64:
		copy(data, v)
	case []float32:
		for i := range data {
			data[i] = float32(v[i])
		}
	}
}
