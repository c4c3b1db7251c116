//go:build gc && !purego

package kernel

// gate32NEON computes
//
//	for i := range dst {
//		dst[i] = gate(x[i], grad[i])
//	}
//
//go:noescape
func gate32NEON(dst, x, grad []float32, alpha float32)

// gateAdd32NEON computes
//
//	for i := range dst {
//		dst[i] += gate(x[i], grad[i])
//	}
//
//go:noescape
func gateAdd32NEON(dst, x, grad []float32, alpha float32)

// gate64NEON is gate32NEON for float64.
//
//go:noescape
func gate64NEON(dst, x, grad []float64, alpha float64)

// gateAdd64NEON is gateAdd32NEON for float64.
//
//go:noescape
func gateAdd64NEON(dst, x, grad []float64, alpha float64)
