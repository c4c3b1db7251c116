package kernel

import (
	"runtime"
	"sync"
	"unsafe"
)

// splitFrom is the size of dst, in bytes, from which a second goroutine pays.
const splitFrom = 1 << 20

// split runs f over dst in contiguous parts, one for each processor that Go
// may use, and returns when all are done. Elements do not depend on each
// other, so neither does the result on the split.
func split[T Float](f form, dst, x, g []T, alpha T) {
	parts := min(runtime.GOMAXPROCS(0), sizeOf(dst)/(splitFrom/2))
	if parts < 2 {
		run(f, dst, x, g, alpha)
		return
	}
	d, xs, gs := noescape(dst), noescape(x), noescape(g)
	part := func(i int) {
		lo, hi := i*len(d)/parts, (i+1)*len(d)/parts
		run(f, d[lo:hi], xs[lo:hi], gs[lo:hi], alpha)
	}
	var others sync.WaitGroup
	others.Add(parts - 1)
	for i := 1; i < parts; i++ {
		go func() {
			defer others.Done()
			part(i)
		}()
	}
	part(0)
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
