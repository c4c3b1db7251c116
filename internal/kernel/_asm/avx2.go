package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2 computes αg and selects αg or g with a blend. Both element types use the
// same instructions to move and blend bits.
type avx2 struct{}

// less is the comparison "less than", quiet, and false for NaN. The first
// operand is zero and the second is x, so it computes x > 0.
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
	if f == gateAdd {
		t.add(dst, v, v)
	}
	if f == gateStream {
		VMOVNTPS(v, dst)
	} else {
		VMOVUPS(v, dst)
	}
}

// tail uses vectors of 16, 8 and 4 bytes. Masked moves would be shorter. But
// according to AMD's manual, they may fault at addresses outside the mask.
func (avx2) tail(t float, f form, dst, x, g reg.Register) {
	for _, half := range []struct {
		bytes int
		move  func(...Op)
	}{{16, VMOVUPS}, {8, VMOVSD}, {4, VMOVSS}} {
		if half.bytes < t.size {
			break
		}
		next := fmt.Sprintf("below%d", half.bytes)
		TESTQ(I32(half.bytes/t.size), reg.RCX)
		JZ(LabelRef(next))
		gv, v, positive, sum := XMM(), XMM(), XMM(), XMM()
		half.move(Mem{Base: g}, gv)
		half.move(Mem{Base: x}, positive)
		t.multiply(alpha256.AsX(), gv, v)
		t.compare(Imm(less), positive, zero256.AsX(), positive)
		VBLENDVPS(positive, gv, v, v)
		if f == gateAdd {
			half.move(Mem{Base: dst}, sum)
			t.add(sum, v, v)
		}
		half.move(v, Mem{Base: dst})
		for _, p := range []reg.Register{dst, x, g} {
			ADDQ(I32(half.bytes), p)
		}
		Label(next)
	}
}
