package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 compares into a mask and multiplies under it: what the mask leaves
// out stays g. It needs AVX512F alone.
//
// On a Xeon it takes 0.5 times as long as AVX2 in the first-level cache and 0.67
// times in the second. Without it oneDNN, which has it too, would be ahead there.
// On an EPYC (Zen 4) there is no difference: internal/peerbench compares.
type avx512 struct{}

// notLess is the predicate "not less than, or unordered", quiet. With zero as
// the first operand and x as the second it is the complement of x > 0.
const notLess = 0x15

var (
	alpha512 = reg.Z31
	zero512  = reg.Z30
)

func (avx512) name() string { return "AVX512" }
func (avx512) width() int   { return 64 }

func (avx512) constants(t float, alpha Mem) {
	VPXORD(zero512, zero512, zero512)
	t.broadcast(alpha, alpha512)
}

func (avx512) vector(t float, f form, dst, x, g Mem) {
	v, scaled := ZMM(), K()
	t.move(g, v)
	t.compare(Imm(notLess), x, zero512, scaled)
	t.multiply(alpha512, v, scaled, v)
	if f == gateAdd {
		t.add(dst, v, v)
	}
	if f == gateStream {
		VMOVNTPS(v, dst)
	} else {
		t.move(v, dst)
	}
}

func (avx512) tail(t float, f form, dst, x, g reg.Register) {
	bits, first := GP32(), K()
	MOVL(U32(1), bits)
	SHLL(reg.CL, bits)
	DECL(bits)
	JZ(LabelRef("done"))
	KMOVW(bits, first)

	v, sign, scaled := ZMM(), ZMM(), K()
	t.moveOrZero(Mem{Base: g}, first, v)
	t.moveOrZero(Mem{Base: x}, first, sign)
	t.compare(Imm(notLess), sign, zero512, scaled)
	t.multiply(alpha512, v, scaled, v)
	if f == gateAdd {
		t.add(Mem{Base: dst}, v, first, v)
	}
	t.move(v, first, Mem{Base: dst})
	Label("done")
}
