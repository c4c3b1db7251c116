// Package kernel computes gate. LeakyReLU, its gradient, and the gradient of its
// gradient all use this one function:
//
//	gate(x, g) = g      if x > 0
//	             α · g  otherwise, NaN included
//
// LeakyReLU is gate(x, x). Its gradient is gate(x, upstream gradient).
//
// A call passes through these files:
//
//   - kernel.go: Gate and GateAdd, the functions that other packages call.
//   - stream.go: when to store past the caches.
//   - parallel.go: how to divide long slices.
//   - implementation.go: which implementation computes the parts.
//   - gate_*.s and generic.go: the implementations, in assembly and in Go.
//
// Element in generic.go computes gate for one element.
package kernel

// Float has the element types of the kernels.
type Float interface{ float32 | float64 }

// Gate sets dst[i] = gate(x[i], g[i]). The slices have the same length. dst may
// be the same slice as x or g, but must not overlap them partially. alpha is
// finite.
func Gate[T Float](dst, x, g []T, alpha T) {
	f := chosenFor[T]().gate
	if streams(dst, x, g) {
		f = chosenFor[T]().gateStream
	}
	apply(f, dst, x, g, alpha)
}

// GateAdd sets dst[i] += gate(x[i], g[i]), under the conditions of Gate. The
// product and the sum are rounded one after the other, on every architecture.
// If dst[i] and gate(x[i], g[i]) are both NaN, the result is NaN. Its payload
// depends on the processor.
func GateAdd[T Float](dst, x, g []T, alpha T) {
	apply(chosenFor[T]().gateAdd, dst, x, g, alpha)
}
