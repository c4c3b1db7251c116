// Package kernel computes gate, the one primitive behind LeakyReLU, its
// gradient, and the gradient of its gradient:
//
//	gate(x, g) = g      if x > 0
//	             α · g  otherwise, NaN included
//
// The forward op is gate(x, x); a gradient op is gate(x, upstream gradient).
//
// On the way from a slice to the processor, each step has its file: Gate and
// GateAdd choose a form here; parallel.go splits long slices over goroutines,
// whose life is in helper.go; dispatch_*.go calls the best implementation the
// processor has, which is assembly (gate_*.s) or the Go loop of generic.go.
package kernel

import "unsafe"

// Float is an element type the kernels know.
type Float interface{ float32 | float64 }

// Gate sets dst[i] = gate(x[i], g[i]). The slices have the same length. dst
// may be the same slice as x or g, but must not overlap either partially.
// alpha is finite.
//
// Neither Gate nor GateAdd keeps an argument, nor makes it escape to the heap.
// So slices of 256 KiB or more must not be of an array that is a parameter or a
// result of a function, which may be on its stack: other goroutines use them.
func Gate[T Float](dst, x, g []T, alpha T) {
	x, g = x[:len(dst)], g[:len(dst)] // the assembly trusts the length
	if sizeOf(dst) < splitFrom {
		run(store, dst, x, g, alpha)
		return
	}
	split(storeOrStream(dst, x, g), dst, x, g, alpha)
}

// GateAdd sets dst[i] += gate(x[i], g[i]), under the conditions of Gate. The
// product and the sum are rounded one after the other, on every architecture.
// Where dst[i] and gate(x[i], g[i]) are both NaN, so is the result, but which
// payload it carries depends on the processor.
func GateAdd[T Float](dst, x, g []T, alpha T) {
	x, g = x[:len(dst)], g[:len(dst)]
	if sizeOf(dst) < splitFrom {
		run(accumulate, dst, x, g, alpha)
		return
	}
	split(accumulate, dst, x, g, alpha)
}

// A form says what becomes of gate(x, g).
type form uint8

const (
	store      form = iota // dst = gate(x, g)
	stream                 // the same, past the caches; dst is neither x nor g
	accumulate             // dst += gate(x, g)
)

// streamFrom is the size of dst, in bytes, from which storing past the caches
// is faster: about where dst alone fills a last-level cache of 32 MiB.
//
// It is a measured constant, not computed from the cache that the processor
// reports: in a virtual machine that is the whole socket's, whatever share of
// it this program gets. On an EPYC with 32 MiB per group of cores, streaming
// lost at 4 MiB (50 GB/s against 85) and won at 64 MiB (35 against 18). On a
// Xeon that reports 480 MiB, one core took 1.07 times as long at 16 MiB and
// 0.65 times at 32 MiB; two cores 1.1 times at 32 MiB and 0.67 times at 64 MiB.
// BenchmarkStreaming and BenchmarkOneCore compare.
const streamFrom = 32 << 20

func storeOrStream[T Float](dst, x, g []T) form {
	p := unsafe.SliceData(dst)
	if sizeOf(dst) < streamFrom || p == unsafe.SliceData(x) || p == unsafe.SliceData(g) {
		return store
	}
	return stream
}

// sizeOf returns the size of the elements of s, in bytes.
func sizeOf[T Float](s []T) int {
	return len(s) * int(unsafe.Sizeof(*new(T)))
}
