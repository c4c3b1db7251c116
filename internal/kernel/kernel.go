// Package kernel computes gate, the one primitive behind LeakyReLU, its
// gradient, and the gradient of its gradient:
//
//	gate(x, g) = g      if x > 0
//	             α · g  otherwise, NaN included
//
// The forward op is gate(x, x); a gradient op is gate(x, upstream gradient).
//
// On the way from a slice to the processor, each step has its file: Gate and
// GateAdd are here; stream.go says when to
// write past the caches; parallel.go divides long slices; implementation.go chooses
// what works on the parts, which is assembly (gate_*.s) or the Go loop of
// generic.go, where Element computes gate for elements that have no neighbours.
package kernel

// Float is an element type the kernels know.
type Float interface{ float32 | float64 }

// Gate sets dst[i] = gate(x[i], g[i]). The slices have the same length. dst
// may be the same slice as x or g, but must not overlap either partially.
// alpha is finite.
func Gate[T Float](dst, x, g []T, alpha T) {
	f := chosenFor[T]().gate
	if streams(dst, x, g) {
		f = chosenFor[T]().gateStream
	}
	apply(f, dst, x, g, alpha)
}

// GateAdd sets dst[i] += gate(x[i], g[i]), under the conditions of Gate. The
// product and the sum are rounded one after the other, on every architecture.
// Where dst[i] and gate(x[i], g[i]) are both NaN, so is the result, but which
// payload it carries depends on the processor.
func GateAdd[T Float](dst, x, g []T, alpha T) {
	apply(chosenFor[T]().gateAdd, dst, x, g, alpha)
}
