package gradcheck_test

import (
	"fmt"
	"hash"
	"math"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// changed is square after change.
func changed(change func(op *adOperator)) *adOperator {
	op := square()
	change(op)
	return op
}

// squareBy is square with another Do.
func squareBy(f func(x float64) float64) *adOperator {
	return changed(func(op *adOperator) { op.do = elementwise(func(x ...float64) float64 { return f(x[0]) }) })
}

// squareWith is square with a SymDiff that applies backward to x and grad.
func squareWith(backward gorgonia.Op) *adOperator {
	return changed(func(op *adOperator) {
		op.symDiff = func(in nodes, _, grad node) (nodes, error) {
			dx, err := gorgonia.ApplyOp(backward, in[0], grad)
			return nodes{dx}, err
		}
	})
}

// backwardBy is squareGrad with another Do.
func backwardBy(f func(x, g float64) float64) *adOperator {
	op := squareGrad(2)
	op.do = elementwise(func(x ...float64) float64 { return f(x[0], x[1]) })
	return op
}

// A sameHash is an operator with the hash of all others of the type.
type sameHash struct{ *adOperator }

func (sameHash) WriteHash(h hash.Hash) { fmt.Fprint(h, "same") }

// A typed is an operator with another Type.
type typed struct {
	*adOperator
	typ hm.Type
}

func (op typed) Type() hm.Type { return op.typ }

func outOfRange(x []float64) float64 { return x[len(x)] }

// What a wrong operator's message says leads to the method that is wrong.
func TestHintsLeadToTheMethod(t *testing.T) {
	at := func(x ...float64) []*tensor.Dense {
		return []*tensor.Dense{tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x))}
	}
	in32 := func(x float64) float64 { return float64(float32(x)) }
	var memo gorgonia.Value
	memoizing := changed(func(op *adOperator) {
		do := op.do
		op.do = func(in ...gorgonia.Value) (y gorgonia.Value, err error) {
			if memo == nil {
				memo, err = do(in...)
			}
			if err != nil {
				return nil, err
			}
			return gorgonia.CloneValue(memo)
		}
	})
	merged := func(factor float64) gorgonia.Op {
		backward := backwardBy(func(x, g float64) float64 { return factor * 2 * x * g })
		backward.name = fmt.Sprintf("scaledGrad(%v)", factor)
		op := squareWith(sameHash{backward})
		op.name = fmt.Sprintf("scaled(%v)", factor)
		op.do = elementwise(func(x ...float64) float64 { return factor * x[0] * x[0] })
		return op
	}
	halfFilled := squareGrad(2)
	fill := halfFilled.do
	halfFilled.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
		y, err := fill(in...)
		clear(numbers(y)[3:])
		return y, err
	}
	noise := 0.0
	tape, lisp := []gradcheck.Option{gradcheck.Machines(gradcheck.Tape)}, []gradcheck.Option{gradcheck.Machines(gradcheck.Lisp)}
	for _, c := range []struct {
		name    string
		f       gradcheck.Func
		inputs  []*tensor.Dense
		opts    []gradcheck.Option
		second  bool
		says    []string
		saysNot []string
	}{
		{"Do computes another function", of(squareBy(math.Exp)), mixed, nil, false,
			[]string{"see Do of square first: SymDiff and DoDiff agree with each other, and not with the differences"}, []string{"see SymDiff", "see DoDiff"}},
		{"Do computes another function, one machine", of(squareBy(math.Exp)), mixed, tape, false,
			[]string{"see SymDiff of square", "or Do of square if it is not the function you mean"}, nil},
		{"Do is constant, and DoDiff knows", of(changed(func(op *adOperator) {
			op.do = elementwise(func(...float64) float64 { return 1 })
			op.doDiff = func(nodes, node) error { return nil }
		})), mixed, nil, false, []string{"see SymDiff of square and Do of squareGrad 2"}, []string{"Do of square:"}},
		{"Do returns an earlier result", of(memoizing), mixed, nil, false,
			[]string{"hint: see Do of square: does it ignore an input or some entries, round, or return an earlier result?"}, nil},
		{"Do rounds to whole numbers", of(squareBy(math.Round)), at(-.8, .2, .5, 1.2), nil, false,
			[]string{"see Do of square: does it ignore an input or some entries, round", "input 0 at [2] is at a kink or a jump"}, nil},
		{"the result is rounded to float32", of(squareBy(func(x float64) float64 { return in32(x * x) })), at(-1, .5, 2), nil, false,
			[]string{"square: ", "numeric changes with the step", "as when Do computes in float32: see Do, or set Eps(5e-3), Atol(1e-3), Rtol(1e-2)"}, []string{"kink", "SymDiff"}},
		{"a factor is rounded to float32", of(squareBy(func(x float64) float64 { return x * in32(x*1.1) / 1.1 })), mixed, nil, false,
			[]string{"as when Do computes in float32"}, []string{"kink", "SymDiff"}},
		{"two backward operators with one hash", unary(func(x node) (node, error) {
			return gorgonia.Add(must(gorgonia.ApplyOp(merged(3), x)), must(gorgonia.ApplyOp(merged(1), x)))
		}), mixed, tape, false, []string{"scaledGrad(3)", "scaledGrad(1)", "have the same hash", "WriteHash"}, []string{"each operator"}},
		{"a backward operator is wrong", of(squareWith(backwardBy(func(x, g float64) float64 { return x * g }))), mixed, tape, false,
			[]string{"see SymDiff of square and Do of squareGrad 2, which it returns, or Do of square"}, nil},
		{"only Gorgonia's operators are returned", of(changed(func(op *adOperator) {
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				return nodes{must(gorgonia.HadamardProd(in[0], grad))}, nil
			}
		})), mixed, tape, false, []string{"see SymDiff of square, or Do"}, []string{"⊙"}},
		{"a backward operator is not deterministic", of(squareWith(backwardBy(func(x, g float64) float64 { noise += 1e-10; return 2*x*g + noise }))), mixed, tape, false,
			[]string{"two runs differ", "draw random numbers, or run over a map", "NondetTol(", "See Do of squareGrad 2, which SymDiff of square returns"}, nil},
		{"a helper of Do panics", of(squareBy(func(float64) float64 { return outOfRange(nil) })), mixed, tape, false,
			[]string{"square: Do: runtime error: index out of range", "(hint_test.go:", ", in gorgonia.org/leakyrelu/gradcheck_test.outOfRange)"}, nil},
		{"the Func panics in Gorgonia", unary(func(x node) (node, error) { return gorgonia.Must(gorgonia.Mul(x, x)), nil }), mixed, nil, false,
			[]string{"panic", "(hint_test.go:"}, nil},
		{"Type and InferShape disagree", of(typed{square(), hm.NewFnType(hm.TypeVariable('a'), gorgonia.TensorType{Dims: 1, Of: tensor.Float64})}), mixed, nil, false,
			[]string{"panic", "Type of square says 1 dimension, InferShape gives (2, 3): one is wrong", "does it return a new type on every call?"}, nil},
		{"an operator of Gorgonia's", unary(func(x node) (node, error) { return gorgonia.Reshape(x, tensor.Shape{6}) }), mixed, lisp, false,
			[]string{"is Gorgonia's own operator, not yours", "README", "Machines(Tape) leaves the Lisp machine out"}, nil},
		{"an error in an operator of Gorgonia's", binary(gorgonia.OuterProd), []*tensor.Dense{dense(0.4, 2), dense(1.7, 3)}, lisp, false,
			[]string{"failed on the Lisp machine: ", "is Gorgonia's own operator"}, nil},
		{"an operator of Gorgonia's, wrong on one machine", unary(gorgonia.Log2), above, nil, false,
			[]string{"see SymDiff of log2: ", "log2 is Gorgonia's own operator"}, []string{"Machines(Tape)"}},
		{"wrong, and a kink", of(changed(func(op *adOperator) {
			op.do = elementwise(func(x ...float64) float64 { return math.Max(x[0], 0.1*x[0]) })
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				return nodes{must(gorgonia.HadamardProd(grad, must(gorgonia.Sign(in[0]))))}, nil
			}
		})), at(-2, -1, 0, 1, 2), tape, false,
			[]string{"3 of 5 entries", "the derivative of the output at [0] is 0.1, not -1, input 0 at [2] is at a kink or a jump"}, []string{"output at [2]"}},
		{"a symmetric jump", of(squareBy(func(x float64) float64 { return math.Copysign(5, x-1) + x*x })), at(1, 2), tape, false,
			[]string{"a jump at input 0 at [0], which is 1: numeric is "}, nil},
		{"the upstream gradient", of(squareWith(backwardBy(func(x, g float64) float64 { return 3 * g * x * x }))), at(.7, 1.3), tape, true,
			[]string{"wrong in the upstream gradient"}, []string{"input -1"}},
		{"an input of an operator in a chain", binary(func(a, b node) (node, error) {
			return gorgonia.Tanh(must(gorgonia.ApplyOp(product(2), must(gorgonia.Tanh(a)), must(gorgonia.Sin(b)))))
		}), pair, lisp, false, []string{"see DoDiff of product, which is wrong when it is checked alone, too", "0 of 6 wrong in its input 0, 6 of 6 wrong in its input 1, at its input 1 at ["}, nil},
		{"Do overwrites, OverwritesInput allows it", of(overwritingInDo{square()}), mixed, tape, false,
			[]string{"an input was changed", "Its OverwritesInput returns 0: UsePreallocDo may overwrite its prealloc, but Do and DoDiff no input"}, nil},
		{"DoDiff keeps its first input", of(keepsFirst(nil)), mixed, lisp, false,
			[]string{"the gradients are those of an earlier run, at other inputs: does an operator keep something of it?", "see DoDiff of square"}, nil},
		{"Do keeps its first input for DoDiff", of(keepsForDoDiff()), mixed, lisp, false,
			[]string{"the gradients are those of an earlier run", "see DoDiff of square"}, nil},
		{"a backward operator keeps its first input", of(squareWith(keepsFirst(func(x, g float64) float64 { return 2 * x * g }))), mixed, tape, false,
			[]string{"the gradients are those of an earlier run", "Do of squareGrad 2"}, nil},
		{"overwrites the memory of an input", unary(func(x node) (node, error) {
			return gorgonia.ApplyOp(inPlace{square(), nil}, must(gorgonia.Reshape(x, tensor.Shape{6})))
		}), mixed, tape, false, []string{"an input was changed", "square: ", "by UsePreallocDo", "returned it as a result: Reshape"}, nil},
		{"adds to what it may overwrite", unary(func(x node) (node, error) {
			return gorgonia.ApplyOp(inPlace{square(), func(old, y float64) float64 { return old + y }}, must(gorgonia.Neg(x)))
		}), mixed, tape, false, []string{"two runs differ", "square: ", "the output is not the same when operators may overwrite their inputs", "UsePreallocDo"}, nil},
		{"a row is not filled in", of(squareWith(halfFilled)), mixed, tape, false, []string{"3 of 6 entries: the gradient is 0 in every failed entry: is it not filled in there?"}, []string{"no gradient arrives"}},
		{"the gradient is NaN at 0", of(changed(func(op *adOperator) {
			op.symDiff = func(in nodes, out, grad node) (nodes, error) {
				return nodes{must(gorgonia.HadamardProd(must(gorgonia.HadamardDiv(must(gorgonia.HadamardProd(out, constant(2))), in[0])), grad))}, nil
			}
		})), at(-1, 0, 1), tape, false,
			[]string{"the gradient is NaN, though the outputs are finite, at input 0 at [1], which is 0. The first result that is not finite is that of ÷ false", "see SymDiff of square"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := gradcheck.Check
			if c.second {
				check = gradcheck.CheckSecond
			}
			err := check(c.f, c.inputs, c.opts...)
			if err == nil {
				t.Fatal("passes")
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the message:\n%v", part, err)
				}
			}
			for _, part := range c.saysNot {
				if strings.Contains(err.Error(), part) {
					t.Errorf("%q is in the message:\n%v", part, err)
				}
			}
		})
	}
}

