package gradcheck_test

import (
	"errors"
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// seenIn is the version of Gorgonia that has the faults that these tests
// expect.
const seenIn = "v0.9.18"

// fixed returns a message for a test that expects a fault of Gorgonia that no
// longer exists.
func fixed(fault, where string) string {
	return fmt.Sprintf("Gorgonia has fixed a fault of %s (%s): delete %s, and what README.md says about it", seenIn, fault, where)
}

// A gradientCase is one of Gorgonia's own functions at a point, with the first
// fault on each machine, or 0 if there is none.
type gradientCase struct {
	name                   string
	f                      gradcheck.Func
	inputs                 []*tensor.Dense
	tape, lisp             gradcheck.Fault // Check
	secondTape, secondLisp gradcheck.Fault // CheckSecond
	firstOnly              bool            // see the limits of the package
}

func unary(f func(node) (node, error)) gradcheck.Func {
	return func(in ...node) (node, error) { return f(in[0]) }
}

func binary(f func(a, b node) (node, error)) gradcheck.Func {
	return func(in ...node) (node, error) { return f(in[0], in[1]) }
}

func constant(x float64) node { return gorgonia.NewConstant(x) }

func scalar(x float64) *tensor.Dense { return tensor.New(tensor.FromScalar(x)) }

// These are shorter names for the table.
const (
	wrong  = gradcheck.WrongGradient
	unstab = gradcheck.NotDeterministic
	lost   = gradcheck.NotAccumulated
	nodiff = gradcheck.NotDifferentiable
	panics = gradcheck.Panicked
	fails  = gradcheck.Failed
	alters = gradcheck.InputChanged
	shapes = gradcheck.MismatchedGradient
)

var (
	mixed = []*tensor.Dense{dense(0.4, 2, 3)}
	above = []*tensor.Dense{positive(0.4, 2, 3)}
	pair  = []*tensor.Dense{dense(0.4, 2, 3), dense(1.7, 2, 3)}
	row   = []*tensor.Dense{dense(0.4, 2, 3), dense(1.7, 1, 3)}
	image = dense(0.4, 1, 2, 3, 6)
)

var gorgonias = []gradientCase{
	{name: "Tanh", f: unary(gorgonia.Tanh), inputs: mixed},
	{name: "Sigmoid", f: unary(gorgonia.Sigmoid), inputs: mixed},
	{name: "Exp", f: unary(gorgonia.Exp), inputs: mixed},
	{name: "Expm1", f: unary(gorgonia.Expm1), inputs: mixed},
	{name: "Log", f: unary(gorgonia.Log), inputs: above},
	{name: "Log1p", f: unary(gorgonia.Log1p), inputs: above},
	{name: "Sqrt", f: unary(gorgonia.Sqrt), inputs: above},
	{name: "Square", f: unary(gorgonia.Square), inputs: mixed},
	{name: "Cube", f: unary(gorgonia.Cube), inputs: mixed},
	{name: "Inverse", f: unary(gorgonia.Inverse), inputs: above},
	{name: "Sin", f: unary(gorgonia.Sin), inputs: mixed},
	{name: "Cos", f: unary(gorgonia.Cos), inputs: mixed},
	{name: "Neg", f: unary(gorgonia.Neg), inputs: mixed},
	{name: "Softplus", f: unary(gorgonia.Softplus), inputs: mixed},
	{name: "Rectify", f: unary(gorgonia.Rectify), inputs: mixed},
	{name: "LeakyRelu", f: unary(func(x node) (node, error) { return gorgonia.LeakyRelu(x, 0.2) }), inputs: mixed},
	{name: "Transpose", f: unary(func(x node) (node, error) { return gorgonia.Transpose(x) }), inputs: mixed},
	{name: "Concat", f: binary(func(a, b node) (node, error) { return gorgonia.Concat(0, a, b) }), inputs: pair},
	{name: "Add", f: binary(gorgonia.Add), inputs: pair},
	{name: "Sub", f: binary(gorgonia.Sub), inputs: pair},
	{name: "HadamardProd", f: binary(gorgonia.HadamardProd), inputs: pair},
	{name: "HadamardDiv", f: binary(gorgonia.HadamardDiv), inputs: []*tensor.Dense{dense(0.4, 2, 3), positive(1.7, 2, 3)}},
	{name: "Pow", f: binary(gorgonia.Pow), inputs: []*tensor.Dense{positive(0.4, 2, 3), dense(1.7, 2, 3)}},
	{name: "Mul", f: binary(gorgonia.Mul), inputs: []*tensor.Dense{dense(0.4, 2, 3), dense(1.7, 3, 4)}},
	{name: "BatchedMatMul", f: binary(func(a, b node) (node, error) { return gorgonia.BatchedMatMul(a, b) }), inputs: []*tensor.Dense{dense(0.4, 2, 3, 2), dense(1.7, 2, 2, 3)}},
	{name: "x + 3", f: unary(func(x node) (node, error) { return gorgonia.Add(x, constant(3)) }), inputs: mixed},
	{name: "3 - x", f: unary(func(x node) (node, error) { return gorgonia.Sub(constant(3), x) }), inputs: mixed},
	{name: "3 * x", f: unary(func(x node) (node, error) { return gorgonia.Mul(constant(3), x) }), inputs: mixed},
	{name: "3 / x", f: unary(func(x node) (node, error) { return gorgonia.HadamardDiv(constant(3), x) }), inputs: above},
	{name: "x * tanh(x)", f: unary(func(x node) (node, error) {
		y, err := gorgonia.Tanh(x)
		if err != nil {
			return nil, err
		}
		return gorgonia.HadamardProd(x, y)
	}), inputs: mixed},
	{name: "Mish", f: unary(gorgonia.Mish), inputs: mixed},
	{name: "Tensordot", f: binary(func(a, b node) (node, error) { return gorgonia.Tensordot([]int{1}, []int{0}, a, b) }), inputs: []*tensor.Dense{dense(0.4, 2, 3), dense(1.7, 3, 2)}},
	{name: "an input", f: unary(func(x node) (node, error) { return x, nil }), inputs: mixed},
	{name: "scalars", f: binary(gorgonia.HadamardProd), inputs: []*tensor.Dense{scalar(0.7), scalar(-1.2)}},
	{name: "vector", f: unary(gorgonia.Tanh), inputs: []*tensor.Dense{dense(0.4, 5)}},

	// These functions have faults in Gorgonia.
	{name: "Abs", f: unary(gorgonia.Abs), inputs: mixed, secondLisp: fails},
	{name: "Log2", f: unary(gorgonia.Log2), inputs: above, tape: wrong},
	{name: "InverseSqrt", f: unary(gorgonia.InverseSqrt), inputs: above, tape: wrong, lisp: fails, secondTape: wrong, secondLisp: fails},
	{name: "Sum", f: unary(func(x node) (node, error) { return gorgonia.Sum(x) }), inputs: mixed, secondLisp: panics},
	{name: "Sum along 0", f: unary(func(x node) (node, error) { return gorgonia.Sum(x, 0) }), inputs: mixed, secondLisp: lost},
	{name: "Mean", f: unary(func(x node) (node, error) { return gorgonia.Mean(x) }), inputs: mixed, secondTape: fails, secondLisp: panics},
	{name: "Mean along 1", f: unary(func(x node) (node, error) { return gorgonia.Mean(x, 1) }), inputs: mixed},
	{name: "Max along 1", f: unary(func(x node) (node, error) { return gorgonia.Max(x, 1) }), inputs: mixed, lisp: nodiff, secondLisp: lost},
	{name: "Norm", f: unary(func(x node) (node, error) { return gorgonia.Norm(x, 0, 2) }), inputs: mixed},
	{name: "SoftMax", f: unary(func(x node) (node, error) { return gorgonia.SoftMax(x) }), inputs: mixed, lisp: unstab, secondTape: panics, secondLisp: panics},
	{name: "LogSoftMax", f: unary(func(x node) (node, error) { return gorgonia.LogSoftMax(x) }), inputs: mixed, lisp: unstab, secondTape: panics, secondLisp: panics},
	{name: "Reshape", f: unary(func(x node) (node, error) { return gorgonia.Reshape(x, tensor.Shape{3, 2}) }), inputs: mixed, lisp: lost, secondLisp: lost},
	{name: "Slice", f: unary(func(x node) (node, error) { return gorgonia.Slice(x, nil, gorgonia.S(0, 2)) }), inputs: mixed, secondTape: wrong, secondLisp: wrong},
	{name: "Rectify of Reshape", f: unary(func(x node) (node, error) {
		r, err := gorgonia.Reshape(x, tensor.Shape{3, 2})
		if err != nil {
			return nil, err
		}
		return gorgonia.Rectify(r)
	}), inputs: mixed, tape: alters, lisp: lost},
	{name: "BroadcastAdd", f: binary(func(a, b node) (node, error) { return gorgonia.BroadcastAdd(a, b, nil, []byte{0}) }), inputs: row, lisp: lost},
	{name: "BroadcastHadamardProd", f: binary(func(a, b node) (node, error) { return gorgonia.BroadcastHadamardProd(a, b, nil, []byte{0}) }), inputs: row, lisp: lost, secondLisp: lost},
	{name: "x + scalar", f: binary(gorgonia.Add), inputs: []*tensor.Dense{dense(0.4, 2, 3), scalar(0.7)}, lisp: lost},
	{name: "scalar * x", f: binary(gorgonia.HadamardProd), inputs: []*tensor.Dense{scalar(0.7), dense(0.4, 2, 3)}, lisp: lost, secondLisp: lost},
	{name: "MaxPool2D", f: unary(func(x node) (node, error) {
		return gorgonia.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{1, 1})
	}), inputs: []*tensor.Dense{image}, lisp: lost, secondTape: panics, secondLisp: fails},
	{name: "AveragePool2D", f: unary(func(x node) (node, error) {
		return gorgonia.AveragePool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	}), inputs: []*tensor.Dense{dense(0.4, 1, 2, 4, 4)}, tape: wrong, lisp: wrong, secondTape: panics, secondLisp: fails},
	{name: "GlobalAveragePool2D", f: unary(gorgonia.GlobalAveragePool2D), inputs: []*tensor.Dense{image}, tape: nodiff, lisp: nodiff, secondTape: nodiff, secondLisp: nodiff},
	{name: "Upsample2D", f: unary(func(x node) (node, error) { return gorgonia.Upsample2D(x, 2) }), inputs: []*tensor.Dense{image}, lisp: nodiff, secondTape: panics, secondLisp: nodiff},
	{name: "OuterProd", f: binary(gorgonia.OuterProd), inputs: []*tensor.Dense{dense(0.4, 2), dense(1.7, 3)}, tape: shapes, lisp: fails, secondTape: shapes, secondLisp: shapes},
	{name: "matrix · vector", f: binary(gorgonia.Mul), inputs: []*tensor.Dense{dense(0.4, 2, 3), dense(1.7, 3)}, secondTape: shapes, secondLisp: fails},
	{name: "vector · vector", f: binary(gorgonia.Mul), inputs: []*tensor.Dense{dense(0.4, 3), dense(1.7, 3)}, secondLisp: wrong},
	{name: "MaxBetween", f: binary(gorgonia.MaxBetween), inputs: pair, lisp: wrong},
	{name: "MinBetween", f: binary(gorgonia.MinBetween), inputs: pair, lisp: wrong},
	{name: "Max", f: unary(func(x node) (node, error) { return gorgonia.Max(x) }), inputs: mixed, lisp: nodiff, secondLisp: panics},
	{name: "BroadcastSub", f: binary(func(a, b node) (node, error) { return gorgonia.BroadcastSub(a, b, nil, []byte{0}) }), inputs: row, lisp: lost},
	{name: "ByIndices", f: binary(func(x, i node) (node, error) { return gorgonia.ByIndices(x, i, 0) }), inputs: []*tensor.Dense{
		dense(0.4, 2, 3), tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 0})),
	}, lisp: fails, secondTape: panics, secondLisp: panics},
	{name: "Sparsemax", f: unary(func(x node) (node, error) { return gorgonia.Sparsemax(x) }), inputs: mixed, lisp: fails, secondTape: nodiff, secondLisp: nodiff},
	// Dropout has no fault, but it is random, so its gradient can't be checked.
	{name: "Dropout", f: unary(func(x node) (node, error) { return gorgonia.Dropout(x, 0.5) }), inputs: []*tensor.Dense{dense(0.4, 20, 20)}, tape: unstab, lisp: unstab, secondTape: unstab, secondLisp: unstab},
	{name: "BatchNorm", f: func(in ...node) (node, error) {
		y, _, _, _, err := gorgonia.BatchNorm(in[0], in[1], in[2], 0.9, 1e-5)
		return y, err
	}, inputs: []*tensor.Dense{dense(0.4, 3, 2, 2, 2), dense(1, 1, 2, 1, 1), dense(2, 1, 2, 1, 1)}, lisp: panics, firstOnly: true},
	{name: "Conv2d", f: binary(func(x, k node) (node, error) {
		return gorgonia.Conv2d(x, k, tensor.Shape{2, 2}, []int{1, 1}, []int{1, 1}, []int{1, 1})
	}), inputs: []*tensor.Dense{image, dense(1.7, 3, 2, 2, 2)}, lisp: fails, firstOnly: true},
}

