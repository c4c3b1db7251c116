package gradcheck_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// A right operator can fail if central differences are useless at its inputs.
// The message says why, and what to do.
func TestUselessDifferences(t *testing.T) {
	at := func(x ...float64) []*tensor.Dense {
		return []*tensor.Dense{tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x))}
	}
	overflowing := square()
	overflowing.do = elementwise(func(x ...float64) float64 {
		if x[0] > 2 {
			return math.Inf(1)
		}
		return x[0]
	})
	in32 := func(x []*tensor.Dense) []*tensor.Dense { return []*tensor.Dense{single(x[0])} }
	for _, c := range []struct {
		name    string
		f       gradcheck.Func
		inputs  []*tensor.Dense
		opts    []gradcheck.Option
		message []string
	}{
		{"kink", unary(gorgonia.Rectify), at(-1, 0, 1), nil,
			[]string{"1 of 3 entries", "a kink or a jump at input 0 at [1], which is 0", "one-sided differences disagree", "Exclude"}},
		{"two kinks", unary(gorgonia.Rectify), at(0, 1, 1e-7), nil, []string{"2 of 3 entries", "a kink or a jump at input 0 at ["}},
		{"kink in float32", unary(gorgonia.Rectify), in32(at(-1, 0, 1)), nil, []string{"a kink or a jump at input 0 at [1]", "Exclude"}},
		{"kink on a direction", unary(gorgonia.Rectify), at(-1, 0, 1), []gradcheck.Option{gradcheck.Directions(1)},
			[]string{"along a direction", "a kink or a jump along a direction through input 0", "Exclude"}},
		{"below the domain", unary(gorgonia.Sqrt), at(1, 0, 4), nil,
			[]string{"output not finite", "the output at [1] is NaN at x - eps", "x = 0, input 0 at [1]", "Exclude"}},
		{"above the domain", unary(func(x node) (node, error) { return gorgonia.Log1p(must(gorgonia.Neg(x))) }), at(.5, 1-1e-9), nil,
			[]string{"the output at [1] is NaN at x + eps", "input 0 at [1]"}},
		{"below the domain on a direction", unary(gorgonia.Sqrt), at(1, 0, 4), []gradcheck.Option{gradcheck.Directions(1)},
			[]string{"the output at [1] is NaN at x ", "along a direction"}},
		{"infinite", unary(gorgonia.Log), at(1, 0, 4), nil, []string{"the output at [1] is -Inf", "every output is finite"}},
		{"infinite a step away", of(overflowing), at(1, 2), nil, []string{"the output at [1] is +Inf at x + eps"}},
		{"large", unary(gorgonia.Cube), at(1, 3e9), nil, []string{"1 of 2 entries", "rounding, at input 0 at [1], which is 3e+09", "larger Eps, such as 1e+04"}},
		{"too large for eps", unary(gorgonia.Tanh), at(1, 1e12), nil, []string{"Eps(1e-06) is too small to change input 0 at [1], which is 1e+12", "larger Eps"}},
		{"too large for eps on a direction", unary(gorgonia.Tanh), at(1, 1e12), []gradcheck.Option{gradcheck.Directions(1)}, []string{"Eps(1e-06) is too small to change input 0 at"}},
		{"statement", unary(func(x node) (node, error) {
			return gorgonia.Read(must(gorgonia.Tanh(x)), new(gorgonia.Value)), nil
		}), at(1, 2), nil, []string{"returned a statement", "Read", "Return the node that is read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := gradcheck.Check(c.f, c.inputs, append(c.opts, gradcheck.Machines(gradcheck.Tape))...)
			if err == nil {
				t.Fatal("passes")
			}
			for _, part := range c.message {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the message:\n%v", part, err)
				}
			}
		})
	}
	// With the Eps that the message suggests, the check passes.
	if err := gradcheck.Check(unary(gorgonia.Cube), at(2.9e9, 3e9), gradcheck.Eps(1e4)); err != nil {
		t.Error(err)
	}
}