// Other inputs than the given ones are tried first. An operator that does not take
// them is right all the same.
func TestOperatorThatTakesNoOtherInputs(t *testing.T) {
	for name, refuse := range map[string]func() error{
		"error": func() error { return errTest }, "panic": func() error { panic("the test's panic") },
	} {
		op := changed(func(op *adOperator) {
			do := op.do
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
				if x := numbers(in[0]); x[0] > x[1] {
					return nil, refuse()
				}
				return do(in...)
			}
		})
		x := []*tensor.Dense{tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}))}
		if err := gradcheck.Check(of(op), x); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := gradcheck.CheckSecond(of(op), x); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// product is a·b with a gradient of b that is wrong by a factor.
func product(factor float64) *adOperator {
	return &adOperator{
		operator: operator{name: "product", inputs: 2, do: elementwise(func(x ...float64) float64 { return x[0] * x[1] })},
		doDiff: func(in nodes, out node) error {
			a, b := numbers(in[0].Value()), numbers(in[1].Value())
			for i, dy := range gradient(out) {
				gradient(in[0])[i] += b[i] * dy
				gradient(in[1])[i] += factor * a[i] * dy
			}
			return nil
		},
	}
}

// overwritingInDo is square in place, in Do.
type overwritingInDo struct{ *adOperator }

