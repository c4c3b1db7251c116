package kernel

import (
	"math"
	"testing"
)

func TestForms(t *testing.T) {
	forEachImplementation(t, func(t *testing.T) {
		t.Run("float32", testForms[float32])
		t.Run("float64", testForms[float64])
		stream(t)
		t.Run("stream float32", testForms[float32])
		t.Run("stream float64", testForms[float64])
	})
}

// testForms runs every length up to three blocks of the widest vectors. The
// slices end at a guard page or a few elements before it, at every offset from
// a vector boundary, or begin at a guard page.
func testForms[T Float](t *testing.T) {
	const longest = 3*4*16 + 15
	gaps := 17
	if testing.Short() {
		gaps = 3
	}
	b := newRig[T](t, longest+32)
	for n := 0; n <= longest; n++ {
		for _, add := range []bool{false, true} {
			compute := Gate[T]
			if add {
				compute = GateAdd[T]
			}
			for _, s := range sharings {
				if streamFrom == 0 && (add || s.dstIsX || s.dstIsG) {
					continue // not streamed, and tested above without streaming
				}
				for _, alpha := range alphas {
					for gap := range gaps {
						b.check(t, add, s, n, gap, T(alpha), compute)
					}
					b.check(t, add, s, n, len(b.dst)-n, T(alpha), compute)
				}
			}
		}
	}
}

func TestLengthsMustAgree(t *testing.T) {
	for _, c := range []struct{ dst, x, g int }{{65, 64, 65}, {65, 65, 64}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("lengths %v: no panic", c)
				}
			}()
			Gate(make([]float32, c.dst), make([]float32, c.x), make([]float32, c.g), 0.5)
		}()
	}
}

// TestPyTorchValues compares Gate with results of leaky_relu and
// leaky_relu_backward in PyTorch 1.13.
func TestPyTorchValues(t *testing.T) {
	inf, nan, negativeZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct{ x, g, alpha, want float64 }{
		{3, 3, 0.5, 3},
		{-3, -3, 0.5, -1.5},
		{0, 7, 0.5, 3.5},
		{negativeZero, negativeZero, 0.5, negativeZero},
		{negativeZero, 7, 0.5, 3.5},
		{inf, inf, 0.5, inf},
		{-inf, -inf, 0.5, -inf},
		{-inf, -inf, 0, nan},
		{nan, 7, 0.5, 3.5},
		{nan, nan, 0.5, nan},
		{-2, -2, -0.5, 1},
		{-2, -2, 2, -4},
	} {
		dst := []float64{0}
		Gate(dst, []float64{c.x}, []float64{c.g}, c.alpha)
		if got := dst[0]; got != c.want && !(got != got && c.want != c.want) || math.Signbit(got) != math.Signbit(c.want) && got == got {
			t.Errorf("gate(%v, %v), alpha %v: got %v, want %v", c.x, c.g, c.alpha, got, c.want)
		}
	}
}
