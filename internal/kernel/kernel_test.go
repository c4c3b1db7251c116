package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"
	"weak"
)

var alphas = []float64{0, 0.01, 0.2, 1, 2, -0.5}

// definition is gate as the package comment states it.
func definition[T Float](x, g, alpha T) T {
	if x > 0 {
		return g
	}
	return alpha * g
}

// expected is what dst, which held old, must hold after f.
func expected[T Float](f form, old, x, g, alpha T) T {
	v := definition(x, g, alpha)
	if f == accumulate {
		// v is rounded before the sum: it was returned by a function that
		// converts, and so may not be fused.
		return old + T(v)
	}
	return v
}

// same tells whether got is want, bit for bit. The one exception: in a sum of
// two NaNs, IEEE 754 leaves open which one's payload the result carries, and
// processors and compilers differ.
func same[T Float](f form, got, want, old, v T) bool {
	if f == accumulate && old != old && v != v {
		return got != got
	}
	return bitsOf(got) == bitsOf(want)
}

func bitsOf[T Float](v T) uint64 {
	if unsafe.Sizeof(v) == 4 {
		return uint64(*(*uint32)(unsafe.Pointer(&v)))
	}
	return *(*uint64)(unsafe.Pointer(&v))
}

// fill writes random bit patterns: every third is special, the others are
// uniform over all patterns, so that many are NaN or subnormal too.
func fill[T Float](random *rand.Rand, s []T) {
	for i := range s {
		if unsafe.Sizeof(s[i]) == 4 {
			b := random.Uint32()
			if b%3 == 0 {
				b = special32[b/3%uint32(len(special32))]
			}
			*(*uint32)(unsafe.Pointer(&s[i])) = b
		} else {
			b := random.Uint64()
			if b%3 == 0 {
				b = special64[b/3%uint64(len(special64))]
			}
			*(*uint64)(unsafe.Pointer(&s[i])) = b
		}
	}
}

// Zeros, infinities, quiet and signalling NaNs, the smallest and largest
// subnormals, the smallest and largest normals, ones; of both signs.
var special32 = []uint32{
	0, 1 << 31,
	0x7F800000, 0xFF800000,
	0x7FC00001, 0xFFC00002, 0x7F800003, 0xFF800004,
	1, 0x80000001, 0x007FFFFF, 0x807FFFFF,
	0x00800000, 0x80800000, 0x7F7FFFFF, 0xFF7FFFFF,
	0x3F800000, 0xBF800000,
}

var special64 = []uint64{
	0, 1 << 63,
	0x7FF0000000000000, 0xFFF0000000000000,
	0x7FF8000000000001, 0xFFF8000000000002, 0x7FF0000000000003, 0xFFF0000000000004,
	1, 0x8000000000000001, 0x000FFFFFFFFFFFFF, 0x800FFFFFFFFFFFFF,
	0x0010000000000000, 0x8010000000000000, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF,
	0x3FF0000000000000, 0xBFF0000000000000,
}

// A sharing says which of the three slices are one and the same.
type sharing struct {
	name                 string
	xIsG, dstIsX, dstIsG bool
}

var sharings = []sharing{
	{"separate", false, false, false},
	{"x=g", true, false, false},
	{"dst=x", false, true, false},
	{"dst=g", false, false, true},
	{"dst=x=g", true, true, true},
}

// A rig is three guarded buffers, and a copy of what they held.
type rig[T Float] struct {
	dst, x, g   []T
	old, xs, gs []T
}

func newRig[T Float](t testing.TB, n int) *rig[T] {
	buffer := func() []T {
		b := guarded(t, n*int(unsafe.Sizeof(*new(T))))
		return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))
	}
	b := &rig[T]{dst: buffer(), x: buffer(), g: buffer()}
	random := rand.New(rand.NewPCG(1, uint64(n)))
	for _, s := range [][]T{b.dst, b.x, b.g} {
		fill(random, s)
	}
	return b
}

