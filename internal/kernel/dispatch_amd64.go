//go:build !purego

package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate env GOWORK=off go run -C _asm . -out ../gate_amd64.s -stubs ../gate_amd64.go -pkg kernel

// What the processor and the operating system support, less what
// GODEBUG=cpu.avx512f=off and GODEBUG=cpu.avx2=off take away.
var (
	useAVX512 = cpu.X86.HasAVX512F
	useAVX2   = cpu.X86.HasAVX2
)

// run calls the assembly directly, not through function variables: those
// would make every argument escape.
func run[T Float](f form, dst, x, g []T, alpha T) {
	d, xs, gs := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(x)), unsafe.Pointer(unsafe.SliceData(g))
	switch {
	case !useAVX512 && !useAVX2:
		runGeneric(f, dst, x, g, alpha)
	case unsafe.Sizeof(alpha) == 4:
		run32(f, (*float32)(d), (*float32)(xs), (*float32)(gs), len(dst), float32(alpha))
	default:
		run64(f, (*float64)(d), (*float64)(xs), (*float64)(gs), len(dst), float64(alpha))
	}
}

func run32(f form, dst, x, g *float32, n int, alpha float32) {
	switch {
	case f == store && useAVX512:
		gate32AVX512(dst, x, g, n, alpha)
	case f == store:
		gate32AVX2(dst, x, g, n, alpha)
	case f == stream && useAVX512:
		gateStream32AVX512(dst, x, g, n, alpha)
	case f == stream:
		gateStream32AVX2(dst, x, g, n, alpha)
	case useAVX512:
		gateAdd32AVX512(dst, x, g, n, alpha)
	default:
		gateAdd32AVX2(dst, x, g, n, alpha)
	}
}

func run64(f form, dst, x, g *float64, n int, alpha float64) {
	switch {
	case f == store && useAVX512:
		gate64AVX512(dst, x, g, n, alpha)
	case f == store:
		gate64AVX2(dst, x, g, n, alpha)
	case f == stream && useAVX512:
		gateStream64AVX512(dst, x, g, n, alpha)
	case f == stream:
		gateStream64AVX2(dst, x, g, n, alpha)
	case useAVX512:
		gateAdd64AVX512(dst, x, g, n, alpha)
	default:
		gateAdd64AVX2(dst, x, g, n, alpha)
	}
}
