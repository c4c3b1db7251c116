package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// These are variables so that tests can lower them. chunk and splitFrom are in
// bytes.
var (
	// chunk is the longest part of dst that one call of an implementation
	// computes. Go can't interrupt assembly: not to run another goroutine, and
	// not to stop all goroutines for the garbage collector. The chunks cost no
	// time: on an EPYC a call took 0.98 to 1.00 times as long at 2^16 to 2^24.
	chunk = 64 << 10

	// A call that reads and writes splitFrom bytes runs on two goroutines. Each
	// further half of splitFrom adds a goroutine. On two cores of an EPYC with
	// a third-level cache of 32 MiB, two goroutines took 1.1 to 1.4 times as
	// long as one at 8 MiB, 0.95 to 1.0 times at 16 MiB, 0.6 to 0.9 times at 24
	// MiB. In a training step on 2^22 and 2^23 float32, the time that the
	// activation adds became 0.7 times as long. BenchmarkSplit measures this.
	splitFrom = 16 << 20

	// maxGoroutines leaves processors to the rest of the program. A few cores
	// already use the full bandwidth of the memory.
	maxGoroutines = 8
)

// apply computes dst with f, on one goroutine or several.
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

// split computes dst on n goroutines, including the caller's. Each goroutine
// takes the next free chunk until none is left. So the others do not wait long
// for a goroutine that starts late. The result does not depend on which
// goroutine computes which chunk.
func split[T Float](n int, f form[T], dst, x, g []T, alpha T) {
	var next atomic.Int64 // the first element that is not taken yet
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

// footprint returns the number of bytes that dst, x and g occupy together.
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

// sizeOf returns the size of a T in bytes.
func sizeOf[T Float]() int {
	return int(unsafe.Sizeof(*new(T)))
}
