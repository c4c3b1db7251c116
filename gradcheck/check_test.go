package gradcheck_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

func TestInvalidArguments(t *testing.T) {
	ok, x := unary(gorgonia.Tanh), dense(0.4, 2, 3)
	ints := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 2}))
	nan := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, math.NaN(), 4}))
	masked := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}))
	masked.ResetMask(true)
	for _, c := range []struct {
		name    string
		f       gradcheck.Func
		inputs  []*tensor.Dense
		opts    []gradcheck.Option
		message string
	}{
		{"nil Func", nil, []*tensor.Dense{x}, nil, "the Func is nil"},
		{"no inputs", ok, nil, nil, "none of the 0 inputs"},
		{"nil input", ok, []*tensor.Dense{x, nil}, nil, "input 1 is nil"},
		{"only ints", ok, []*tensor.Dense{ints}, nil, "expected at least one of float64 or float32"},
		{"NaN", ok, []*tensor.Dense{nan}, nil, "input 0 is NaN at [1 0]"},
		{"masked", ok, []*tensor.Dense{masked}, nil, "input 0 is masked"},
		{"index", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Inputs(1)}, "Inputs([1]): expected indices of the 1 inputs"},
		{"no index", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Inputs()}, "Inputs(): expected"},
		{"nondeterminism", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.NondetTol(-1)}, "NondetTol(-1)"},
		{"statement", unary(func(x node) (node, error) { return gorgonia.Read(x, new(gorgonia.Value)), nil }), []*tensor.Dense{x}, nil, "a statement"},
		{"ints", ok, []*tensor.Dense{x, ints}, []gradcheck.Option{gradcheck.Inputs(1)}, "input 1 is of int"},
		{"eps", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Eps(0)}, "Eps(0)"},
		{"tiny eps", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Eps(1e-30)}, "Eps(1e-30) is too small"},
		{"atol", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Atol(-1)}, "Atol(-1)"},
		{"rtol", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Rtol(math.Inf(1))}, "Rtol(+Inf)"},
		{"no machine", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Machines()}, "Machines()"},
		{"no such machine", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Machines(3)}, "Machines(Machine(3))"},
		{"sample", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Sample(-1)}, "Sample(-1)"},
		{"directions", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Directions(-1)}, "Directions(-1)"},
		{"sample and directions", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Sample(1), gradcheck.Directions(1)}, "expected one of them"},
		{"empty input", ok, []*tensor.Dense{new(tensor.Dense)}, nil, "input 0 is empty"},
		{"no entries", ok, []*tensor.Dense{tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(0, 3))}, nil, "input 0 is empty"},
		{"nil option", ok, []*tensor.Dense{x}, []gradcheck.Option{gradcheck.Seed(1), nil}, "option 1 is nil"},
		{"no node", unary(func(node) (node, error) { return nil, nil }), []*tensor.Dense{x}, nil, "neither a node nor an error"},
		{"other graph", unary(func(x node) (node, error) {
			return gorgonia.Tanh(gorgonia.NewMatrix(gorgonia.NewGraph(), gorgonia.Float64, gorgonia.WithShape(2, 3)))
		}), []*tensor.Dense{x}, nil, "a node of another graph"},
		{"no input needed", unary(func(x node) (node, error) {
			return gorgonia.Tanh(gorgonia.NewMatrix(x.Graph(), gorgonia.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("mine")))
		}), []*tensor.Dense{x}, nil, "depends on none of its inputs"},
		{"not a float", unary(func(x node) (node, error) { return gorgonia.Gt(x, constant(0), false) }), []*tensor.Dense{x}, nil, "a node of bool"},
		{"error", unary(func(node) (node, error) { return nil, errTest }), []*tensor.Dense{x}, nil, "the Func: the test's error"},
		{"panic", unary(func(node) (node, error) { panic("the test's panic") }), []*tensor.Dense{x}, nil, "the test's panic (check_test.go:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, check := range []func(gradcheck.Func, []*tensor.Dense, ...gradcheck.Option) error{gradcheck.Check, gradcheck.CheckSecond} {
				err := check(c.f, c.inputs, c.opts...)
				if err == nil || !strings.Contains(err.Error(), c.message) || !strings.HasPrefix(err.Error(), "gradcheck: ") {
					t.Errorf("%v: expected %q", err, c.message)
				}
			}
		})
	}
	if err := gradcheck.Check(unary(func(node) (node, error) { return nil, errTest }), []*tensor.Dense{x}); !errors.Is(err, errTest) {
		t.Errorf("%v does not wrap the Func's error", err)
	}
}

