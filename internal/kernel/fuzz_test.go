package kernel

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// FuzzGate compares Gate and GateAdd with the definition, bit by bit. Each
// slice begins at its own offset from a vector boundary.
func FuzzGate(f *testing.F) {
	quietNaN, signallingNaN := uint64(0x7FF8000000000001), uint64(0xFFF0000000000003)
	for i, alpha := range alphas {
		f.Add([]byte{0, 0, 0x80, 0x7F, 1, 0, 0xC0, 0x7F}, uint64(i), math.Float64bits(alpha), uint16(31*i), uint16(123*i), uint8(i), uint8(i), i%2 == 0)
	}
	// In every implementation, x is on both sides of the points where the
	// definition changes: 0, and between Inf and the next NaN.
	for _, x := range []uint64{0, 1, 0x80000000, 0x80000001, 0x7F800000, 0x7F800001, 1 << 63, 1<<63 | 1, 0x7FF0 << 48, 0x7FF0<<48 | 1} {
		head := binary.LittleEndian.AppendUint64(nil, x)
		head = binary.LittleEndian.AppendUint64(head, 0x3FF800003FC00000) // dy about 1.5 in both types
		for impl := range implementations {
			f.Add(head, x, math.Float64bits(0.2), uint16(1), uint16(0), uint8(0), uint8(impl), false)
		}
	}
	f.Add([]byte{}, quietNaN, math.Float64bits(-0x1p-1074), uint16(1), uint16(0x321), uint8(1), uint8(2), false)
	f.Add([]byte{1, 2, 3}, signallingNaN, math.Float64bits(math.MaxFloat64), uint16(4095), uint16(0xFFF), uint8(4), uint8(0), true)
	best := chosen
	f.Cleanup(func() { chosen = best })
	stream(f)
	sizes(f, 1<<10, 1<<13, 3) // so that many calls are divided
	f.Fuzz(func(t *testing.T, head []byte, seed, alpha uint64, n, offsets uint16, sharing, impl uint8, add bool) {
		if chosen = implementations[int(impl)%len(implementations)]; !chosen.supported {
			chosen = best
		}
		fuzzGate(t, head, seed, float32(math.Float64frombits(alpha)), int(n)%4096, offsets, sharing, add)
		fuzzGate(t, head, seed, math.Float64frombits(alpha), int(n)%4096, offsets, sharing, add)
	})
}

func fuzzGate[T Float](t *testing.T, head []byte, seed uint64, alpha T, n int, offsets uint16, sharing uint8, add bool) {
	if alpha-alpha != 0 {
		return // not finite: the operator returns an error
	}
	random := rand.New(rand.NewPCG(seed, 1))
	// Each slice begins 0 to 15 elements into its buffer. At least 17 elements
	// follow it.
	var buffers, before [3][]T
	var slices [3][]T
	for i := range buffers {
		buffers[i] = make([]T, n+32)
		fill(random, buffers[i])
		at := int(offsets >> (4 * i) & 15)
		slices[i] = buffers[i][at : at+n : at+n]
	}
	dst, x, g := slices[0], slices[1], slices[2]
	// The fuzzer's bytes become elements of x and g, in turn.
	for i := 0; (i+1)*8 <= len(head) && i/2 < n; i++ {
		fromBytes(slices[1+i%2], i/2, head[i*8:])
	}
	s := sharings[int(sharing)%len(sharings)]
	if s.xIsG {
		g = x
	}
	written := 0 // the buffer that dst is in
	switch {
	case s.dstIsX:
		dst, written = x, 1
	case s.dstIsG:
		dst, written = g, 2
	}
	for i := range buffers {
		before[i] = append([]T(nil), buffers[i]...)
	}
	compute := Gate[T]
	if add {
		compute = GateAdd[T]
	}
	olds, xs, gs := append([]T(nil), dst...), append([]T(nil), x...), append([]T(nil), g...)

	compute(dst, x, g, alpha)

	for i, got := range dst {
		v := definition(xs[i], gs[i], alpha)
		if want := expected(add, olds[i], xs[i], gs[i], alpha); !same(add, got, want, olds[i], v) {
			t.Fatalf("add %v, %s, %T, n=%d, alpha=%v, element %d: dst was %#x, x=%#x, g=%#x; got %#x, want %#x",
				add, s.name, alpha, n, alpha, i, bitsOf(olds[i]), bitsOf(xs[i]), bitsOf(gs[i]), bitsOf(got), bitsOf(want))
		}
	}
	copy(dst, olds)
	for b := range buffers {
		for i := range buffers[b] {
			if bitsOf(buffers[b][i]) != bitsOf(before[b][i]) {
				t.Fatalf("%s, %T, n=%d: buffer %d changed at %d, dst being in buffer %d", s.name, alpha, n, b, i, written)
			}
		}
	}
}

// fromBytes sets s[i] to the bits at the beginning of b.
func fromBytes[T Float](s []T, i int, b []byte) {
	v := binary.LittleEndian.Uint64(b)
	switch s := any(s).(type) {
	case []float32:
		s[i] = math.Float32frombits(uint32(v))
	case []float64:
		s[i] = math.Float64frombits(v)
	}
}
