package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// splitFrom is the size of dst, in bytes, from which a second goroutine pays.
// Measured on two cores: at 2 MiB, waking the other core and moving the data
// there took as long as it saved, and in place longer; at 4 MiB two cores were
// 1.1 (in place) to 1.5 times as fast as one, at 64 MiB twice. BenchmarkSplit
// and BenchmarkOneCore compare. It is at most streamFrom.
const splitFrom = 4 << 20

// chunk is the size, in bytes, of what a goroutine takes at a time: large
// against the cost of taking it, small against the work. It is a multiple of
// every vector, so that aligned slices have aligned chunks.
const chunk = 256 << 10

// split runs f over dst on as many goroutines as Go may run at once, and
// returns when all are done. They take chunk after chunk: one that starts
// late, on a processor that was asleep or busy, leaves the work to the
// others. Elements do not depend on each other, so the result does not depend
// on who computed which.
func split[T Float](f form, dst, x, g []T, alpha T) {
	n := chunk / int(unsafe.Sizeof(alpha))
	helpers := min(runtime.GOMAXPROCS(0), (len(dst)+n-1)/n) - 1
	if helpers == 0 {
		run(f, dst, x, g, alpha)
		return
	}
	d, xs, gs := noescape(dst), noescape(x), noescape(g)
	var taken atomic.Int64
	work := func() {
		for {
			hi := int(taken.Add(int64(n)))
			lo := hi - n
			if lo >= len(d) {
				return
			}
			hi = min(hi, len(d))
			run(f, d[lo:hi], xs[lo:hi], gs[lo:hi], alpha)
		}
	}
	var others sync.WaitGroup
	others.Add(helpers)
	for range helpers {
		go func() {
			defer others.Done()
			work()
		}()
	}
	work()
	others.Wait()
}

// noescape hides s from escape analysis, which would otherwise conclude from
// split's goroutines that every caller of Gate must have its slices on the
// heap, 64 elements on the stack included.
//
// A goroutine must not see another's stack, which moves. It never does: the
// slices are at least splitFrom bytes long, and Go puts no variable above
// 128 KiB on a stack. They live on, because split's caller holds them.
func noescape[T Float](s []T) []T {
	address := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return unsafe.Slice(*(**T)(unsafe.Pointer(&address)), len(s))
}