// check calls compute on n elements that end gap elements before the end of
// their buffers, and compares all of the buffers with what they should hold.
func (b *rig[T]) check(t *testing.T, f form, s sharing, n, gap int, alpha T, compute func(dst, x, g []T, alpha T)) {
	t.Helper()
	end := len(b.dst) - gap
	lo := end - n
	dst, x, g := b.dst, b.x, b.g
	if s.xIsG {
		g = x
	}
	if s.dstIsX {
		dst = x
	} else if s.dstIsG {
		dst = g
	}
	// What may be written and a margin of both sides.
	from, to := max(lo-32, 0), min(end+32, len(dst))
	b.old = append(b.old[:0], dst[from:to]...)
	b.xs = append(b.xs[:0], x[from:to]...)
	b.gs = append(b.gs[:0], g[from:to]...)
	compute(dst[lo:end:end], x[lo:end:end], g[lo:end:end], alpha)
	for i := from; i < to; i++ {
		old, xv, gv := b.old[i-from], b.xs[i-from], b.gs[i-from]
		want, v := old, T(0)
		if lo <= i && i < end {
			want, v = expected(f, old, xv, gv, alpha), definition(xv, gv, alpha)
		}
		if !same(f, dst[i], want, old, v) {
			t.Fatalf("form %d, %s, %T, n=%d, gap=%d, alpha=%v, element %d of %d: dst was %#x, x=%#x, g=%#x; got %#x, want %#x",
				f, s.name, alpha, n, gap, alpha, i-lo, n, bitsOf(old), bitsOf(xv), bitsOf(gv), bitsOf(dst[i]), bitsOf(want))
		}
	}
	copy(dst[from:to], b.old)
}

func TestForms(t *testing.T) {
	forEachImplementation(t, func(t *testing.T) {
		t.Run("float32", testForms[float32])
		t.Run("float64", testForms[float64])
	})
}

// Every length up to several blocks, ending at a guard page, before it at
// every offset from a vector boundary, and beginning at one.
func testForms[T Float](t *testing.T) {
	const longest = 300
	gaps := 17
	if testing.Short() {
		gaps = 3
	}
	b := newRig[T](t, longest+32)
	for n := 0; n <= longest; n++ {
		for _, f := range []form{store, stream, accumulate} {
			for _, s := range sharings {
				if f == stream && (s.dstIsX || s.dstIsG) {
					continue // not what the form is for
				}
				for _, alpha := range alphas {
					compute := func(dst, x, g []T, alpha T) { run(f, dst, x, g, alpha) }
					for gap := range gaps {
						b.check(t, f, s, n, gap, T(alpha), compute)
					}
					b.check(t, f, s, n, len(b.dst)-n, T(alpha), compute)
				}
			}
		}
	}
}

// The exported functions around the lengths from which they split over
// goroutines and from which they stream.
func TestThresholds(t *testing.T) {
	forEachImplementation(t, func(t *testing.T) {
		t.Run("float32", testThresholds[float32])
		t.Run("float64", testThresholds[float64])
	})
}

func testThresholds[T Float](t *testing.T) {
	size := int(unsafe.Sizeof(*new(T)))
	// Three slices, two or one reach wakeFrom together.
	froms := []int{splitFrom / size, wakeFrom / 3 / size, wakeFrom / 2 / size, wakeFrom / size, streamFrom / size}
	if testing.Short() {
		froms = froms[:4]
	}
	b := newRig[T](t, froms[len(froms)-1]+64)
	for i, from := range froms {
		for j, c := range []struct {
			n, procs int
			sharing
		}{
			{from - 1, 1, sharings[0]},
			{from, 1, sharings[0]},
			{from, 2, sharings[1]},
			{from + 1, 3, sharings[2]},
			{from + 2, 2, sharings[3]},
			{from + 37, 3, sharings[0]},
		} {
			t.Run(fmt.Sprintf("n=%d,procs=%d", c.n, c.procs), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.procs))
				alpha := T(alphas[(i+j)%len(alphas)])
				b.check(t, store, c.sharing, c.n, j, alpha, Gate[T])
				b.check(t, accumulate, c.sharing, c.n, j, alpha, GateAdd[T])
			})
		}
	}
}

