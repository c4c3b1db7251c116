package kernel

import (
	"math"
	"math/bits"
)

// runGeneric is every form in Go: the implementation where there is no
// assembly, and what the assembly is compared with.
func runGeneric[T Float](f form, dst, x, g []T, alpha T) {
	switch dst := any(dst).(type) {
	case []float32:
		generic32(f, dst, any(x).([]float32), any(g).([]float32), float32(alpha))
	case []float64:
		generic64(f, dst, any(x).([]float64), any(g).([]float64), float64(alpha))
	}
}

func generic32(f form, dst, x, g []float32, alpha float32) {
	x, g = x[:len(dst)], g[:len(dst)]
	if f == accumulate {
		for i := range dst {
			// The conversion forbids fusing the product into the sum.
			dst[i] += pick32(x[i], g[i], float32(alpha*g[i]))
		}
		return
	}
	for i := range dst {
		dst[i] = pick32(x[i], g[i], alpha*g[i])
	}
}

func generic64(f form, dst, x, g []float64, alpha float64) {
	x, g = x[:len(dst)], g[:len(dst)]
	if f == accumulate {
		for i := range dst {
			dst[i] += pick64(x[i], g[i], float64(alpha*g[i]))
		}
		return
	}
	for i := range dst {
		dst[i] = pick64(x[i], g[i], alpha*g[i])
	}
}

// pick32 returns a if x > 0, else b. It selects bits: a branch would be
// mispredicted every other time on random signs.
//
// The floats above 0, up to +Inf, have the bits 1 … 0x7F800000. So x > 0 if
// subtracting the latter from bits(x) - 1 borrows.
func pick32(x, a, b float32) float32 {
	_, borrow := bits.Sub64(uint64(math.Float32bits(x)-1), 0x7F800000, 0)
	keep := -uint32(borrow)
	return math.Float32frombits(math.Float32bits(a)&keep | math.Float32bits(b)&^keep)
}

// pick64 is pick32 for float64.
func pick64(x, a, b float64) float64 {
	_, borrow := bits.Sub64(math.Float64bits(x)-1, 0x7FF0000000000000, 0)
	keep := -borrow
	return math.Float64frombits(math.Float64bits(a)&keep | math.Float64bits(b)&^keep)
}
