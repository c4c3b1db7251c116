package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// These tests run the operators on values, without a graph.

func TestSpecialValues(t *testing.T) {
	t.Run("float32", testSpecialValues[float32])
	t.Run("float64", testSpecialValues[float64])
}

func testSpecialValues[T float](t *testing.T) {
	// xs and gs have every special x with every special upstream gradient.
	var xs, gs []T
	for _, x := range specials[T]() {
		for _, g := range specials[T]() {
			xs, gs = append(xs, x), append(gs, g)
		}
	}
	for _, alpha := range slopes {
		y, err := newOp(t, alpha).Do(dense(xs, len(xs)))
		if err != nil {
			t.Fatal(err)
		}
		dx, err := newGrad(t, alpha).Do(dense(xs, len(xs)), dense(gs, len(gs)))
		if err != nil {
			t.Fatal(err)
		}
		wantY, wantDx := make([]T, len(xs)), make([]T, len(xs))
		for i, x := range xs {
			wantY[i], wantDx[i] = leaky(x, alpha), gate(x, gs[i], alpha)
		}
		sameBits(t, name("y, alpha ", alpha), elements[T](t, y), wantY)
		sameBits(t, name("dx, alpha ", alpha), elements[T](t, dx), wantDx)
	}
}

func TestScalars(t *testing.T) {
	for _, x := range specials[float64]() {
		for _, alpha := range slopes {
			y, err := newOp(t, alpha).Do(gorgonia.NewF64(x))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := y.(*gorgonia.F64); !ok {
				t.Fatalf("got a %T, want a *gorgonia.F64", y)
			}
			sameBits(t, "F64", elements[float64](t, y), []float64{leaky(x, alpha)})

			x := float32(x)
			y, err = newOp(t, alpha).Do(gorgonia.NewF32(x))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := y.(*gorgonia.F32); !ok {
				t.Fatalf("got a %T, want a *gorgonia.F32", y)
			}
			sameBits(t, "F32", elements[float32](t, y), []float32{leaky(x, alpha)})
		}
	}
}

// A scalar may be a tensor without dimensions or a gorgonia.Scalar. The Lisp
// machine mixes the two.
func TestScalarKindsMix(t *testing.T) {
	kinds := []func(v float64) gorgonia.Value{
		func(v float64) gorgonia.Value { return gorgonia.NewF64(v) },
		func(v float64) gorgonia.Value { return tensor.New(tensor.FromScalar(v)) },
	}
	for _, x := range kinds {
		for _, dy := range kinds {
			for _, dst := range kinds {
				sum := dst(10)
				if err := newGrad(t, 0.2).IncrDo(sum, x(-1), dy(5)); err != nil {
					t.Fatal(err)
				}
				sameBits(t, "IncrDo", elements[float64](t, sum), []float64{10 + 0.2*5})
			}
		}
	}
}

// TestLayouts runs the operators on every layout of every operand.
func TestLayouts(t *testing.T) {
	t.Run("float32", testLayouts[float32])
	t.Run("float64", testLayouts[float64])
}

func testLayouts[T float](t *testing.T) {
	const alpha = 0.2
	rng := rand.New(rand.NewPCG(1, 2))
	for _, lx := range layouts {
		for _, lg := range layouts {
			x, g := lx.make(t, rng, dtypeOf[T]()), lg.make(t, rng, dtypeOf[T]())
			if !slices.Equal(x.Shape(), g.Shape()) {
				continue
			}
			xs, gs := elements[T](t, x), elements[T](t, g)
			y, dx := make([]T, len(xs)), make([]T, len(xs))
			for i := range xs {
				y[i], dx[i] = leaky(xs[i], alpha), gate(xs[i], gs[i], alpha)
			}
			t.Run(lx.name+"/"+lg.name, func(t *testing.T) {
				testDos(t, newOp(t, alpha), g, y, x)
				testDos(t, newGrad(t, alpha), x, dx, x, g)
				testDos(t, newGrad(t, alpha), g, dx, x, g)
			})
		}
	}
}

