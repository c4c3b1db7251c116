// Command _asm writes the amd64 kernels: gate_amd64.s and its Go stubs.
//
// It is a module of its own, below a directory that ./... does not see, so
// that nobody who imports leakyrelu depends on the assembler generator.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	for _, isa := range []isa{avx2{}, avx512{}} {
		for _, t := range []float{float32s, float64s} {
			for _, f := range []form{gate, gateStream, gateAdd} {
				write(isa, t, f)
			}
		}
	}
	Generate()
}

// An isa emits the arithmetic of one instruction set. A vector of it holds
// width bytes.
type isa interface {
	name() string
	width() int
	// constants loads what every vector needs: alpha and zero.
	constants(t float, alpha Mem)
	// vector handles one whole vector. The streaming form wants dst aligned.
	// Where x and g are the same operand, it is loaded once.
	vector(t float, f form, dst, x, g Mem)
	// partial handles RCX elements, less than a vector, touches no memory
	// past them, and moves the pointers there. Its labels begin with place.
	partial(t float, f form, place string, dst, x, g reg.Register)
}

// A float is an element type and the instructions that depend on it.
type float struct {
	bits  int
	size  int    // in bytes
	shift uint64 // log₂ size

	broadcast, multiply, add, compare func(...Op)
	move                              func(...Op)
	moveOrZero                        func(m, k, xyz Op)
}

var (
	float32s = float{32, 4, 2, VBROADCASTSS, VMULPS, VADDPS, VCMPPS, VMOVUPS, VMOVUPS_Z}
	float64s = float{64, 8, 3, VBROADCASTSD, VMULPD, VADDPD, VCMPPD, VMOVUPD, VMOVUPD_Z}
)

// A form is what becomes of pick(x > 0, g, αg).
type form struct {
	name string
	loop string // the loop it implements
	note string
}

var (
	gate = form{"gate", "dst[i] = pick(x[i] > 0, grad[i], alpha*grad[i])",
		"dst may be x or grad."}
	gateStream = form{"gateStream", gate.loop,
		"It writes past the caches; dst is neither x nor grad."}
	gateAdd = form{"gateAdd", "dst[i] += pick(x[i] > 0, grad[i], alpha*grad[i])",
		"Product and sum are rounded separately. dst may be x or grad."}
)

// unroll is how many vectors a turn of the main loop handles.
const unroll = 4

// From farFrom bytes, beyond the first-level cache, the main loop asks for the
// lines of dst ahead bytes before it writes them: hardware prefetches for
// loads well before it does for stores.
const (
	farFrom = 32 << 10
	ahead   = 1 << 10
)

// alignFrom is the length, in vectors, from which it pays to align dst first:
// a store that crosses a cache line costs two.
const alignFrom = 4 * unroll

// write emits one kernel: a head up to the first aligned vector of dst,
// blocks of whole vectors, single vectors, a tail.
func write(isa isa, t float, f form) {
	name := fmt.Sprintf("%s%d%s", f.name, t.bits, isa.name())
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, x, grad *float%d, n int, alpha float%[1]d)", t.bits))
	Pragma("noescape")
	Doc(name+" computes, with pick(c, a, b) = a if c, else b,", "",
		"\tfor i := range n {", "\t\t"+f.loop, "\t}", "", f.note)

	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	g := Load(Param("grad"), GP64())
	n := Load(Param("n"), GP64())
	alpha, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	isa.constants(t, alpha.Addr)

	lanes := isa.width() / t.size
	vectors := func(count int, signs reg.Register) {
		for v := range count {
			at := v * isa.width()
			isa.vector(t, f, Mem{Base: dst, Disp: at}, Mem{Base: signs, Disp: at}, Mem{Base: g, Disp: at})
		}
		for _, p := range []reg.Register{dst, x, g} {
			ADDQ(I32(count*isa.width()), p)
		}
		SUBQ(I32(count*lanes), n)
	}
	// loop handles count vectors a turn, as long as there are so many. It tests
	// at the bottom, which saves short slices a jump per turn.
	loop := func(name string, count int, signs reg.Register, next string) {
		Label(name)
		CMPQ(n, I32(count*lanes))
		JLT(LabelRef(next))
		Label(name + "Turn")
		vectors(count, signs)
		CMPQ(n, I32(count*lanes))
		JGE(LabelRef(name + "Turn"))
	}
	// Less than a vector is not streamed: it shares its line with a neighbour.
	partial := func(place string) {
		f := f
		if f == gateStream {
			f = gate
		}
		isa.partial(t, f, place, dst, x, g)
	}

	Comment("Head: up to the first vector boundary of dst.")
	if f != gateStream {
		CMPQ(n, I32(alignFrom*lanes))
		JLT(LabelRef("blocks"))
	}
	MOVQ(dst, reg.RCX)
	NEGQ(reg.RCX)
	ANDQ(I32(isa.width()-1), reg.RCX)
	JZ(LabelRef("aligned"))
	SHRQ(Imm(t.shift), reg.RCX)
	if f == gateStream {
		CMPQ(reg.RCX, n)
		CMOVQGT(n, reg.RCX)
	}
	SUBQ(reg.RCX, n)
	partial("head")

	Label("aligned")
	if f != gateStream {
		CMPQ(n, I32(farFrom/t.size))
		JLT(LabelRef("blocks"))
		Label("far")
		for line := range unroll * isa.width() / 64 {
			PREFETCHT0(Mem{Base: dst, Disp: ahead + 64*line})
		}
		vectors(unroll, x)
		CMPQ(n, I32(ahead/t.size+unroll*lanes))
		JGE(LabelRef("far"))
	}

	Label("blocks")
	if f == gate {
		Comment("Forward, x is grad: load it once.")
		CMPQ(x, g)
		JNE(LabelRef("different"))
		loop("same", unroll, g, "singles")
		JMP(LabelRef("singles"))
	}
	loop("different", unroll, x, "singles")
	loop("singles", 1, x, "tail")

	Label("tail")
	MOVQ(n, reg.RCX)
	partial("tail")

	if f == gateStream {
		Comment("Streaming stores are weakly ordered: publish them.")
		SFENCE()
	}
	VZEROUPPER()
	RET()
}
