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
	ConstraintExpr("gc,!purego")
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
	// vector handles one whole vector.
	vector(t float, f form, dst, x, g Mem)
	// tail handles RCX elements, less than a vector, and touches no memory past
	// them.
	tail(t float, f form, dst, x, g reg.Register)
}

// A float is an element type and the instructions that depend on it.
type float struct {
	bits int
	size int // in bytes

	broadcast, multiply, add, compare func(...Op)
	move                              func(...Op)
	moveOrZero                        func(m, k, xyz Op)
}

var (
	float32s = float{32, 4, VBROADCASTSS, VMULPS, VADDPS, VCMPPS, VMOVUPS, VMOVUPS_Z}
	float64s = float{64, 8, VBROADCASTSD, VMULPD, VADDPD, VCMPPD, VMOVUPD, VMOVUPD_Z}
)

// A form is what becomes of gate(x, g).
type form struct {
	name string
	loop string // the loop it implements
	note string
}

var (
	gate       = form{"gate", "dst[i] = gate(x[i], grad[i])", ""}
	gateStream = form{"gateStream", gate.loop, "It writes past the caches. dst begins at a cache line."}
	gateAdd    = form{"gateAdd", "dst[i] += gate(x[i], grad[i])", ""}
)

// unroll is how many vectors a turn of the main loop handles. With one, AVX2
// takes up to 1.8 times as long within the caches, and AVX-512 1.1 times.
const unroll = 4

// write emits one kernel: blocks of vectors, single vectors, a tail.
func write(isa isa, t float, f form) {
	name := fmt.Sprintf("%s%d%s", f.name, t.bits, isa.name())
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, x, grad []float%d, alpha float%[1]d)", t.bits))
	Pragma("noescape")
	Doc(name+" computes", "", "\tfor i := range dst {", "\t\t"+f.loop, "\t}")
	if f.note != "" {
		Doc("", f.note)
	}

	dst := Load(Param("dst").Base(), GP64())
	x := Load(Param("x").Base(), GP64())
	g := Load(Param("grad").Base(), GP64())
	n := Load(Param("dst").Len(), reg.RCX)
	alpha, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	isa.constants(t, alpha.Addr)

	// vectors handles count of them a turn, as long as there are so many.
	vectors := func(name string, count int, next string) {
		elements := I32(count * isa.width() / t.size)
		Label(name)
		CMPQ(n, elements)
		JLT(LabelRef(next))
		for v := range count {
			at := v * isa.width()
			isa.vector(t, f, Mem{Base: dst, Disp: at}, Mem{Base: x, Disp: at}, Mem{Base: g, Disp: at})
		}
		for _, p := range []reg.Register{dst, x, g} {
			ADDQ(I32(count*isa.width()), p)
		}
		SUBQ(elements, n)
		JMP(LabelRef(name))
	}
	vectors("blocks", unroll, "singles")
	vectors("singles", 1, "tail")
	Label("tail")
	isa.tail(t, f, dst, x, g)
	if f == gateStream {
		Comment("Streaming stores are weakly ordered: publish them.")
		SFENCE()
	}
	VZEROUPPER()
	RET()
}
