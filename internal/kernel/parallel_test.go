package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// The result must not depend on how a slice is divided. The lengths are around
// one to eight chunks, for one to four goroutines.
func TestDividedSlices(t *testing.T) {
	forEachImplementation(t, func(t *testing.T) {
		t.Run("float32", testDividedSlices[float32])
		t.Run("float64", testDividedSlices[float64])
		stream(t)
		t.Run("stream float32", testDividedSlices[float32])
		t.Run("stream float64", testDividedSlices[float64])
	})
}

func testDividedSlices[T Float](t *testing.T) {
	const perChunk = 128 // elements; two goroutines from 4 chunks on
	size := sizeOf[T]()
	sizes(t, perChunk*size, 4*perChunk*size, 4)
	b := newRig[T](t, 9*perChunk)
	for _, procs := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprintf("procs=%d", procs), func(t *testing.T) {
			processors(t, procs)
			for chunks := 1; chunks <= 8; chunks++ {
				for _, more := range []int{-17, -1, 0, 1, 17} {
					for i, s := range sharings {
						n, alpha := chunks*perChunk+more, T(alphas[(chunks+i)%len(alphas)])
						b.check(t, false, s, n, i, alpha, Gate[T])
						b.check(t, true, s, n, i, alpha, GateAdd[T])
					}
				}
			}
		})
	}
}

// A call of an implementation works on at most 64 KiB, because Go can't
// interrupt assembly. Together the calls compute each element once.
func TestCallLength(t *testing.T) {
	t.Run("float32", testCallLength[float32])
	t.Run("float64", testCallLength[float64])
}

func testCallLength[T Float](t *testing.T) {
	const most = 64 << 10
	size := sizeOf[T]()
	for _, procs := range []int{1, 3} {
		for _, bytes := range []int{0, size, most - size, most, most + size, 2 * most, 5*most + 3*size, splitFrom + 7*size} {
			n := bytes / size
			x, computed := make([]T, n), make([]int, n)
			var m sync.Mutex
			observe := func(dst, xs, g []T, alpha T) {
				m.Lock()
				defer m.Unlock()
				if got := len(dst) * size; got > most {
					t.Errorf("procs=%d, n=%d: a call for %d bytes, expected at most %d", procs, n, got, most)
				}
				if len(xs) != len(dst) || len(g) != len(dst) {
					t.Errorf("procs=%d, n=%d: a call with lengths %d, %d, %d", procs, n, len(dst), len(xs), len(g))
				}
				if len(dst) > 0 && (&dst[0] != &xs[0] || &dst[0] != &g[0]) {
					t.Errorf("procs=%d, n=%d: parts at different offsets", procs, n)
				}
				if alpha != 0.25 {
					t.Errorf("alpha is %v, expected 0.25", alpha)
				}
				if len(dst) > 0 {
					first := int(uintptr(unsafe.Pointer(&dst[0]))-uintptr(unsafe.Pointer(&x[0]))) / size
					for i := range dst {
						computed[first+i]++
					}
				}
			}
			t.Run(fmt.Sprintf("procs=%d,n=%d", procs, n), func(t *testing.T) {
				processors(t, procs)
				for _, compute := range []form[T]{Gate[T], GateAdd[T]} {
					clear(computed)
					intercept(t, observe)
					compute(x, x, x, 0.25)
					for i, times := range computed {
						if times != 1 {
							t.Fatalf("element %d is computed %d times", i, times)
						}
					}
				}
			})
		}
	}
}

// Gate uses streaming stores only if the slices are long, dst is neither x nor
// g, and dst begins at a cache line.
func TestStreamingStores(t *testing.T) {
	const n = 1 << 10
	old := streamFrom
	defer func() { streamFrom = old }()
	streamFrom = 4 * (n - 16)
	var streamed bool
	forms := chosenFor[float32]()
	intercept(t, func(dst, x, g []float32, alpha float32) {})
	forms.gateStream = func(dst, x, g []float32, alpha float32) { streamed = true }
	dst, x, g := make([]float32, 4*n), make([]float32, n), make([]float32, n)
	for uintptr(unsafe.Pointer(&dst[0]))%64 != 0 {
		dst = dst[1:]
	}
	dst = dst[:n]
	for _, c := range []struct {
		name      string
		dst, x, g []float32
		want      bool
	}{
		{"three slices", dst, x, g, true},
		{"x is g", dst, x, x, true},
		{"dst is x", x, x, g, false},
		{"dst is g", g, x, g, false},
		{"just long enough", dst[:n-16], x[:n-16], g[:n-16], true},
		{"too short", dst[:n-17], x[:n-17], g[:n-17], false},
		{"not at a cache line", dst[1:], x[1:], g[1:], false},
		{"in the middle of a cache line", dst[8:], x[8:], g[8:], false},
	} {
		streamed = false
		Gate(c.dst, c.x, c.g, 0.25)
		if streamed != c.want {
			t.Errorf("%s: streamed %v, expected %v", c.name, streamed, c.want)
		}
		streamed = false
		GateAdd(c.dst, c.x, c.g, 0.25)
		if streamed {
			t.Errorf("%s: a sum is streamed", c.name)
		}
	}
}