// Long calls from several goroutines at once, each one after another, so that
// helpers go from call to call: none gets another's result, and in the end no
// goroutine is left behind.
func TestConcurrentCalls(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	time.Sleep(10 * time.Millisecond) // for the helpers of earlier tests to end
	before := runtime.NumGoroutine()
	const n = splitFrom / 4 * 3 / 2
	x := make([]float32, n)
	fill(rand.New(rand.NewPCG(1, 2)), x)
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			dst := make([]float32, n)
			for round := range rounds {
				alpha := float32(caller) - float32(round)/8
				for range 1 + round%3 {
					Gate(dst, x, x, alpha)
				}
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

// Arguments on the caller's stack stay there, and nothing else is allocated.
func TestNoAllocation(t *testing.T) {
	forEachImplementation(t, func(t *testing.T) {
		t.Run("float32", testNoAllocation[float32])
		t.Run("float64", testNoAllocation[float64])
	})
}

func testNoAllocation[T Float](t *testing.T) {
	var y T
	long := make([]T, splitFrom)
	allocs := testing.AllocsPerRun(10, func() { // with GOMAXPROCS=1
		Gate(long, long, long, 0.5)
		GateAdd(long, long, long, 0.5)
		x := [64]T{63: -2}
		var dst [64]T
		Gate(dst[:], x[:], x[:], 0.5)
		GateAdd(dst[:], x[:], x[:], 0.5)
		y = dst[63]
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if y != -2 {
		t.Errorf("got %v, want -2", y)
	}
	if raceDetector {
		return // jobs are allocated anew, at random
	}
	// AllocsPerRun sets GOMAXPROCS to 1. Here several goroutines work.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var before, after runtime.MemStats
	const runs = 100
	Gate(long, long, long, 0.5)
	runtime.ReadMemStats(&before)
	for range runs {
		Gate(long, long, long, 0.5)
	}
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n >= runs {
		t.Errorf("%d allocations in %d calls on several goroutines", n, runs)
	}
}

// Jobs that are kept for later calls don't keep the slices of earlier ones.
func TestSlicesAreLetGo(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	used := func() weak.Pointer[float32] {
		x := make([]float32, splitFrom/4)
		Gate(x, x, x, 0.5)
		return weak.Make(&x[0])
	}()
	runtime.GC() // a second one would let go of the job itself
	if used.Value() != nil {
		t.Error("a slice outlives the call that used it")
	}
}

func TestLengthsMustAgree(t *testing.T) {
	for _, c := range []struct{ dst, x, g int }{{65, 64, 65}, {65, 65, 64}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("lengths %v: no panic", c)
				}
			}()
			Gate(make([]float32, c.dst), make([]float32, c.x), make([]float32, c.g), 0.5)
		}()
	}
}

// The definition itself, on values from outside this package: PyTorch 1.13's
// leaky_relu and leaky_relu_backward.
func TestPublished(t *testing.T) {
	inf, nan, negativeZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct{ x, g, alpha, want float64 }{
		{3, 3, 0.5, 3},
		{-3, -3, 0.5, -1.5},
		{0, 7, 0.5, 3.5},
		{negativeZero, negativeZero, 0.5, negativeZero},
		{negativeZero, 7, 0.5, 3.5},
		{inf, inf, 0.5, inf},
		{-inf, -inf, 0.5, -inf},
		{-inf, -inf, 0, nan},
		{nan, 7, 0.5, 3.5},
		{nan, nan, 0.5, nan},
		{-2, -2, -0.5, 1},
		{-2, -2, 2, -4},
	} {
		dst := []float64{0}
		Gate(dst, []float64{c.x}, []float64{c.g}, c.alpha)
		if got := dst[0]; got != c.want && !(got != got && c.want != c.want) || math.Signbit(got) != math.Signbit(c.want) && got == got {
			t.Errorf("gate(%v, %v), alpha %v: got %v, want %v", c.x, c.g, c.alpha, got, c.want)
		}
	}
}
