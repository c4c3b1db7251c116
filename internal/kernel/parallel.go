package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Sizes in bytes, and a number. They are variables so that tests can lower them.
var (
	// chunk is the most of dst that one call of an implementation works on.
	// While assembly runs, Go can stop neither its goroutine nor the world. In
	// chunks nothing is slower: on an EPYC, 0.98 to 1.00 times at 2^16 to 2^24.
	chunk = 64 << 10

	// splitFrom is how much a call reads and writes when a second goroutine
	// begins to pay, each half of it paying for one more. On two cores of an
	// EPYC with a third-level cache of 32 MiB, two goroutines took 1.1 to 1.4
	// times as long as one at 8 MiB, 0.95 to 1.0 times at 16 MiB, 0.6 to 0.9
	// times at 24 MiB. In a training step on 2^22 and 2^23 float32, the part that
	// the activation adds became 0.7 times as long. BenchmarkSplit compares.
	splitFrom = 16 << 20

	// maxGoroutines limits what a call takes away from the rest of the program.
	// A few cores use up the memory's bandwidth.
	maxGoroutines = 8
)

// apply has f compute dst, on one goroutine or several.
func apply[T Float](f form[T], dst, x, g []T, alpha T) {
	x, g = x[:len(dst)], g[:len(dst)] // the assembly trusts the length of dst
	n := min(2*footprint(dst, x, g)/splitFrom, maxGoroutines)
	if n > 1 {
		n = min(n, runtime.GOMAXPROCS(0))
	}
	if n > 1 {
		split(n, f, dst, x, g, alpha)
		return
	}
	for size := chunk / sizeOf[T](); len(dst) > size; dst, x, g = dst[size:], x[size:], g[size:] {
		f(dst[:size], x[:size], g[:size], alpha)
	}
	f(dst, x, g, alpha)
}

// split computes dst on n goroutines, this one included. Each takes one chunk
// after another, so that none waits long for one that started late. Elements do
// not depend on each other, so the result does not depend on who computed which.
func split[T Float](n int, f form[T], dst, x, g []T, alpha T) {
	var next atomic.Int64 // the first element that nobody has taken yet
	work := func() {
		size := chunk / sizeOf[T]()
		for {
			hi := int(next.Add(int64(size)))
			lo := hi - size
			if lo >= len(dst) {
				return
			}
			hi = min(hi, len(dst))
			f(dst[lo:hi], x[lo:hi], g[lo:hi], alpha)
		}
	}
	var others sync.WaitGroup
	others.Add(n - 1)
	for range n - 1 {
		go func() {
			defer others.Done()
			work()
		}()
	}
	work()
	others.Wait()
}

// footprint is the size of the memory that dst, x and g lie in.
func footprint[T Float](dst, x, g []T) int {
	d, xs, gs := unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(g)
	slices := 1
	if xs != d {
		slices++
	}
	if gs != d && gs != xs {
		slices++
	}
	return slices * len(dst) * sizeOf[T]()
}

// sizeOf returns the size of a T.
func sizeOf[T Float]() int {
	return int(unsafe.Sizeof(*new(T)))
}