// The fields of an error have the right values, and the message has the same
// ones.
func TestErrorFields(t *testing.T) {
	x := dense(0.4, 2, 3)
	err := gradcheck.Check(of(scaledGradient(3)), []*tensor.Dense{x},
		gradcheck.Exclude(func(input int, x float64) bool { return input == 0 && x > 1 }))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 {
		t.Fatalf("%v: expected an error for each machine", err)
	}
	for i, err := range joined.Unwrap() {
		e := err.(*gradcheck.Error)
		left := slices.DeleteFunc(slices.Clone(x.Float64s()), func(x float64) bool { return x > 1 })
		if e.Machine != []gradcheck.Machine{gradcheck.Tape, gradcheck.Lisp}[i] || e.Order != 1 || e.Fault != gradcheck.WrongGradient ||
			e.Checked != len(left) || e.Failed != len(left) || e.Excluded != 6-len(left) || len(e.Entries) != min(5, len(left)) {
			t.Errorf("%+v", e)
		}
		for j, entry := range e.Entries {
			at, err := x.At(entry.Index...)
			if err != nil {
				t.Fatal(err)
			}
			// For any upstream gradient u, numeric is 2xu, and analytic is
			// three times that.
			u := entry.Numeric / (2 * at.(float64))
			if entry.Input != 0 || entry.Output || math.Abs(u) < 0.5 || math.Abs(u) > 1.5 ||
				math.Abs(entry.Analytic-3*entry.Numeric) > 1e-6 ||
				entry.Diff != math.Abs(entry.Analytic-entry.Numeric) || entry.Allowed != 1e-5+1e-3*math.Abs(entry.Numeric) {
				t.Errorf("%+v at %v", entry, at)
			}
			if j > 0 && entry.Diff > e.Entries[j-1].Diff {
				t.Errorf("%+v after %+v: expected the worst first", entry, e.Entries[j-1])
			}
		}
	}
}

// Eps, Atol and Rtol have the documented effect.
func TestTolerances(t *testing.T) {
	x := []*tensor.Dense{dense(0.4, 2, 3)}
	slightly := of(scaledGradient(1.01))
	for _, c := range []struct {
		opts []gradcheck.Option
		pass bool
	}{
		{nil, false},
		{[]gradcheck.Option{gradcheck.Rtol(0.02)}, true},
		{[]gradcheck.Option{gradcheck.Atol(0.1)}, true},
		{[]gradcheck.Option{gradcheck.Atol(0), gradcheck.Rtol(0.005)}, false},
	} {
		if err := gradcheck.Check(slightly, x, c.opts...); (err == nil) != c.pass {
			t.Errorf("%v: expected pass to be %v", err, c.pass)
		}
	}
	// The error of the central difference of x³ is eps².
	cube := unary(gorgonia.Cube)
	if err := gradcheck.Check(cube, x, gradcheck.Eps(0.5)); err == nil {
		t.Error("passes with a step of 0.5")
	}
	if err := gradcheck.Check(cube, x, gradcheck.Eps(0.5), gradcheck.Atol(0.25*1.5+1e-6), gradcheck.Rtol(0)); err != nil {
		t.Error(err)
	}
}

