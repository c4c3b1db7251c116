package leakyrelu_test

import (
	"bytes"
	"hash"
	"hash/fnv"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// FuzzSlopes tries any two slopes, any x and any upstream gradient. For each
// slope, New returns an error or the results are right to the bit. Different
// slopes write different data to a hash.
func FuzzSlopes(f *testing.F) {
	for i, alpha := range slopes {
		f.Add(alpha, alpha, specials[float64]()[i], specials[float64]()[2*i+1])
	}
	for _, alpha := range []float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64, math.MaxFloat64,
		math.MaxFloat32, math.MaxFloat32 + 0x1p102, math.MaxFloat32 + 0x1p103, -math.MaxFloat32 - 0x1p103, // the last two round to ±Inf
		0x1p-149, 0x1p-150, 0x1.8p-150, // the first is a float32, the other two are not
	} {
		f.Add(alpha, math.Nextafter(alpha, 1), -3.7, 1e-3)
	}
	f.Add(0.1, 0.1, math.NaN(), math.Inf(-1))
	f.Fuzz(func(t *testing.T, alpha, other, x, dy float64) {
		fuzzSlope(t, alpha, float32(x), float32(dy))
		fuzzSlope(t, alpha, x, dy)
		fuzzHashes(t, alpha, other)
	})
}

func fuzzSlope[T float](t *testing.T, alpha float64, x, dy T) {
	g := gorgonia.NewGraph()
	xn := gorgonia.NewScalar(g, dtypeOf[T](), gorgonia.WithName("x"))
	dyn := gorgonia.NewScalar(g, dtypeOf[T](), gorgonia.WithName("dy"))
	y, errY := leakyrelu.Apply(xn, alpha)
	dx, errDx := leakyrelu.ApplyGrad(xn, dyn, alpha)
	slope, ok := round[T](alpha)
	if !ok {
		names(t, "Apply", errY, "alpha", name(alpha))
		names(t, "ApplyGrad", errDx, "alpha", name(alpha))
		if op, err := leakyrelu.New(alpha); err == nil { // finite, but not in T
			_, err = op.Do(scalar(x))
			names(t, "Do", err, "alpha", name(alpha))
		}
		return
	}
	if errY != nil || errDx != nil {
		t.Fatalf("alpha %v refused: %v, %v", alpha, errY, errDx)
	}
	want := func(v T) T {
		if x > 0 {
			return v
		}
		return product(slope, v)
	}
	for _, c := range []struct {
		op     gorgonia.Op
		inputs []gorgonia.Value
		want   T
	}{
		{y.Op(), []gorgonia.Value{scalar(x)}, want(x)},
		{dx.Op(), []gorgonia.Value{scalar(x), scalar(dy)}, want(dy)},
		{y.Op(), []gorgonia.Value{dense([]T{x, x, x}, 3)}, want(x)},
		{dx.Op(), []gorgonia.Value{dense([]T{x, x, x}, 3), dense([]T{dy, dy, dy}, 3)}, want(dy)},
	} {
		got, err := c.op.Do(c.inputs...)
		if err != nil {
			t.Fatalf("%v of %v: %v", c.op, c.inputs, err)
		}
		for _, e := range elements[T](t, got) {
			sameBits(t, name(c.op, " of ", c.inputs), []T{e}, []T{c.want})
		}
	}
}

// round returns alpha rounded to T, and whether that is finite.
func round[T float](alpha float64) (T, bool) {
	if math.IsNaN(alpha) || math.IsInf(alpha, 0) {
		return 0, false
	}
	r := T(alpha)
	if dtypeOf[T]() == tensor.Float32 {
		exact, _ := big.NewFloat(alpha).Float32()
		r = T(exact)
	}
	return r, !math.IsInf(float64(r), 0)
}

// product returns a·b, computed exactly and rounded once.
func product[T float](a, b T) T {
	if b-b != 0 { // NaN or Inf: big.Float has no such products
		return a * b
	}
	exact := new(big.Float).SetPrec(128).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
	if dtypeOf[T]() == tensor.Float32 {
		p, _ := exact.Float32()
		return T(p)
	}
	p, _ := exact.Float64()
	return T(p)
}

func scalar[T float](v T) gorgonia.Value {
	if v, ok := any(v).(float32); ok {
		return gorgonia.NewF32(v)
	}
	return gorgonia.NewF64(float64(v))
}

// fuzzHashes compares the data that the operators with slopes a and b write to
// a hash. The 32-bit hash codes may collide, the data may not.
func fuzzHashes(t *testing.T, a, b float64) {
	var written [][]byte
	for _, alpha := range []float64{a, b} {
		if _, ok := round[float64](alpha); !ok {
			return
		}
		for _, op := range []*leakyrelu.Op{newOp(t, alpha), newGrad(t, alpha)} {
			h := &recorder{Hash: fnv.New64a()}
			op.WriteHash(h)
			written = append(written, h.written)
			code := fnv.New32a()
			code.Write(h.written)
			if op.Hashcode() != code.Sum32() {
				t.Errorf("%v: hash code %#x, want the FNV-1a %#x of what it writes", op, op.Hashcode(), code.Sum32())
			}
		}
	}
	same := math.Float64bits(a) == math.Float64bits(b)
	for i := range written {
		for j := range i {
			if want := same && i == j+2; bytes.Equal(written[i], written[j]) != want {
				t.Errorf("alpha %v and %v: operators %d and %d write %q and %q, the same: want %t", a, b, j, i, written[j], written[i], want)
			}
		}
	}
}

// recorder is a hash that keeps the data written to it.
type recorder struct {
	hash.Hash
	written []byte
}

func (r *recorder) Write(p []byte) (int, error) {
	r.written = append(r.written, p...)
	return r.Hash.Write(p)
}

// FuzzGraphs runs TestRandomGraphs with graphs that the fuzzer chooses.
func FuzzGraphs(f *testing.F) {
	for seed := range uint64(8) {
		choices := make([]byte, 40)
		for i := range choices {
			choices[i] = byte(rand.New(rand.NewPCG(seed, uint64(i))).Uint64())
		}
		f.Add(seed, choices)
	}
	f.Fuzz(func(t *testing.T, seed uint64, choices []byte) {
		testRandomGraph(t, rand.New(rand.NewPCG(seed, 15)), rand.New(&choice{choices, rand.NewPCG(seed, 16)}))
	})
}

// choice is a random source that takes each number from one byte of the fuzzer.
// If no bytes are left, it returns random numbers.
type choice struct {
	bytes []byte
	rest  rand.Source
}

func (c *choice) Uint64() uint64 {
	if len(c.bytes) == 0 {
		return c.rest.Uint64()
	}
	b := c.bytes[0]
	c.bytes = c.bytes[1:]
	return uint64(b) * 0x0101010101010101 // the same byte eight times: rand may use any of the bits
}
