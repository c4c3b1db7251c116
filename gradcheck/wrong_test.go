package gradcheck_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

type (
	nodes = gorgonia.Nodes
	node  = *gorgonia.Node
)

const both = gradcheck.Machine(0)

// wrongs has operators with one fault each, and the expected errors.
var wrongs = []struct {
	name    string
	op      func() gorgonia.Op
	inputs  []*tensor.Dense // nil: one 2×3 matrix
	second  bool            // only CheckSecond finds it
	machine gradcheck.Machine
	fault   gradcheck.Fault
	where   string // Error.Op
	message []string
}{
	{
		name: "wrong sign",
		op:   func() gorgonia.Op { return scaledGradient(-1) }, fault: gradcheck.WrongGradient,
		message: []string{"6 of 6 entries", "analytic is -1 times numeric"},
	},
	{
		name: "missing factor",
		op:   func() gorgonia.Op { return scaledGradient(0.5) }, fault: gradcheck.WrongGradient,
		message: []string{"6 of 6 entries", "analytic is 0.5 times numeric", "and 1 more"},
	},
	{
		name:   "transposed gradient",
		inputs: []*tensor.Dense{dense(0.4, 3, 3)},
		op: func() gorgonia.Op {
			op := square()
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				t, err := gorgonia.Transpose(in[0])
				if err != nil {
					return nil, err
				}
				dx, err := gorgonia.ApplyOp(squareGrad(2), t, grad)
				return nodes{dx}, err
			}
			op.doDiff = func(in nodes, out node) error {
				x, dx, dy := numbers(in[0].Value()), gradient(in[0]), gradient(out)
				for i := range dx {
					dx[i] += 2 * x[i%3*3+i/3] * dy[i]
				}
				return nil
			}
			return op
		},
		fault:   gradcheck.WrongGradient,
		message: []string{"6 of 9 entries", "input 0 at [0 2]: analytic"}, // the entries on the diagonal are right
	},
	{
		name:   "gradient of the wrong input",
		inputs: []*tensor.Dense{dense(0, 4), dense(1, 4)},
		op: func() gorgonia.Op {
			return &adOperator{
				operator: operator{
					name: "product", inputs: 2,
					do: elementwise(func(x ...float64) float64 { return x[0] * x[1] }),
					symDiff: func(in nodes, _, grad node) (nodes, error) {
						d0, err := gorgonia.HadamardProd(in[0], grad)
						if err != nil {
							return nil, err
						}
						d1, err := gorgonia.HadamardProd(in[1], grad)
						return nodes{d0, d1}, err
					},
				},
				doDiff: func(in nodes, out node) error {
					for _, n := range in {
						x, dx, dy := numbers(n.Value()), gradient(n), gradient(out)
						for i := range dx {
							dx[i] += x[i] * dy[i]
						}
					}
					return nil
				},
			}
		},
		fault:   gradcheck.WrongGradient,
		message: []string{"8 of 8 entries", "input 0 at [", "input 1 at ["},
	},
	{
		name: "DoDiff overwrites",
		op: func() gorgonia.Op {
			op := square()
			op.doDiff = func(in nodes, out node) error {
				x, dx, dy := numbers(in[0].Value()), gradient(in[0]), gradient(out)
				for i := range dx {
					dx[i] = 2 * x[i] * dy[i]
				}
				return nil
			}
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.NotAccumulated,
		message: []string{"DoDiff does not accumulate on the Lisp machine: square: 6 of 6", "DoDiff has to add to the gradient"},
	},
	{
		name:    "no DoDiff",
		op:      func() gorgonia.Op { return &square().operator },
		machine: gradcheck.Lisp, fault: gradcheck.NotDifferentiable, where: "square",
		message: []string{"not differentiable on the Lisp machine: square: it has no DoDiff", "without an error"},
	},
	{
		name:    "no SymDiff",
		op:      func() gorgonia.Op { return plain{square()} },
		machine: gradcheck.Tape, fault: gradcheck.NotDifferentiable, where: "square",
		message: []string{"not differentiable on the tape machine: square: it has no SymDiff"},
	},
	{
		name: "DoDiff does nothing",
		op: func() gorgonia.Op {
			op := square()
			op.doDiff = func(nodes, node) error { return nil }
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.WrongGradient,
		message: []string{"no gradient arrives"},
	},
	{
		name: "DiffWRT denies",
		op: func() gorgonia.Op {
			op := square()
			op.diffWRT = []bool{false}
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.WrongGradient,
		message: []string{"no gradient arrives", "DiffWRT of square says that its input 0 is not differentiable"},
	},
	{
		name: "Do changes its input",
		op: func() gorgonia.Op {
			op := square()
			do := op.do
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
				out, err := do(in...)
				numbers(in[0])[4] = 7
				return out, err
			}
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.InputChanged,
		where: "square", message: []string{"an input was changed", "by Do\n", "input 0 at [1 1]: after 7, before"},
	},
	{
		name: "DoDiff changes its input",
		op: func() gorgonia.Op {
			op := square()
			diff := op.doDiff
			op.doDiff = func(in nodes, out node) error {
				err := diff(in, out)
				numbers(in[0].Value())[5] = 7
				return err
			}
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.InputChanged,
		where: "square", message: []string{"by DoDiff\n", "input 0 at [1 2]: after 7"},
	},
	{
		name: "Do not deterministic",
		op: func() gorgonia.Op {
			op, n := square(), 0.0
			op.do = elementwise(func(x ...float64) float64 { n++; return x[0]*x[0] + n })
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.NotDeterministic,
		message: []string{"two runs differ", "output at ["},
	},
	{
		name: "gradient not deterministic",
		op: func() gorgonia.Op {
			op, n := square(), 0.0
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				g := squareGrad(2)
				g.do = elementwise(func(x ...float64) float64 { n++; return 2*x[0]*x[1] + n*1e-9 })
				dx, err := gorgonia.ApplyOp(g, in[0], grad)
				return nodes{dx}, err
			}
			diff := op.doDiff
			op.doDiff = func(in nodes, out node) error {
				n++
				err := diff(in, out)
				gradient(in[0])[0] += n * 1e-9
				return err
			}
			return op
		},
		fault:   gradcheck.NotDeterministic,
		message: []string{"two runs differ", "input 0 at [0 0]", "allowed 0"},
	},
	{
		name:   "wrong at second order only",
		second: true,
		op: func() gorgonia.Op {
			op := square()
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				dx, err := gorgonia.ApplyOp(squareGrad(1), in[0], grad)
				return nodes{dx}, err
			}
			return op
		},
		fault:   gradcheck.WrongGradient,
		message: []string{"wrong gradient at second order", "6 of 12 entries", "analytic is 0.5 times numeric"},
	},
	{
		name: "wrong on the tape machine only",
		op: func() gorgonia.Op {
			op := square()
			op.symDiff = scaledGradient(3).symDiff
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.WrongGradient,
		message: []string{"wrong gradient on the tape machine", "analytic is 3 times numeric"},
	},
	{
		name: "wrong on the Lisp machine only",
		op: func() gorgonia.Op {
			op := square()
			op.doDiff = scaledGradient(3).doDiff
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.WrongGradient,
		message: []string{"wrong gradient on the Lisp machine", "analytic is 3 times numeric"},
	},
	{
		name: "one entry wrong",
		op: func() gorgonia.Op {
			op := square()
			diff := op.doDiff
			op.doDiff = func(in nodes, out node) error {
				err := diff(in, out)
				gradient(in[0])[3] += 0.25 * gradient(out)[3]
				return err
			}
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.WrongGradient,
		message: []string{"1 of 6 entries\n\tinput 0 at [1 0]: "},
	},
	{
		name: "upstream gradient forgotten",
		op: func() gorgonia.Op {
			op := square()
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				dx, err := gorgonia.HadamardProd(in[0], gorgonia.NewConstant(2.0))
				return nodes{dx}, err
			}
			op.doDiff = func(in nodes, out node) error {
				x, dx := numbers(in[0].Value()), gradient(in[0])
				for i := range dx {
					dx[i] += 2 * x[i]
				}
				return nil
			}
			return op
		},
		fault:   gradcheck.NonzeroGradient,
		message: []string{"gradient not zero for a zero upstream gradient", "expected 0", "multiply by the node grad"},
	},
	{
		name: "NaN gradient",
		op:   func() gorgonia.Op { return scaledGradient(math.NaN()) }, fault: gradcheck.WrongGradient,
		message: []string{"analytic NaN", "the gradient is NaN, though the outputs are finite"},
	},
	{
		name: "shape not as inferred",
		op: func() gorgonia.Op {
			op := square()
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { return dense(0, 3, 2), nil }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.WrongResult, where: "square",
		message: []string{"Do returned float64 of shape (3, 2): expected float64 of shape (2, 3)"},
	},
	{
		name:   "dimensions not as inferred",
		inputs: []*tensor.Dense{dense(0.4, 3, 1)},
		op: func() gorgonia.Op {
			op := square()
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { return dense(0, 3), nil }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.WrongResult, where: "square",
		message: []string{"Do returned float64 of shape (3): expected float64 of shape (3, 1)"},
	},
	{
		name: "dtype not as inferred",
		op: func() gorgonia.Op {
			op := square()
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
				return tensor.New(tensor.WithShape(2, 3), tensor.Of(tensor.Float32)), nil
			}
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.WrongResult, where: "square",
		message: []string{"Do returned float32 of shape (2, 3): expected float64 of shape (2, 3)"},
	},
	{
		name: "DoDiff reshapes the gradient",
		op: func() gorgonia.Op {
			op := square()
			right := op.doDiff
			op.doDiff = func(in nodes, out node) error {
				err := right(in, out)
				g, _ := in[0].Grad()
				return errors.Join(err, g.(*tensor.Dense).Reshape(3, 2))
			}
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.MismatchedGradient, where: "square",
		message: []string{"gradient of float64 of shape (3, 2): expected float64 of shape (2, 3), that of the input"},
	},
	{
		name: "Do reshapes its input",
		op: func() gorgonia.Op {
			op := square()
			do := op.do
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
				out, err := do(in...)
				return out, errors.Join(err, in[0].(*tensor.Dense).Reshape(3, 2))
			}
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.InputChanged,
		message: []string{"input 0 has shape (3, 2) now, (2, 3) before"},
	},
	{
		name: "Do changes labels",
		op: func() gorgonia.Op {
			op := square()
			op.inputs, op.diffWRT = 2, []bool{true, false}
			do, right := op.do, op.symDiff
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
				in[1].(*tensor.Dense).Ints()[0] = 7
				return do(in[0])
			}
			op.symDiff = func(in nodes, out, grad node) (nodes, error) {
				dx, err := right(in, out, grad)
				return append(dx, nil), err
			}
			return labelled{op}
		},
		inputs:  []*tensor.Dense{dense(0.4, 2, 3), tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 2}))},
		machine: gradcheck.Tape, fault: gradcheck.InputChanged,
		message: []string{"input 1, of int"},
	},
	{
		name: "no result",
		op: func() gorgonia.Op {
			op := square()
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { return nil, nil }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.WrongResult, where: "square",
		message: []string{"neither a value nor an error"},
	},
	{
		name: "Do fails",
		op: func() gorgonia.Op {
			op := square()
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { return nil, errTest }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.Failed, where: "square",
		message: []string{"failed on the tape machine: square: Do: the test's error"},
	},
	{
		name: "DoDiff fails",
		op: func() gorgonia.Op {
			op := square()
			op.doDiff = func(nodes, node) error { return errTest }
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.Failed, where: "square",
		message: []string{"failed on the Lisp machine: square: DoDiff: the test's error"},
	},
	{
		name: "Do panics",
		op: func() gorgonia.Op {
			op := square()
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) { panic("the test's panic") }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.Panicked, where: "square",
		message: []string{"panic on the tape machine: square: Do: the test's panic"},
	},
	{
		name: "DoDiff panics",
		op: func() gorgonia.Op {
			op := square()
			op.doDiff = func(in nodes, _ node) error { _ = in[1]; return nil }
			return op
		},
		machine: gradcheck.Lisp, fault: gradcheck.Panicked, where: "square",
		message: []string{"panic on the Lisp machine: square: DoDiff: runtime error: index out of range [1] with length 1"},
	},
	{
		name: "SymDiff panics",
		op: func() gorgonia.Op {
			op := square()
			op.symDiff = func(in nodes, _, _ node) (nodes, error) { _ = in[1]; return nil, nil }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.Panicked, where: "square",
		message: []string{"panic on the tape machine: square: SymDiff: runtime error: index out of range"},
	},
	{
		name: "SymDiff fails",
		op: func() gorgonia.Op {
			op := square()
			op.symDiff = func(nodes, node, node) (nodes, error) { return nil, errTest }
			return op
		},
		machine: gradcheck.Tape, fault: gradcheck.Failed, where: "square",
		message: []string{"failed on the tape machine: square: SymDiff: the test's error"},
	},
}

var errTest = errors.New("the test's error")

// scaledGradient returns x² with gradients that are wrong by a factor.
func scaledGradient(factor float64) *adOperator {
	op := square()
	right := op.symDiff
	op.symDiff = func(in nodes, out, grad node) (nodes, error) {
		dx, err := right(in, out, grad)
		if err != nil {
			return nil, err
		}
		dx[0], err = gorgonia.HadamardProd(dx[0], gorgonia.NewConstant(factor))
		return dx, err
	}
	op.doDiff = func(in nodes, out node) error {
		x, dx, dy := numbers(in[0].Value()), gradient(in[0]), gradient(out)
		for i := range dx {
			dx[i] += factor * 2 * x[i] * dy[i]
		}
		return nil
	}
	return op
}

// labelled is an operator with a vector of labels as its second input.
type labelled struct{ *adOperator }

func (labelled) Type() hm.Type {
	m := gorgonia.TensorType{Dims: 2, Of: hm.TypeVariable('a')}
	return hm.NewFnType(m, gorgonia.TensorType{Dims: 1, Of: tensor.Int}, m)
}

// plain hides all methods except those of gorgonia.Op.
type plain struct{ gorgonia.Op }

func TestWrongOperators(t *testing.T) {
	for _, w := range wrongs {
		t.Run(w.name, func(t *testing.T) {
			inputs := w.inputs
			if inputs == nil {
				inputs = []*tensor.Dense{dense(0.4, 2, 3)}
			}
			check := gradcheck.Check
			if w.second {
				if err := check(of(w.op()), inputs); err != nil {
					t.Errorf("Check: %v", err)
				}
				check = gradcheck.CheckSecond
			}
			machines := []gradcheck.Machine{w.machine}
			if w.machine == both {
				machines = []gradcheck.Machine{gradcheck.Tape, gradcheck.Lisp}
			}
			for _, m := range machines {
				err := check(of(w.op()), inputs, gradcheck.Machines(m))
				var e *gradcheck.Error
				if !errors.As(err, &e) {
					t.Fatalf("%v: %v: expected a *gradcheck.Error", m, err)
				}
				if e.Fault != w.fault || e.Machine != m || w.where != "" && e.Op != w.where {
					t.Errorf("fault %v on the %v in %q: expected %v on the %v in %q", e.Fault, e.Machine, e.Op, w.fault, m, w.where)
				}
				for _, part := range w.message {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q is not in the message:\n%v", part, err)
					}
				}
			}
			if other := gradcheck.Tape + gradcheck.Lisp - w.machine; w.machine == gradcheck.Lisp {
				if err := check(of(w.op()), inputs, gradcheck.Machines(other)); err != nil {
					t.Errorf("the other machine: %v", err)
				}
			}
		})
	}
}

// An overwriter computes 2x. It works in place if the tape machine lets it.
type overwriter struct {
	*operator
	factor float64 // 2 is right
}

func (*overwriter) OverwritesInput() int { return 0 }
func (op *overwriter) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	for i, x := range numbers(in[0]) {
		numbers(prealloc)[i] = op.factor * x
	}
	return prealloc, nil
}

func newOverwriter(factor float64) *overwriter {
	return &overwriter{&operator{
		name: "double", inputs: 1,
		do: elementwise(func(x ...float64) float64 { return 2 * x[0] }),
		symDiff: func(_ nodes, _, grad node) (nodes, error) {
			dx, err := gorgonia.HadamardProd(grad, gorgonia.NewConstant(2.0))
			return nodes{dx}, err
		},
	}, factor}
}

func TestOverwriting(t *testing.T) {
	// after applies op to an intermediate value, which may be overwritten.
	after := func(before func(node) (node, error), op gorgonia.Op) gradcheck.Func {
		return func(in ...node) (node, error) {
			x, err := before(in[0])
			if err != nil {
				return nil, err
			}
			return gorgonia.ApplyOp(op, x)
		}
	}
	reshape := func(x node) (node, error) { return gorgonia.Reshape(x, tensor.Shape{3, 2}) }
	for _, c := range []struct {
		name    string
		f       gradcheck.Func
		fault   gradcheck.Fault
		message string
	}{
		{"right", after(gorgonia.Neg, newOverwriter(2)), 0, ""},
		{"wrong", after(gorgonia.Neg, newOverwriter(3)), gradcheck.NotDeterministic, "the output differs from that of a run without gradients"},
		// Reshape returns a view of x. For the tape machine the view is dead,
		// so the operator overwrites x.
		{"view of an input", after(reshape, newOverwriter(2)), gradcheck.InputChanged, "input 0 at [0 0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := gradcheck.Check(c.f, []*tensor.Dense{dense(0.4, 2, 3)}, gradcheck.Machines(gradcheck.Tape))
			var e *gradcheck.Error
			if errors.As(err, &e) != (c.fault != 0) || e != nil && e.Fault != c.fault || e != nil && !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v: expected %v, %q", err, c.fault, c.message)
			}
		})
	}
}