func TestExclude(t *testing.T) {
	kink := []*tensor.Dense{tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{-1, 1e-7, 1}))}
	near := gradcheck.Exclude(func(_ int, x float64) bool { return math.Abs(x) < 2e-6 })
	rectify := unary(gorgonia.Rectify)
	var e *gradcheck.Error
	if err := gradcheck.Check(rectify, kink); !errors.As(err, &e) || e.Failed != 1 {
		t.Errorf("%v: expected one entry to fail at the kink", err)
	}
	if err := gradcheck.Check(rectify, kink, near); err != nil {
		t.Error(err)
	}
	if err := gradcheck.Check(rectify, kink, near, gradcheck.Directions(3)); err != nil {
		t.Error(err)
	}
	if err := gradcheck.CheckSecond(rectify, kink, near); err != nil {
		t.Error(err)
	}
	if err := gradcheck.CheckSecond(rectify, kink, gradcheck.Exclude(func(input int, x float64) bool {
		return input == gradcheck.Upstream || math.Abs(x) < 2e-6
	})); err != nil {
		t.Errorf("the upstream gradient was left out: %v", err)
	}
	all := gradcheck.Exclude(func(int, float64) bool { return true })
	if err := gradcheck.Check(rectify, kink, all); !errors.As(err, &e) || e.Fault != gradcheck.NothingChecked || e.Excluded != 3 {
		t.Errorf("%v: expected that nothing was checked", err)
	}
	// The check fails if all entries of one input are excluded.
	first := gradcheck.Exclude(func(input int, _ float64) bool { return input == 0 })
	if err := gradcheck.Check(binary(gorgonia.Add), pair, first); !errors.As(err, &e) || e.Fault != gradcheck.NothingChecked {
		t.Errorf("%v: expected that nothing was checked", err)
	}
}

// Inputs that are not differentiated may have any dtype, but not be nil.
func TestInputs(t *testing.T) {
	wrongInFirst := of(&adOperator{
		operator: operator{
			name: "product", inputs: 2,
			do: elementwise(func(x ...float64) float64 { return x[0] * x[1] }),
			symDiff: func(in nodes, _, grad node) (nodes, error) {
				d1, err := gorgonia.HadamardProd(in[0], grad)
				return nodes{grad, d1}, err
			},
		},
		doDiff: func(in nodes, out node) error {
			for i, dy := range gradient(out) {
				gradient(in[0])[i] += dy
				gradient(in[1])[i] += dy * numbers(in[0].Value())[i]
			}
			return nil
		},
	})
	if err := gradcheck.Check(wrongInFirst, pair); err == nil {
		t.Error("passes")
	}
	if err := gradcheck.Check(wrongInFirst, pair, gradcheck.Inputs(1)); err != nil {
		t.Error(err)
	}
	labels := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 0}))
	pick := binary(func(x, i node) (node, error) { return gorgonia.ByIndices(x, i, 0) })
	if err := gradcheck.Check(pick, []*tensor.Dense{dense(0.4, 2, 3), labels}, gradcheck.Machines(gradcheck.Tape)); err != nil {
		t.Error(err)
	}
	// An input that is not used is probably a slip.
	var e *gradcheck.Error
	err := gradcheck.Check(unary(gorgonia.Tanh), pair)
	if !errors.As(err, &e) || e.Fault != gradcheck.NothingChecked || !strings.Contains(err.Error(), "the Func does not use input 1") || !strings.Contains(e.Hint, "Inputs") {
		t.Errorf("%v: expected that input 1 is not used", err)
	}
	if err := gradcheck.Check(unary(gorgonia.Tanh), pair, gradcheck.Inputs(0)); err != nil {
		t.Error(err)
	}
	// It is not where it is used for something else, as in a penalty.
	if err := gradcheck.Check(binary(func(a, b node) (node, error) {
		must(gorgonia.Add(a, b))
		return gorgonia.Tanh(a)
	}), pair); err != nil {
		t.Error(err)
	}
}