// testDos calls Do, UsePreallocDo and IncrDo of op and compares with want. The
// destination is a tensor in the layout of like.
func testDos[T float](t *testing.T, op *leakyrelu.Op, like *tensor.Dense, want []T, inputs ...*tensor.Dense) {
	t.Helper()
	var before [][]T // the whole memory of each input, also outside a view
	for _, in := range inputs {
		before = append(before, memory[T](in))
	}
	unchanged := func(what string) {
		t.Helper()
		for i, in := range inputs {
			sameBits(t, name(what, ": memory of input ", i), memory[T](in), before[i])
		}
	}
	shaped := func(what string, v gorgonia.Value) {
		t.Helper()
		if !slices.Equal(v.Shape(), inputs[0].Shape()) {
			t.Errorf("%s: shape %v, want %v", what, v.Shape(), inputs[0].Shape())
		}
	}

	got, err := op.Do(values(inputs)...)
	if err != nil {
		t.Fatal(err)
	}
	shaped("Do", got)
	sameBits(t, "Do", elements[T](t, got), want)
	unchanged("Do")

	prealloc := copyOf(like)
	got, err = op.UsePreallocDo(prealloc, values(inputs)...)
	if err != nil {
		t.Fatal(err)
	}
	if got != gorgonia.Value(prealloc) {
		t.Error("UsePreallocDo: returned another value than prealloc")
	}
	shaped("UsePreallocDo", got)
	sameBits(t, "UsePreallocDo", elements[T](t, prealloc), want)
	sameBits(t, "UsePreallocDo: memory around prealloc", around[T](t, prealloc), around[T](t, like))
	unchanged("UsePreallocDo")

	sum := copyOf(like)
	old := elements[T](t, sum)
	if err = op.IncrDo(sum, values(inputs)...); err != nil {
		t.Fatal(err)
	}
	wantSum := make([]T, len(want))
	for i := range want {
		wantSum[i] = old[i] + want[i]
	}
	sameBits(t, "IncrDo", elements[T](t, sum), wantSum)
	sameBits(t, "IncrDo: memory around toIncr", around[T](t, sum), around[T](t, like))
	unchanged("IncrDo")

	copies := make([]*tensor.Dense, len(inputs))
	for i, in := range inputs {
		copies[i] = copyOf(in)
	}
	last := copies[len(copies)-1]
	got, err = op.UsePreallocDo(last, values(copies)...)
	if err != nil {
		t.Fatal(err)
	}
	if got != gorgonia.Value(last) {
		t.Error("UsePreallocDo over the last input: returned another value than the last input")
	}
	sameBits(t, "UsePreallocDo over the last input", elements[T](t, last), want)
	sameBits(t, "UsePreallocDo over the last input: memory around", around[T](t, last), around[T](t, inputs[len(inputs)-1]))
	if len(inputs) == 2 {
		sameBits(t, "UsePreallocDo over the last input: memory of x", memory[T](copies[0]), before[0])
	}
}

// The result has the engine of x, so that x's engine also runs the operators
// that follow.
func TestDoKeepsEngine(t *testing.T) {
	x := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, -2}), tensor.WithEngine(tensor.Float64Engine{}))
	y, err := newOp(t, 0.5).Do(x)
	if err != nil {
		t.Fatal(err)
	}
	if e := y.(*tensor.Dense).Engine(); e != x.Engine() {
		t.Errorf("the result has the engine %T, want that of x, %T", e, x.Engine())
	}
	sameBits(t, "y", elements[float64](t, y), []float64{1, -1})
}

// The engine of x can't make a tensor of this dtype and panics. Do returns that
// as an error.
func TestDoWithEngineOfAnotherDtype(t *testing.T) {
	x := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, -2}), tensor.WithEngine(tensor.Float32Engine{}))
	_, err := newOp(t, 0.5).Do(x)
	names(t, "Do", err, "tensor.Float32Engine", "float64")
	if _, err = newOp(t, 0.5).UsePreallocDo(x, x); err != nil { // UsePreallocDo makes no tensor
		t.Error(err)
	}
	sameBits(t, "y", memory[float64](x), []float64{1, -1})
}

