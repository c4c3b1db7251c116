package kernel

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"
)

var alphas = []float64{0, 0.01, 0.2, 1, 2, -0.5}

// definition computes gate as the package comment defines it.
func definition[T Float](x, g, alpha T) T {
	if x > 0 {
		return g
	}
	return alpha * g
}

// expected returns the element that dst must have after Gate, or after GateAdd
// if add is set. Before the call it was old.
func expected[T Float](add bool, old, x, g, alpha T) T {
	v := definition(x, g, alpha)
	if add {
		// The conversion rounds v before the sum, so Go can't fuse product and
		// sum.
		return old + T(v)
	}
	return v
}

// same reports whether got and want have the same bits. There is one exception:
// the payload of a sum of two NaNs. IEEE 754 does not define it, and processors
// and compilers differ.
func same[T Float](add bool, got, want, old, v T) bool {
	if add && old != old && v != v {
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

// fill writes random bit patterns. A third of them are special patterns. The
// others are uniform over all patterns, so a few of them are NaN or subnormal
// too.
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

// special32 and special64 have zeros, infinities, quiet and signalling NaNs,
// the smallest and largest subnormals, the smallest and largest normals, and
// ones, each with both signs.
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

// A sharing says which of the three slices are the same slice.
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

// A rig has three guarded buffers, and a copy of their elements before a call.
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

// check calls compute on n elements of each buffer that end gap elements before
// its end. Then it compares these elements, and 32 elements on both sides, with
// the expected ones.
func (b *rig[T]) check(t *testing.T, add bool, s sharing, n, gap int, alpha T, compute form[T]) {
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
	// from and to add a margin on both sides.
	from, to := max(lo-32, 0), min(end+32, len(dst))
	b.old = append(b.old[:0], dst[from:to]...)
	b.xs = append(b.xs[:0], x[from:to]...)
	b.gs = append(b.gs[:0], g[from:to]...)
	compute(dst[lo:end:end], x[lo:end:end], g[lo:end:end], alpha)
	for i := from; i < to; i++ {
		old, xv, gv := b.old[i-from], b.xs[i-from], b.gs[i-from]
		want, v := old, T(0)
		if lo <= i && i < end {
			want, v = expected(add, old, xv, gv, alpha), definition(xv, gv, alpha)
		}
		if !same(add, dst[i], want, old, v) {
			t.Fatalf("add %v, %s, %T, n=%d, gap=%d, alpha=%v, element %d of %d: dst was %#x, x=%#x, g=%#x; got %#x, want %#x",
				add, s.name, alpha, n, gap, alpha, i-lo, n, bitsOf(old), bitsOf(xv), bitsOf(gv), bitsOf(dst[i]), bitsOf(want))
		}
	}
	copy(dst[from:to], b.old)
}

// sizes replaces the sizes of parallel.go until the test ends.
func sizes(t testing.TB, newChunk, newSplitFrom, newMaxGoroutines int) {
	c, s, m := chunk, splitFrom, maxGoroutines
	t.Cleanup(func() { chunk, splitFrom, maxGoroutines = c, s, m })
	chunk, splitFrom, maxGoroutines = newChunk, newSplitFrom, newMaxGoroutines
}

// stream turns on streaming stores for dst of every size until the test ends.
func stream(t testing.TB) {
	old := streamFrom
	t.Cleanup(func() { streamFrom = old })
	streamFrom = 0
}

// processors sets GOMAXPROCS until the test ends.
func processors(t testing.TB, n int) {
	old := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(old) })
}