// Check reads the caller's tensors correctly in any layout, and does not change
// them.
func TestLayouts(t *testing.T) {
	data := func() []float64 { return dense(0.4, 12).Float64s() }
	transposed := tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(data()))
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	whole := tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(data()))
	view, err := whole.Slice(nil, gorgonia.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	columns := tensor.New(tensor.WithShape(3, 4), tensor.AsFortran(data()))
	for name, x := range map[string]*tensor.Dense{"transposed": transposed, "view": view.(*tensor.Dense), "column-major": columns} {
		shape, strides, before := x.Shape().Clone(), slices.Clone(x.Strides()), slices.Clone(x.Data().([]float64))
		// One entry has a special value. The error must have its index.
		value, err := x.At(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		var e *gradcheck.Error
		err = gradcheck.Check(of(scaledGradient(2)), []*tensor.Dense{x},
			gradcheck.Exclude(func(_ int, x float64) bool { return x != value }), gradcheck.Machines(gradcheck.Tape))
		if !errors.As(err, &e) || e.Checked != 1 || !slices.Equal(e.Entries[0].Index, []int{1, 1}) {
			t.Errorf("%s: %v: expected the entry at [1 1]", name, err)
		}
		if err := gradcheck.Check(of(square()), []*tensor.Dense{x}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !x.Shape().Eq(shape) || !slices.Equal(x.Strides(), strides) || !slices.Equal(x.Data().([]float64), before) {
			t.Errorf("%s: the caller's tensor was changed", name)
		}
	}
	if !slices.Equal(whole.Float64s(), data()) {
		t.Error("view: the caller's tensor was changed")
	}
}

// An operator that changes its input changes a copy, not the caller's tensor.
func TestCallersInputIsNotChanged(t *testing.T) {
	x := dense(0.4, 2, 3)
	op := square()
	op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
		numbers(in[0])[0] = 99
		return in[0], nil
	}
	if err := gradcheck.Check(of(op), []*tensor.Dense{x}); err == nil {
		t.Error("passes")
	}
	if !slices.Equal(x.Float64s(), dense(0.4, 2, 3).Float64s()) {
		t.Error("the caller's tensor was changed")
	}
}

// With Sample and Directions, a check of a large input takes only a few runs.
// It finds a fault in every fourth entry (Sample) or in a single one
// (Directions).
func TestLargeInputs(t *testing.T) {
	x := []*tensor.Dense{dense(0.4, 100, 100)}
	runs := 0
	counting := func(op *adOperator) *adOperator {
		do := op.do
		op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { runs++; return do(in...) }
		return op
	}
	off := func(every int) *adOperator {
		op := square()
		right := op.doDiff
		op.doDiff = func(in nodes, out node) error {
			err := right(in, out)
			for i := 0; i < 10000; i += every {
				gradient(in[0])[i] += gradient(out)[i]
			}
			return err
		}
		return op
	}
	for name, opt := range map[string]gradcheck.Option{"Sample": gradcheck.Sample(20), "Directions": gradcheck.Directions(3)} {
		runs = 0
		if err := gradcheck.Check(of(counting(square())), x, opt); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if runs > 60 {
			t.Errorf("%s takes %d runs", name, runs)
		}
		every := map[string]int{"Sample": 4, "Directions": 10000}[name]
		var e *gradcheck.Error
		if err := gradcheck.Check(of(off(every)), x, opt, gradcheck.Machines(gradcheck.Lisp)); !errors.As(err, &e) || e.Fault != gradcheck.WrongGradient {
			t.Errorf("%s: %v: expected a wrong gradient", name, err)
		} else if (e.Entries[0].Index == nil) != (name == "Directions") {
			t.Errorf("%s: %v", name, e)
		}
	}
	// Errors that cancel in a sum do not cancel along random directions.
	op := square()
	right := op.doDiff
	op.doDiff = func(in nodes, out node) error {
		err := right(in, out)
		gradient(in[0])[0] += gradient(out)[0]
		gradient(in[0])[1] -= gradient(out)[0]
		return err
	}
	var e *gradcheck.Error
	if err := gradcheck.Check(of(op), x, gradcheck.Directions(8), gradcheck.Machines(gradcheck.Lisp)); !errors.As(err, &e) || e.Fault != gradcheck.WrongGradient {
		t.Errorf("%v: expected a wrong gradient", err)
	}
	if err := gradcheck.CheckSecond(of(square()), x, gradcheck.Directions(3)); err != nil {
		t.Error(err)
	}
	if err := gradcheck.CheckSecond(of(square()), x, gradcheck.Sample(10)); err != nil {
		t.Error(err)
	}
}

func TestFloat32(t *testing.T) {
	x, y := single(dense(0.4, 2, 3)), single(positive(1.7, 3, 4))
	for name, f := range map[string]gradcheck.Func{
		"Tanh": unary(gorgonia.Tanh), "Sigmoid": unary(gorgonia.Sigmoid), "Exp": unary(gorgonia.Exp), "Cube": unary(gorgonia.Cube),
		"an input": unary(func(x node) (node, error) { return x, nil }),
	} {
		if err := gradcheck.Check(f, []*tensor.Dense{x}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := gradcheck.CheckSecond(f, []*tensor.Dense{x}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := gradcheck.Check(binary(gorgonia.Mul), []*tensor.Dense{x, y}); err != nil {
		t.Error(err)
	}
	if err := gradcheck.CheckSecond(binary(gorgonia.Mul), []*tensor.Dense{x, y}); err != nil {
		t.Error(err)
	}
	a, b := tensor.New(tensor.FromScalar(float32(0.7))), tensor.New(tensor.FromScalar(float32(-1.2)))
	if err := gradcheck.Check(binary(gorgonia.HadamardProd), []*tensor.Dense{a, b}); err != nil {
		t.Error(err)
	}
	// This is x + x² without the gradient of x².
	var e *gradcheck.Error
	constantSquare := unary(func(x node) (node, error) {
		return gorgonia.Add(x, must(gorgonia.ApplyOp(undifferentiable{must(gorgonia.Square(x)).Op().(gorgonia.SDOp)}, x)))
	})
	if err := gradcheck.Check(constantSquare, []*tensor.Dense{y}, gradcheck.Machines(gradcheck.Tape)); !errors.As(err, &e) || e.Fault != gradcheck.WrongGradient || e.Failed != 12 {
		t.Errorf("%v: expected the gradient to be wrong in all entries", err)
	}
}

// An undifferentiable is an operator whose DiffWRT is false for all inputs.
type undifferentiable struct{ gorgonia.SDOp }

func (undifferentiable) DiffWRT(inputs int) []bool { return make([]bool, inputs) }
func (op undifferentiable) Hashcode() uint32       { return ^op.SDOp.Hashcode() } // a different hash, so that it is not merged with the real one

// The same seed gives the same error. Different seeds give different errors.
func TestSeed(t *testing.T) {
	said := func(opts ...gradcheck.Option) string {
		err := gradcheck.Check(of(scaledGradient(2)), mixed, opts...)
		if err == nil {
			t.Fatal("passes")
		}
		return err.Error()
	}
	if once, twice := said(), said(); once != twice || once != said(gradcheck.Seed(1)) {
		t.Error("two checks with the same seed differ")
	}
	if said() == said(gradcheck.Seed(2)) {
		t.Error("two checks with different seeds agree")
	}
}

// Package tensor's pool of freed tensors is off during a check. Afterwards it
// is as before.
func TestPool(t *testing.T) {
	freed := func() bool {
		d := dense(0, 2)
		tensor.ReturnTensor(d)
		return d.Shape() == nil
	}
	f := unary(func(x node) (node, error) {
		if freed() {
			t.Error("the pool is on")
		}
		return gorgonia.Tanh(x)
	})
	defer tensor.UsePool()
	for _, on := range []bool{true, false} {
		if !on {
			tensor.DontUsePool()
		}
		if err := gradcheck.Check(f, mixed); err != nil {
			t.Error(err)
		}
		if freed() != on {
			t.Errorf("the pool is %t after the check: expected %t", !on, on)
		}
	}
}
