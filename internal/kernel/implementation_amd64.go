//go:build gc && !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate env GOWORK=off go run -C _asm . -out ../gate_amd64.s -stubs ../gate_amd64.go -pkg kernel

// GODEBUG=cpu.avx512f=off and GODEBUG=cpu.avx2=off make package cpu report that
// the processor lacks them.
var implementations = []implementation{
	{"avx512", cpu.X86.HasAVX512F,
		forms[float32]{gate32AVX512, gateStream32AVX512, gateAdd32AVX512},
		forms[float64]{gate64AVX512, gateStream64AVX512, gateAdd64AVX512}},
	{"avx2", cpu.X86.HasAVX2,
		forms[float32]{gate32AVX2, gateStream32AVX2, gateAdd32AVX2},
		forms[float64]{gate64AVX2, gateStream64AVX2, gateAdd64AVX2}},
	goLoop,
}