func (overwritingInDo) OverwritesInput() int { return 0 }
func (overwritingInDo) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	for i, x := range numbers(in[0]) {
		numbers(in[0])[i] = x * x
	}
	return in[0], nil
}

// keepsFirst is an operator that goes on with the first input it got: square in
// its DoDiff if f is nil, or else squareGrad in its Do, which is f.
func keepsFirst(f func(x, g float64) float64) *adOperator {
	var kept []float64
	keep := func(x []float64) []float64 {
		if kept == nil {
			kept = append(kept, x...)
		}
		return kept
	}
	if f == nil {
		return changed(func(op *adOperator) {
			op.doDiff = func(in nodes, out node) error {
				for i, x := range keep(numbers(in[0].Value())) {
					gradient(in[0])[i] += 2 * x * gradient(out)[i]
				}
				return nil
			}
		})
	}
	op := squareGrad(2)
	op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
		y := in[0].(*tensor.Dense).Clone().(*tensor.Dense)
		for i, x := range keep(numbers(in[0])) {
			numbers(y)[i] = f(x, numbers(in[1])[i])
		}
		return y, nil
	}
	return op
}

// keepsForDoDiff is square with a Do that keeps the first input it got, for DoDiff.
func keepsForDoDiff() *adOperator {
	var kept []float64
	return changed(func(op *adOperator) {
		do := op.do
		op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
			if kept == nil {
				kept = append(kept, numbers(in[0])...)
			}
			return do(in...)
		}
		op.doDiff = func(in nodes, out node) error {
			for i, x := range kept {
				gradient(in[0])[i] += 2 * x * gradient(out)[i]
			}
			return nil
		}
	})
}

// inPlace is square, which computes over its input if it may. combine, unless it
// is nil, gets what was there and the square.
type inPlace struct {
	*adOperator
	combine func(old, y float64) float64
}

func (inPlace) OverwritesInput() int { return 0 }
func (op inPlace) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	for i, x := range numbers(in[0]) {
		y := x * x
		if op.combine != nil {
			y = op.combine(numbers(prealloc)[i], y)
		}
		numbers(prealloc)[i] = y
	}
	return prealloc, nil
}
