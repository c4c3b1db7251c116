package main

import (
	"sync"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2 computes αg and blends it with g. Instructions that only move bits are
// the same for both element types.
type avx2 struct{}

// less is the predicate "less than", quiet, false where unordered. With zero
// as the first operand and x as the second it is x > 0.
const less = 0x11

var (
	alpha256 = reg.Y15
	zero256  = reg.Y14
)

func (avx2) name() string { return "AVX2" }
func (avx2) width() int   { return 32 }

func (avx2) constants(t float, alpha Mem) {
	VXORPS(zero256, zero256, zero256)
	t.broadcast(alpha, alpha256)
}

func (avx2) vector(t float, f form, dst, x, g Mem) {
	gv, v, positive := YMM(), YMM(), YMM()
	VMOVUPS(g, gv)
	t.multiply(alpha256, gv, v)
	t.compare(Imm(less), x, zero256, positive)
	VBLENDVPS(positive, gv, v, v)
	switch f {
	case gate:
		VMOVUPS(v, dst)
	case gateStream:
		VMOVNTPS(v, dst)
	case gateAdd:
		t.add(dst, v, v)
		VMOVUPS(v, dst)
	}
}

func (avx2) partial(t float, f form, dst, x, g Mem) {
	middle, first := GP64(), YMM()
	LEAQ(onesThenZeros().Offset(32), middle)
	NEGQ(reg.RCX)
	VMOVUPS(Mem{Base: middle, Index: reg.RCX, Scale: uint8(t.size)}, first)

	gv, v, sign, positive, sum := YMM(), YMM(), YMM(), YMM(), YMM()
	VMASKMOVPS(g, first, gv)
	VMASKMOVPS(x, first, sign)
	t.multiply(alpha256, gv, v)
	t.compare(Imm(less), sign, zero256, positive)
	VBLENDVPS(positive, gv, v, v)
	if f == gateAdd {
		VMASKMOVPS(dst, first, sum)
		t.add(sum, v, v)
	}
	VMASKMOVPS(v, first, dst)
}

// onesThenZeros declares a table of 32 bytes of ones, then 32 of zeros: the
// 32 bytes that start n elements before its middle select the first n.
var onesThenZeros = sync.OnceValue(func() Mem {
	table := GLOBL("onesThenZeros", RODATA|NOPTR)
	for at := 0; at < 64; at += 8 {
		ones := ^uint64(0)
		if at >= 32 {
			ones = 0
		}
		DATA(at, U64(ones))
	}
	return table
})
