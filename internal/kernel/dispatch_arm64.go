//go:build !purego

package kernel

import "unsafe"

// run calls NEON, which every arm64 processor has. It has no streaming form:
// Arm designs its cores to notice a long run of stores and bypass the caches
// by themselves (write streaming mode).
func run[T Float](f form, dst, x, g []T, alpha T) {
	d, xs, gs := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(x)), unsafe.Pointer(unsafe.SliceData(g))
	n := len(dst)
	switch {
	case unsafe.Sizeof(alpha) == 4 && f == accumulate:
		gateAdd32NEON((*float32)(d), (*float32)(xs), (*float32)(gs), n, float32(alpha))
	case unsafe.Sizeof(alpha) == 4:
		gate32NEON((*float32)(d), (*float32)(xs), (*float32)(gs), n, float32(alpha))
	case f == accumulate:
		gateAdd64NEON((*float64)(d), (*float64)(xs), (*float64)(gs), n, float64(alpha))
	default:
		gate64NEON((*float64)(d), (*float64)(xs), (*float64)(gs), n, float64(alpha))
	}
}