func TestGorgonia(t *testing.T) {
	for _, c := range gorgonias {
		t.Run(c.name, func(t *testing.T) {
			for _, run := range []struct {
				name    string
				check   func(gradcheck.Func, []*tensor.Dense, ...gradcheck.Option) error
				machine gradcheck.Machine
				want    gradcheck.Fault
			}{
				{"first order", gradcheck.Check, gradcheck.Tape, c.tape},
				{"first order", gradcheck.Check, gradcheck.Lisp, c.lisp},
				{"second order", gradcheck.CheckSecond, gradcheck.Tape, c.secondTape},
				{"second order", gradcheck.CheckSecond, gradcheck.Lisp, c.secondLisp},
			} {
				if run.name == "second order" && c.firstOnly {
					continue
				}
				err := run.check(c.f, c.inputs, gradcheck.Machines(run.machine))
				var e *gradcheck.Error
				switch {
				case err == nil && run.want != 0:
					t.Errorf("%s on the %v: %s", run.name, run.machine, fixed(run.want.String(), "the field of this row that expects it"))
				case err != nil && (!errors.As(err, &e) || e.Fault != run.want):
					t.Errorf("%s: expected %v, as with Gorgonia %s, got %v", run.name, run.want, seenIn, err)
				}
			}
		})
	}
}
