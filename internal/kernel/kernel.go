// Package kernel computes gate, the one primitive behind LeakyReLU, its
// gradient, and the gradient of its gradient:
//
//	gate(x, g) = g      if x > 0
//	             α · g  otherwise, NaN included
//
// The forward op is gate(x, x); a gradient op is gate(x, upstream gradient).
package kernel

// Float is an element type the kernels know.
type Float interface{ float32 | float64 }

// Gate sets dst[i] = gate(x[i], g[i]). The slices have the same length. dst
// may be the same slice as x or g, but must not overlap either partially.
func Gate[T Float](dst, x, g []T, alpha T) {
	for i, x := range x {
		if x > 0 {
			dst[i] = g[i]
		} else {
			dst[i] = alpha * g[i]
		}
	}
}

// GateAdd sets dst[i] += gate(x[i], g[i]), under the conditions of Gate.
func GateAdd[T Float](dst, x, g []T, alpha T) {
	for i, x := range x {
		if x > 0 {
			dst[i] += g[i]
		} else {
			// The conversion forbids fusing the product into the sum: one
			// rounding each, on every architecture.
			dst[i] += T(alpha * g[i])
		}
	}
}