// A wrong gradient is not reported as a kink or as rounding.
func TestWrongGradientAmongKinks(t *testing.T) {
	x := []*tensor.Dense{tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{-1, 0, 1}))}
	doubled := of(func() gorgonia.Op {
		op := square()
		op.do = elementwise(func(x ...float64) float64 { return math.Abs(x[0]) })
		op.symDiff = func(in nodes, _, grad node) (nodes, error) {
			sign, err := gorgonia.Sign(in[0])
			if err != nil {
				return nil, err
			}
			dx, err := gorgonia.HadamardProd(must(gorgonia.HadamardProd(sign, grad)), constant(2))
			return nodes{dx}, err
		}
		return op
	}())
	err := gradcheck.Check(doubled, x, gradcheck.Machines(gradcheck.Tape))
	if err == nil || strings.Contains(err.Error(), "kink") || !strings.Contains(err.Error(), "analytic is 2 times numeric") {
		t.Errorf("%v: expected a wrong factor", err)
	}
}

// The message says what the wrong entries have in common.
func TestPatternOfWrongEntries(t *testing.T) {
	// withGradient returns x² with a DoDiff that adds the result of wrong.
	withGradient := func(wrong func(i int, x, y, dy []float64) float64) gradcheck.Func {
		op := square()
		op.doDiff = func(in nodes, out node) error {
			for i := range gradient(in[0]) {
				gradient(in[0])[i] += wrong(i, numbers(in[0].Value()), numbers(out.Value()), gradient(out))
			}
			return nil
		}
		return of(op)
	}
	clipped, rounded := square(), square()
	clipped.do = elementwise(func(x ...float64) float64 { return math.Max(x[0]*x[0], 1) })
	rounded.do = elementwise(func(x ...float64) float64 { return float64(float32(x[0] * x[0])) })
	product := &adOperator{
		operator: operator{name: "product", inputs: 2, do: elementwise(func(x ...float64) float64 { return x[0] * x[1] })},
		doDiff: func(in nodes, out node) error {
			for _, n := range in {
				for i, x := range numbers(n.Value()) {
					gradient(n)[i] += x * gradient(out)[i]
				}
			}
			return nil
		},
	}
	for _, c := range []struct {
		f       gradcheck.Func
		inputs  []*tensor.Dense
		message string
	}{
		{withGradient(func(i int, x, y, dy []float64) float64 { return -2 * x[i] * dy[i] }), mixed, "analytic is -1 times numeric in every failed entry: the sign is wrong"},
		{withGradient(func(i int, x, y, dy []float64) float64 { return 2 * x[i] * dy[i] * dy[i] }), mixed, "analytic is numeric times the upstream gradient"},
		{withGradient(func(i int, x, y, dy []float64) float64 { return 2 * dy[i] }), mixed, "analytic is numeric divided by the input"},
		{withGradient(func(i int, x, y, dy []float64) float64 { return 2 * x[i] * y[i] * dy[i] }), mixed, "analytic is numeric times the output"},
		{withGradient(func(i int, x, y, dy []float64) float64 { return 2 * x[(i%2)*3+i/2] * dy[(i%2)*3+i/2] }), mixed, "analytic is numeric transposed"},
		{withGradient(func(i int, x, y, dy []float64) float64 { return math.Sin(x[i]) * dy[i] }), mixed, "see DoDiff of square, or Do of square if it is not the function you mean: at input 0 at [0 2], which is -1.43839, the derivative of the output at [0 2] is -2.87677, not -0.99"},
		{of(rounded), mixed, "float32"},
		{of(clipped), mixed, "numeric is 0 in every failed entry"},
		{of(product), pair, "the gradients of input 0 and input 1 are interchanged"},
	} {
		err := gradcheck.Check(c.f, c.inputs, gradcheck.Machines(gradcheck.Lisp))
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%v: expected %q", err, c.message)
		}
	}
}