// The operator accepts two parts of one tensor if they don't overlap.
func TestDisjointPartsOfOneTensor(t *testing.T) {
	whole := dense([]float64{1, -2, 0, 0}, 4)
	x, err := whole.Slice(tensor.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	dst, err := whole.Slice(tensor.S(2, 4))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = newOp(t, 0.5).UsePreallocDo(dst.(*tensor.Dense), x.(*tensor.Dense)); err != nil {
		t.Fatal(err)
	}
	sameBits(t, "whole", memory[float64](whole), []float64{1, -2, 1, -1})
}

// Gorgonia merges nodes with equal hashes. Operators that compute different
// results must have different hashes. Operators that compute the same must have
// the same hash.
func TestHash(t *testing.T) {
	seen := map[uint32]string{}
	add := func(op *leakyrelu.Op) {
		t.Helper()
		if other, ok := seen[op.Hashcode()]; ok {
			t.Errorf("%v has the hash of %s", op, other)
		}
		seen[op.Hashcode()] = op.String()
	}
	for _, alpha := range []float64{0, math.Copysign(0, -1), 0.01, math.Nextafter(0.01, 1), 0.2, 1, 2, -0.5} {
		add(newOp(t, alpha))
		add(newGrad(t, alpha))
		if a, b := newOp(t, alpha).Hashcode(), newOp(t, alpha).Hashcode(); a != b {
			t.Errorf("alpha %v: hashes %#x and %#x, want the same", alpha, a, b)
		}
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		op   *leakyrelu.Op
		want string
	}{
		{newOp(t, 0.01), "LeakyReLU{alpha=0.01}"},
		{newGrad(t, -0.5), "LeakyReLUGrad{alpha=-0.5}"},
	} {
		if got := c.op.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestInputs(t *testing.T) {
	one, two := newOp(t, 0.2), newGrad(t, 0.2)
	if one.Arity() != 1 || two.Arity() != 2 {
		t.Errorf("arities %d and %d, want 1 and 2", one.Arity(), two.Arity())
	}
	if one.Alpha() != 0.2 || two.Alpha() != 0.2 {
		t.Errorf("alphas %v and %v, want 0.2", one.Alpha(), two.Alpha())
	}
	if wrt := two.DiffWRT(2); !slices.Equal(wrt, []bool{false, true}) {
		t.Errorf("the gradient is differentiable with respect to %v, want dy alone", wrt)
	}
	for _, n := range []int{-1, 0} {
		if wrt := one.DiffWRT(n); len(wrt) != 0 {
			t.Errorf("DiffWRT(%d) is %v", n, wrt)
		}
	}
}

func TestInferShape(t *testing.T) {
	sizers := func(ss ...tensor.Shape) []gorgonia.DimSizer { return gorgonia.ShapesToDimSizers(ss) }
	for _, s := range []tensor.Shape{{}, {3}, {3, 1}, {2, 3, 4, 5}} {
		for _, c := range []struct {
			op *leakyrelu.Op
			in []gorgonia.DimSizer
		}{{newOp(t, 0.2), sizers(s)}, {newGrad(t, 0.2), sizers(s, s)}} {
			got, err := c.op.InferShape(c.in...)
			if err != nil || !slices.Equal(got, s) {
				t.Errorf("%v of %v: shape %v, error %v", c.op, c.in, got, err)
			}
			want := s.Clone()
			for i := range got { // package tensor changes shapes in place: got must be a copy
				got[i] = -1
			}
			if !slices.Equal(s, want) {
				t.Errorf("%v: changing the inferred shape changed that of the input to %v", c.op, s)
			}
		}
	}
	_, err := newOp(t, 0.2).InferShape()
	names(t, "no shape", err, "0 inputs", "expected 1")
	_, err = newOp(t, 0.2).InferShape(nil)
	names(t, "nil", err, "not a Shape")
	_, err = newGrad(t, 0.2).InferShape(sizers(tensor.Shape{2, 3}, tensor.Shape{3, 2})...)
	names(t, "shapes differ", err, "dy", "(3, 2)", "(2, 3)")
}

// One operator runs in several goroutines at the same time. The race detector
// checks this.
func TestOneOpInManyGoroutines(t *testing.T) {
	op := newOp(t, 0.2)
	x := dense([]float64{-1, 2, -3, 4}, 4)
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 100 {
				y, err := op.Do(x)
				if err != nil {
					t.Error(err)
					return
				}
				if got := y.Data().([]float64); got[0] != 0.2*-1 || got[3] != 4 {
					t.Errorf("got %v", got)
				}
			}
		}()
	}
	wg.Wait()
}
