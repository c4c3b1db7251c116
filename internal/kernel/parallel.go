package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// splitFrom is how many bytes a call reads and writes, each counted once, from
// which a second goroutine pays. Measured on two cores with 2 MiB of
// second-level cache each: half as much stays in the cache of one core, and in
// place waking the other one took longer than it saved. BenchmarkSplit and
// BenchmarkOneCore compare.
const splitFrom = 4 << 20

// footprint is the size, in bytes, of the memory that dst, x and g lie in.
func footprint[T Float](dst, x, g []T) int {
	slices := 1
	if unsafe.SliceData(x) != unsafe.SliceData(dst) {
		slices++
	}
	if p := unsafe.SliceData(g); p != unsafe.SliceData(dst) && p != unsafe.SliceData(x) {
		slices++
	}
	return slices * sizeOf(dst)
}

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
	helpers := min(runtime.GOMAXPROCS(0), (sizeOf(dst)+chunk-1)/chunk) - 1
	if helpers == 0 {
		run(f, dst, x, g, alpha)
		return
	}
	jobs := jobsOf[T]()
	j := jobs.Get().(*job[T])
	j.f, j.dst, j.x, j.g, j.alpha = f, noescape(dst), noescape(x), noescape(g), alpha
	j.taken.Store(0)
	// The goroutine that was started last waits for this processor: others take
	// it only after a sleep, which here and there lasts as long as the work. So
	// start one more than there are processors for.
	j.helpers.Add(helpers + 1)
	for range helpers + 1 {
		go j.help()
	}
	j.work()
	j.helpers.Wait()
	j.dst, j.x, j.g = nil, nil, nil
	jobs.Put(j)
}

// job is one call of split. Its goroutines share it, so it lives on the heap;
// jobs that are done are kept for later calls, which then allocate nothing.
type job[T Float] struct {
	f         form
	dst, x, g []T
	alpha     T
	taken     atomic.Int64 // elements
	helpers   sync.WaitGroup
	help      func() // work, on another goroutine
}

var (
	jobs32 = sync.Pool{New: newJob[float32]}
	jobs64 = sync.Pool{New: newJob[float64]}
)

func jobsOf[T Float]() *sync.Pool {
	if unsafe.Sizeof(T(0)) == 4 {
		return &jobs32
	}
	return &jobs64
}

func newJob[T Float]() any {
	j := new(job[T])
	j.help = func() {
		defer j.helpers.Done()
		j.work()
	}
	return j
}

// work takes chunks until there are none left.
func (j *job[T]) work() {
	n := chunk / int(unsafe.Sizeof(j.alpha))
	for {
		hi := int(j.taken.Add(int64(n)))
		lo := hi - n
		if lo >= len(j.dst) {
			return
		}
		hi = min(hi, len(j.dst))
		run(j.f, j.dst[lo:hi], j.x[lo:hi], j.g[lo:hi], j.alpha)
	}
}

// noescape hides s from escape analysis, which would otherwise conclude from
// the job that every caller of Gate must have its slices on the heap, 64
// elements on the stack included.
//
// A goroutine must not see another's stack, which moves. It never does: the
// slices are a third of splitFrom long or longer, and Go puts no variable above
// 128 KiB on a stack.
func noescape[T Float](s []T) []T {
	address := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return unsafe.Slice(*(**T)(unsafe.Pointer(&address)), len(s))
}
