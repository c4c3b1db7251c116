// Command _asm writes the amd64 kernels: gate_amd64.s and its Go stubs.
//
// It is a separate module, so that a program that imports leakyrelu does not
// depend on the generator, avo. The Go command ignores directories that begin
// with _, so ./... does not include it.
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

// An isa emits the instructions of one instruction set. Its vectors have width
// bytes.
type isa interface {
	name() string
	width() int
	// constants loads alpha and zero, which every vector needs.
	constants(t float, alpha Mem)
	// vector computes one whole vector.
	vector(t float, f form, dst, x, g Mem)
	// tail computes the last RCX elements, fewer than a vector has. It accesses
	// no memory after them.
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

// A form is a way to store gate(x, g).
type form struct {
	name string
	loop string // the body of the loop, for the doc comment
	note string // the end of the doc comment
}

var (
	gate       = form{"gate", "dst[i] = gate(x[i], grad[i])", ""}
	gateStream = form{"gateStream", gate.loop, "It uses streaming stores. dst begins at a cache line."}
	gateAdd    = form{"gateAdd", "dst[i] += gate(x[i], grad[i])", ""}
)

// unroll is the number of vectors in one iteration of the main loop. With one
// vector, AVX2 takes up to 1.8 times as long within the caches, and AVX-512 1.1
// times.
const unroll = 4

// write emits one kernel: a loop over blocks of vectors, a loop over single
// vectors, and a tail.
func write(isa isa, t float, f form) {
	name := fmt.Sprintf("%s%d%s", f.name, t.bits, isa.name())
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, x, grad []float%d, alpha float%[1]d)", t.bits))
	Pragma("noescape")
	doc := []string{name + " computes", "", "\tfor i := range dst {", "\t\t" + f.loop, "\t}"}
	if f.note != "" {
		doc = append(doc, "", f.note)
	}
	Doc(doc...)

	dst := Load(Param("dst").Base(), GP64())
	x := Load(Param("x").Base(), GP64())
	g := Load(Param("grad").Base(), GP64())
	n := Load(Param("dst").Len(), reg.RCX)
	alpha, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	isa.constants(t, alpha.Addr)

	// vectors emits a loop that computes count vectors per iteration.
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
		Comment("Streaming stores are weakly ordered. SFENCE makes them visible before later stores.")
		SFENCE()
	}
	VZEROUPPER()
	RET()
}
