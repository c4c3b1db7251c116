package leakyrelu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// The tests compare with the definition, which gate and leaky evaluate.

type float interface{ float32 | float64 }

// gate returns g if x > 0, and α·g otherwise. α is rounded to T once.
func gate[T float](x, g T, alpha float64) T {
	if x > 0 {
		return g
	}
	return T(alpha) * g
}

// leaky returns LeakyReLU(x).
func leaky[T float](x T, alpha float64) T { return gate(x, x, alpha) }

// slopes has the usual slopes and some that find wrong implementations: max(x,
// αx) is wrong for α > 1 and α < 0, the sign of y is not that of x for α < 0,
// and α = 0 makes -0 and NaN.
var slopes = []float64{0, 0.01, 0.2, 1, 2, -0.5}

// specials are the values at which implementations differ.
func specials[T float]() []T {
	var tiny, least, huge T
	switch p := any(&tiny).(type) {
	case *float32:
		*p, least, huge = 0x1p-126, T(math.Float32frombits(1)), T(math.MaxFloat32)
	case *float64:
		*p = 0x1p-1022
		*any(&least).(*float64), *any(&huge).(*float64) = math.SmallestNonzeroFloat64, math.MaxFloat64
	}
	inf, nan, zero := T(math.Inf(1)), T(math.NaN()), T(0)
	return []T{
		zero, -zero, T(math.Copysign(0, -1)), 1, -1, 0.5, -3,
		inf, -inf, nan, -nan, least, -least, tiny / 2, -tiny / 2, tiny, -tiny, huge, -huge,
	}
}

// bits returns the bits of v. All NaNs have the same bits here, because the NaN
// of a product depends on the processor.
func bits[T float](v T) uint64 {
	if v != v {
		return math.Float64bits(math.NaN())
	}
	if v, ok := any(v).(float32); ok {
		return uint64(math.Float32bits(v))
	}
	return math.Float64bits(float64(v))
}

// sameBits fails the test if elements differ, and reports the first five.
func sameBits[T float](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	bad := 0
	for i := range got {
		if bits(got[i]) != bits(want[i]) {
			if bad++; bad <= 5 {
				t.Errorf("%s: element %d is %v (%#x), want %v (%#x)", what, i, got[i], bits(got[i]), want[i], bits(want[i]))
			}
		}
	}
	if bad > 5 {
		t.Errorf("%s: and %d more elements", what, bad-5)
	}
}

// Values.

func dtypeOf[T float]() tensor.Dtype {
	if _, ok := any(T(0)).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

// dense returns a row-major tensor with a copy of vs.
func dense[T float](vs []T, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]T(nil), vs...)))
}

// random returns n numbers between -2 and 2. None is near the kink at 0.
func random[T float](rng *rand.Rand, n int) []T {
	vs := make([]T, n)
	for i := range vs {
		vs[i] = T(0.1 + 1.9*rng.Float64())
		if rng.IntN(2) == 0 {
			vs[i] = -vs[i]
		}
	}
	return vs
}

// elements returns the elements of v in row-major order of their indices, for
// any layout.
func elements[T float](t *testing.T, v gorgonia.Value) []T {
	t.Helper()
	d, ok := v.(*tensor.Dense)
	if !ok || d.IsScalar() {
		return []T{v.Data().(T)}
	}
	vs := make([]T, 0, d.Size())
	indices(d.Shape(), func(index []int) {
		e, err := d.At(index...)
		if err != nil {
			t.Fatal(err)
		}
		vs = append(vs, e.(T))
	})
	return vs
}

// indices calls f for every index into a tensor of this shape, in row-major
// order.
func indices(shape tensor.Shape, f func(index []int)) {
	index := make([]int, len(shape))
	var visit func(d int)
	visit = func(d int) {
		if d == len(shape) {
			f(index)
			return
		}
		for index[d] = 0; index[d] < shape[d]; index[d]++ {
			visit(d + 1)
		}
	}
	visit(0)
}

// A layout makes a tensor with this layout in memory.
type layout struct {
	name string
	make func(t *testing.T, rng *rand.Rand, dt tensor.Dtype) *tensor.Dense
}

