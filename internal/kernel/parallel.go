package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// Two sizes decide who works on a call, both measured on two cores with 2 MiB
// of second-level cache each (BenchmarkSplit and BenchmarkOneCore compare).
const (
	// splitFrom is the size of dst, in bytes, from which a helper pays that is
	// awake: half of it takes ten times as long as calling one.
	splitFrom = 256 << 10
	// wakeFrom is how many bytes a call reads and writes, each counted once,
	// from which a helper pays that has to be started. That costs the caller
	// 20 µs, and the helper begins 20 µs after that.
	wakeFrom = 4 << 20
)

// chunk is the size, in bytes, of what a goroutine takes at a time: large
// against the cost of taking it, small against the work. It is a multiple of
// every vector, so that aligned slices have aligned chunks.
const chunk = 32 << 10

// split runs f over dst on as many goroutines as Go may run at once, and
// returns when all of dst is done. Each has a share of the chunks and takes
// one after another; when it is through, it goes on with what is left of the
// others'. So a repeated call mostly finds the same share in the same core's
// cache, and a helper that comes late, or not at all, is not waited for.
//
// Elements do not depend on each other, so the result does not depend on who
// computed which.
func split[T Float](f form, dst, x, g []T, alpha T) {
	n := min(runtime.GOMAXPROCS(0), sizeOf(dst)/(splitFrom/2))
	if n == 1 {
		run(f, dst, x, g, alpha)
		return
	}
	jobs := jobsOf[T]()
	j := jobs.Get().(*job[T])
	j.f, j.dst, j.x, j.g, j.alpha = f, noescape(dst), noescape(x), noescape(g), alpha
	for len(j.workers) < n {
		j.workers = append(j.workers, newWorker(j, len(j.workers)))
	}
	j.team = j.workers[:n]
	chunks := (sizeOf(dst)-1)/chunk + 1
	for i, w := range j.team {
		w.next.Store(int64(chunks * i / n))
		w.end = int64(chunks * (i + 1) / n)
	}

	// Where calls follow each other so closely that a helper is still awake for
	// the next one, starting it pays at any size.
	mayStart := footprint(dst, x, g) >= wakeFrom || time.Since(j.ended) < linger
	for _, w := range j.team[1:] {
		w.call(mayStart)
	}
	j.work(0)
	for _, w := range j.team[1:] {
		w.wait()
	}
	j.ended = time.Now()
	j.dst, j.x, j.g = nil, nil, nil
	jobs.Put(j)
}

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

// job is what the goroutines of a call share, and so lives on the heap. It is
// kept for later calls, which then allocate nothing.
type job[T Float] struct {
	f         form
	dst, x, g []T
	alpha     T

	workers []*worker // the caller and the helpers it has had
	team    []*worker // those of this call
	ended   time.Time // of the last call
}

// worker is the part of one goroutine in a job.
type worker struct {
	next atomic.Int64 // chunk of its share that nobody has taken yet
	end  int64        // of its share
	helper
	_ cpu.CacheLinePad // between the next of one worker and that of another
}

var (
	jobs32 = sync.Pool{New: func() any { return new(job[float32]) }}
	jobs64 = sync.Pool{New: func() any { return new(job[float64]) }}
)

func jobsOf[T Float]() *sync.Pool {
	if unsafe.Sizeof(T(0)) == 4 {
		return &jobs32
	}
	return &jobs64
}

func newWorker[T Float](j *job[T], i int) *worker {
	w := new(worker)
	w.help = func() { w.serve(func() { j.work(i) }) }
	return w
}

// work is what worker i of the team does.
func (j *job[T]) work(i int) {
	n := chunk / int(unsafe.Sizeof(j.alpha))
	for k := range j.team {
		w := j.team[(i+k)%len(j.team)]
		for c := w.take(); c < w.end; c = w.take() {
			lo := int(c) * n
			hi := min(lo+n, len(j.dst))
			run(j.f, j.dst[lo:hi], j.x[lo:hi], j.g[lo:hi], j.alpha)
		}
	}
}

// take returns the next chunk of w's share, or w.end or more if there is none:
// then it leaves w alone, which another core may have in its cache.
func (w *worker) take() int64 {
	if c := w.next.Load(); c >= w.end {
		return c
	}
	return w.next.Add(1) - 1
}

// noescape hides s from escape analysis, which would otherwise conclude from
// the job that every caller of Gate must have its slices on the heap, 64
// elements on the stack included.
//
// A goroutine must not see another's stack, which moves. Slices as long as
// splitFrom are on none: Go puts no variable above 128 KiB there but array
// parameters and results, which Gate does not accept.
func noescape[T Float](s []T) []T {
	address := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return unsafe.Slice(*(**T)(unsafe.Pointer(&address)), len(s))
}