// intercept replaces all forms by f until the test ends.
func intercept[T Float](t testing.TB, f form[T]) {
	forms := chosenFor[T]()
	old := *forms
	t.Cleanup(func() { *forms = old })
	forms.gate, forms.gateStream, forms.gateAdd = f, f, f
}

// The number of goroutines depends on how much a call reads and writes, on
// GOMAXPROCS and on maxGoroutines.
func TestGoroutineCount(t *testing.T) {
	const n = 4096
	var buffers [3][n]float32
	dst, x, g := buffers[0][:], buffers[1][:], buffers[2][:]
	sizes(t, 256, 4*n, 4)
	for _, c := range []struct {
		name      string
		procs     int
		dst, x, g []float32
		want      int
	}{
		{"one slice", 8, x, x, x, 2},
		{"less than one slice", 8, x[1:], x[1:], x[1:], 1},
		{"x is g", 8, dst, x, x, 4},
		{"dst is x", 8, x, x, g, 4},
		{"dst is g", 8, g, x, g, 4},
		{"three slices, of more than half", 8, dst[:n/2+1], x[:n/2+1], g[:n/2+1], 3},
		{"two slices, of half", 8, dst[:n/2], x[:n/2], x[:n/2], 2},
		{"two slices, of less than half", 8, dst[:n/2-1], x[:n/2-1], x[:n/2-1], 1},
		{"at most four", 8, dst, x, g, 4},
		{"two processors", 2, dst, x, g, 2},
		{"one processor", 1, dst, x, g, 1},
		{"nothing", 8, nil, nil, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			processors(t, c.procs)
			before := runtime.NumGoroutine()
			var working atomic.Int32
			var got int
			var once sync.Once
			all := make(chan bool)
			// The calls of f wait for each other. When the expected number of
			// calls has started, one of them is the caller's, so the caller has
			// started all goroutines.
			intercept(t, func(dst, x, g []float32, alpha float32) {
				if int(working.Add(1)) == c.want {
					once.Do(func() {
						got = runtime.NumGoroutine() - before + 1
						close(all)
					})
				}
				select {
				case <-all:
				case <-time.After(10 * time.Second):
					once.Do(func() { close(all) })
				}
			})
			Gate(c.dst, c.x, c.g, 0.25)
			if got != c.want {
				t.Errorf("%d goroutines, expected %d (0: fewer)", got, c.want)
			}
		})
	}
}

// Several goroutines make divided calls at the same time. Each must get its own
// result. After the calls return, their goroutines must end.
func TestConcurrentCalls(t *testing.T) {
	processors(t, 4)
	const n = 1500
	sizes(t, 512, 4*n/2, 4)
	before := runtime.NumGoroutine()
	x := make([]float32, n)
	fill(rand.New(rand.NewPCG(1, 2)), x)
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			dst := make([]float32, n)
			for round := range 200 {
				alpha := float32(caller) - float32(round)/8
				Gate(dst, x, x, alpha)
				for i := range dst {
					if want := definition(x[i], x[i], alpha); bitsOf(dst[i]) != bitsOf(want) {
						t.Errorf("alpha=%v, element %d: got %v, want %v", alpha, i, dst[i], want)
						return
					}
				}
			}
		}()
	}
	callers.Wait()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}

// A call that is not split allocates nothing.
func TestNoAllocation(t *testing.T) {
	forEachImplementation(t, func(t *testing.T) {
		t.Run("float32", testNoAllocation[float32])
		t.Run("float64", testNoAllocation[float64])
	})
}

func testNoAllocation[T Float](t *testing.T) {
	sizes(t, 1<<10, 1<<16, maxGoroutines)
	x := make([]T, (splitFrom-1)/sizeOf[T]())
	processors(t, 2)
	if allocs := testing.AllocsPerRun(10, func() {
		Gate(x, x, x, 0.5)
		GateAdd(x, x, x, 0.5)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