var layouts = []layout{
	{"scalar tensor", base(nil)},
	{"vector", base(nil, 7)},
	{"matrix", base(nil, 3, 5)},
	{"one element", base(nil, 1)},
	{"empty", base(nil, 0, 3)},
	{"column", base(nil, 5, 1)},
	{"row", base(nil, 1, 5)},
	{"ones inside", base(nil, 1, 3, 1, 4, 1)},
	{"rank 6", base(nil, 2, 3, 1, 2, 3, 2)},
	{"column-major matrix", columnMajor(3, 5)},
	{"column-major rank 3", columnMajor(2, 3, 4)},
	{"column-major column", columnMajor(5, 1)},
	{"column-major row", columnMajor(1, 5)},
	{"column-major one element", columnMajor(1, 1)},
	{"transposed matrix", base(transpose(), 3, 5)},
	{"transposed rank 3", base(transpose(2, 0, 1), 2, 3, 4)},
	{"transposed inner dimensions", base(transpose(0, 2, 1), 2, 3, 4)},
	{"long transposed", base(transpose(), 300, 3)},
	{"rows of a matrix", base(slice(tensor.S(1, 3)), 4, 5)},
	{"one row", base(slice(tensor.S(1)), 4, 5)},
	{"columns of a matrix", base(slice(nil, tensor.S(1, 4)), 4, 5)},
	{"one column", base(slice(nil, tensor.S(1)), 4, 5)},
	{"long column", base(slice(nil, tensor.S(1)), 400, 2)},
	{"every other column", base(slice(nil, tensor.S(0, 6, 2)), 4, 6)},
	{"every other row", base(slice(tensor.S(0, 4, 2)), 4, 5)},
	{"one element of a matrix", base(slice(tensor.S(1), tensor.S(2)), 4, 5)},
	{"block of rank 3", base(slice(tensor.S(0, 2), tensor.S(1, 3), tensor.S(1, 4)), 3, 4, 5)},
	{"middle dimension of rank 3", base(slice(nil, tensor.S(1)), 3, 4, 5)},
	{"slice, transposed", base(then(slice(nil, tensor.S(1, 4)), transpose()), 4, 5)},
	{"transposed, sliced", base(then(transpose(), slice(tensor.S(1, 3))), 4, 5)},
}

type change func(*tensor.Dense) (*tensor.Dense, error)

// base returns a function that makes a row-major tensor and applies c to it.
func base(c change, shape ...int) func(*testing.T, *rand.Rand, tensor.Dtype) *tensor.Dense {
	return func(t *testing.T, rng *rand.Rand, dt tensor.Dtype) *tensor.Dense {
		d := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing(rng, dt, shape)))
		if c == nil {
			return d
		}
		d, err := c(d)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

func columnMajor(shape ...int) func(*testing.T, *rand.Rand, tensor.Dtype) *tensor.Dense {
	return func(_ *testing.T, rng *rand.Rand, dt tensor.Dtype) *tensor.Dense {
		return tensor.New(tensor.WithShape(shape...), tensor.AsFortran(backing(rng, dt, shape)))
	}
}

func backing(rng *rand.Rand, dt tensor.Dtype, shape []int) any {
	n := 1
	for _, d := range shape {
		n *= d
	}
	if dt == tensor.Float32 {
		return random[float32](rng, n)
	}
	return random[float64](rng, n)
}

func transpose(axes ...int) change {
	return func(d *tensor.Dense) (*tensor.Dense, error) { return d, d.T(axes...) }
}

func slice(s ...tensor.Slice) change {
	return func(d *tensor.Dense) (*tensor.Dense, error) {
		v, err := d.Slice(s...)
		if err != nil {
			return nil, err
		}
		return v.(*tensor.Dense), nil
	}
}

func then(a, b change) change {
	return func(d *tensor.Dense) (*tensor.Dense, error) {
		d, err := a(d)
		if err != nil {
			return nil, err
		}
		return b(d)
	}
}

// Operators.

func newOp(t testing.TB, alpha float64) *leakyrelu.Op {
	t.Helper()
	op, err := leakyrelu.New(alpha)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func newGrad(t testing.TB, alpha float64) *leakyrelu.Op {
	t.Helper()
	op, err := leakyrelu.NewGrad(alpha)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func name(parts ...any) string {
	return fmt.Sprint(parts...)
}

// near fails the test if elements differ by more than rounding in another
// order.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-14*math.Abs(want[i])) {
			t.Errorf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func values(ts []*tensor.Dense) []gorgonia.Value {
	vs := make([]gorgonia.Value, len(ts))
	for i, t := range ts {
		vs[i] = t
	}
	return vs
}

// memory returns a copy of the whole memory of d, also outside a view.
func memory[T float](d *tensor.Dense) []T {
	switch {
	case d.IsScalar():
		return []T{d.Data().(T)}
	case d.MemSize() == 0: // Data panics
		return nil
	default:
		return slices.Clone(d.Data().([]T))
	}
}

// copyOf returns a copy of d in the same layout.
func copyOf(d *tensor.Dense) *tensor.Dense { return d.Clone().(*tensor.Dense) }

// around returns the memory of d with the elements of d set to 0.
func around[T float](t *testing.T, d *tensor.Dense) []T {
	d = copyOf(d)
	indices(d.Shape(), func(index []int) {
		if err := d.SetAt(T(0), index...); err != nil {
			t.Fatal(err)
		}
	})
	return memory[T](d)
}

// names checks that err is not nil and that its message contains all the words.
func names(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one with %q", what, words)
		return
	}
	for _, w := range append(words, "leakyrelu: ") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: error %q does not say %q", what, err, w)
		}
	}
}