// If an expression has several operators, the wrong one is named.
func TestWrongOperatorIsNamed(t *testing.T) {
	among := func(op gorgonia.Op) gradcheck.Func {
		return unary(func(x node) (node, error) {
			y, err := gorgonia.ApplyOp(op, must(gorgonia.Tanh(x)))
			if err != nil {
				return nil, err
			}
			return gorgonia.Sum(must(gorgonia.HadamardProd(y, x)))
		})
	}
	forgetful := square()
	forgetful.doDiff = func(in nodes, out node) error {
		for i, x := range numbers(in[0].Value()) {
			gradient(in[0])[i] += 2 * x
		}
		return nil
	}
	drifting, n := square(), 0.0
	drifting.do = elementwise(func(x ...float64) float64 { n += 1e-13; return x[0]*x[0] + n })
	overwriting := square()
	overwriting.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
		for i, x := range numbers(in[0]) {
			numbers(in[0])[i] = x * x
		}
		return in[0], nil
	}
	returning := square()
	returning.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { return in[0], nil }
	for _, c := range []struct {
		name    string
		f       gradcheck.Func
		machine gradcheck.Machine
		fault   gradcheck.Fault
		op      string
		message string
	}{
		{"factor, tape", among(scaledGradient(3)), gradcheck.Tape, gradcheck.WrongGradient, "square", "analytic is 3 times numeric"},
		{"factor, Lisp", among(scaledGradient(3)), gradcheck.Lisp, gradcheck.WrongGradient, "square", "analytic is 3 times numeric"},
		{"upstream gradient", among(forgetful), gradcheck.Lisp, gradcheck.NonzeroGradient, "square", "multiply by"},
		{"not deterministic", among(drifting), gradcheck.Tape, gradcheck.NotDeterministic, "square", "NondetTol"},
		{"changes an input", unary(func(x node) (node, error) {
			y, err := gorgonia.ApplyOp(overwriting, x)
			if err != nil {
				return nil, err
			}
			return gorgonia.Sum(y)
		}), gradcheck.Tape, gradcheck.InputChanged, "square", "by Do"},
		{"returns its input to one that overwrites", unary(func(x node) (node, error) {
			return gorgonia.Rectify(must(gorgonia.ApplyOp(returning, x)))
		}), gradcheck.Tape, gradcheck.InputChanged, "⊙ false", "returned it as a result: square"},
		{"overwrites wrongly", unary(func(x node) (node, error) {
			return gorgonia.HadamardProd(x, must(gorgonia.ApplyOp(newOverwriter(3), must(gorgonia.Neg(x)))))
		}), gradcheck.Tape, gradcheck.NotDeterministic, "double", "OverwritesInput"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := gradcheck.Check(c.f, mixed, gradcheck.Machines(c.machine))
			var e *gradcheck.Error
			if !errors.As(err, &e) || e.Fault != c.fault || e.Op != c.op || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v: expected %v in %s, %q", err, c.fault, c.op, c.message)
			}
		})
	}
}

// Runs may differ by NondetTol, but not by more.
func TestNondetTol(t *testing.T) {
	noisy := func() gradcheck.Func {
		op, n := square(), 0.0
		do := op.do
		op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
			y, err := do(in...)
			n = 1e-13 - n
			numbers(y)[0] += n
			return y, err
		}
		return of(op)
	}
	for _, c := range []struct {
		opts []gradcheck.Option
		pass bool
	}{
		{nil, false},
		{[]gradcheck.Option{gradcheck.NondetTol(1e-15)}, false},
		{[]gradcheck.Option{gradcheck.NondetTol(1e-11)}, true},
	} {
		var e *gradcheck.Error
		err := gradcheck.Check(noisy(), mixed, append(c.opts, gradcheck.Machines(gradcheck.Tape))...)
		if (err == nil) != c.pass || errors.As(err, &e) && e.Fault != gradcheck.NotDeterministic {
			t.Errorf("%v: expected pass to be %t", err, c.pass)
		}
	}
}

// If an entry moves many outputs, their kinks must not cancel in the weighted
// sum of the outputs.
func TestKinksDoNotCancel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		w := make([]float64, 2*16)
		for i := range w {
			w[i] = rng.NormFloat64()
		}
		inputs := []*tensor.Dense{
			tensor.New(tensor.WithShape(4, 2), tensor.WithBacking(make([]float64, 4*2))), // x·w is 0, a kink
			tensor.New(tensor.WithShape(2, 16), tensor.WithBacking(w)),
		}
		err := gradcheck.Check(func(in ...node) (node, error) {
			return gorgonia.Rectify(gorgonia.Must(gorgonia.Mul(in[0], in[1])))
		}, inputs, gradcheck.Inputs(0), gradcheck.Machines(gradcheck.Tape))
		if err == nil || !strings.Contains(err.Error(), "a kink or a jump") || !strings.Contains(err.Error(), "Exclude") {
			t.Errorf("the message names no kink: %v", err)
		}
	}
}
