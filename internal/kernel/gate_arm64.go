//go:build !purego

package kernel

// gate32NEON computes, with pick(c, a, b) = a if c, else b,
//
//	for i := range n {
//		dst[i] = pick(x[i] > 0, grad[i], alpha*grad[i])
//	}
//
// dst may be x or grad.
//
//go:noescape
func gate32NEON(dst, x, grad *float32, n int, alpha float32)

// gateAdd32NEON computes, with pick(c, a, b) = a if c, else b,
//
//	for i := range n {
//		dst[i] += pick(x[i] > 0, grad[i], alpha*grad[i])
//	}
//
// Product and sum are rounded separately. dst may be x or grad.
//
//go:noescape
func gateAdd32NEON(dst, x, grad *float32, n int, alpha float32)

// gate64NEON is gate32NEON for float64.
//
//go:noescape
func gate64NEON(dst, x, grad *float64, n int, alpha float64)

// gateAdd64NEON is gateAdd32NEON for float64.
//
//go:noescape
func gateAdd64NEON(dst, x, grad *float64, n int, alpha float64)
