package gradcheck_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// A recast is an operator that returns the numbers of its input in another
// shape and dtype. It repeats them if necessary.
type recast struct {
	*operator
	dtype tensor.Dtype
	shape tensor.Shape
}

func newRecast(dtype tensor.Dtype, shape tensor.Shape) recast {
	return recast{&operator{name: fmt.Sprintf("recast %v %v", dtype, shape), inputs: 1}, dtype, shape}
}

func (op recast) Type() hm.Type {
	result := hm.Type(op.dtype)
	if !op.shape.IsScalar() {
		result = gorgonia.TensorType{Dims: op.shape.Dims(), Of: op.dtype}
	}
	return hm.NewFnType(hm.TypeVariable('a'), result)
}
func (op recast) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return op.shape.Clone(), nil }
func (op recast) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	d := op.of(in[0])
	switch x := d.Data().(type) {
	case float64:
		return gorgonia.NewF64(x), nil
	case float32:
		return gorgonia.NewF32(x), nil
	}
	return d, nil
}

func (op recast) of(v gorgonia.Value) *tensor.Dense {
	d := tensor.New(tensor.Of(op.dtype), tensor.WithShape(op.shape...))
	for i := range d.Shape().TotalSize() {
		var x float64
		switch data := v.Data().(type) {
		case []float64:
			x = data[i%len(data)]
		case []float32:
			x = float64(data[i%len(data)])
		}
		if op.dtype == tensor.Float32 {
			d.Set(i, float32(x))
		} else {
			d.Set(i, x)
		}
	}
	return d
}

// identity is an operator that returns a copy of its input. Its gradient has
// the right numbers, but the given shape and dtype.
func identity(dtype tensor.Dtype, shape tensor.Shape) *adOperator {
	gradient := newRecast(dtype, shape)
	return &adOperator{
		operator: operator{
			name: "identity", inputs: 1,
			do: func(in ...gorgonia.Value) (gorgonia.Value, error) { return gorgonia.CloneValue(in[0]) },
			symDiff: func(_ nodes, _, grad node) (nodes, error) {
				dx, err := gorgonia.ApplyOp(gradient, grad)
				return nodes{dx}, err
			},
		},
		doDiff: func(in nodes, out node) error {
			dx, _ := in[0].Grad()
			dy, _ := out.Grad()
			sum, err := dx.(*tensor.Dense).Add(dy.(*tensor.Dense))
			if err == nil {
				*dx.(*tensor.Dense) = *gradient.of(sum)
			}
			return err
		},
	}
}

// twice has a right gradient. That gradient is an identity, whose own gradient
// is wrong.
func twice(dtype tensor.Dtype, shape tensor.Shape) *adOperator {
	op, right := identity(dtype, shape), identity(dtype, shape)
	op.name = "right"
	op.symDiff = func(_ nodes, _, grad node) (nodes, error) {
		dx, err := gorgonia.ApplyOp(right, grad)
		return nodes{dx}, err
	}
	return op
}

// A gradient with the wrong shape or dtype has its own fault, on both machines
// and at both orders.
func TestGradientShapeAndDtype(t *testing.T) {
	double, float := dense(0.4, 2, 3), single(dense(0.4, 2, 3))
	for _, c := range []struct {
		x     *tensor.Dense
		dtype tensor.Dtype
		shape tensor.Shape
	}{
		{double, tensor.Float64, tensor.Shape{3, 2}},
		{double, tensor.Float64, tensor.Shape{6}},
		{double, tensor.Float64, tensor.Shape{4, 3}},
		{double, tensor.Float64, tensor.Shape{3}},
		{double, tensor.Float64, tensor.Shape{2, 1}},
		{double, tensor.Float64, tensor.Shape{1, 2, 3}},
		{double, tensor.Float64, tensor.Shape{}},
		{dense(0.4, 3, 1), tensor.Float64, tensor.Shape{3}},
		{dense(0.4, 3), tensor.Float64, tensor.Shape{1, 3}},
		{float, tensor.Float32, tensor.Shape{3, 2}},
		{double, tensor.Float32, tensor.Shape{2, 3}},
		{float, tensor.Float64, tensor.Shape{2, 3}},
	} {
		for _, order := range []struct {
			name  string
			op    *adOperator
			check func(gradcheck.Func, []*tensor.Dense, ...gradcheck.Option) error
		}{
			{"first order", identity(c.dtype, c.shape), gradcheck.Check},
			{"second order", twice(c.dtype, c.shape), gradcheck.CheckSecond},
		} {
			for _, m := range []gradcheck.Machine{gradcheck.Tape, gradcheck.Lisp} {
				t.Run(fmt.Sprintf("%v of %v for %v of %v/%s/%v", c.shape, c.dtype, c.x.Shape(), c.x.Dtype(), order.name, m), func(t *testing.T) {
					err := order.check(of(order.op), []*tensor.Dense{c.x}, gradcheck.Machines(m))
					var e *gradcheck.Error
					if !errors.As(err, &e) || e.Fault.String() != "gradient with wrong shape or dtype" || e.Machine != m {
						t.Fatalf("%v: expected the fault MismatchedGradient on the %v", err, m)
					}
					method := map[gradcheck.Machine]string{gradcheck.Tape: "SymDiff", gradcheck.Lisp: "DoDiff"}[m]
					for _, part := range []string{
						"identity: " + method, "input 0",
						fmt.Sprintf("%v of shape %v", c.dtype, c.shape), fmt.Sprintf("expected %v of shape %v", c.x.Dtype(), c.x.Shape()),
					} {
						if !strings.Contains(err.Error(), part) {
							t.Errorf("%q is not in the message:\n%v", part, err)
						}
					}
				})
			}
		}
	}
}

// The operator is named even if its wrong gradient is that of an intermediate
// value, or is added to a right gradient.
func TestGradientShapeOfIntermediate(t *testing.T) {
	wrong := identity(tensor.Float64, tensor.Shape{3, 2})
	for name, f := range map[string]gradcheck.Func{
		"of a right operator": unary(func(x node) (node, error) {
			y, err := gorgonia.Tanh(x)
			if err != nil {
				return nil, err
			}
			return gorgonia.ApplyOp(wrong, y)
		}),
		"beside a right operator": unary(func(x node) (node, error) {
			y, err := gorgonia.Tanh(x)
			if err != nil {
				return nil, err
			}
			z, err := gorgonia.ApplyOp(wrong, x)
			if err != nil {
				return nil, err
			}
			return gorgonia.Add(y, z)
		}),
	} {
		for _, m := range []gradcheck.Machine{gradcheck.Tape, gradcheck.Lisp} {
			err := gradcheck.Check(f, mixed, gradcheck.Machines(m))
			if err == nil || !strings.Contains(err.Error(), "gradient with wrong shape or dtype") || !strings.Contains(err.Error(), ": identity: ") {
				t.Errorf("%s, %v: %v: expected the name of the operator", name, m, err)
			}
		}
	}
}

// SymDiff has to return a gradient for each input that DiffWRT names.
func TestMissingGradient(t *testing.T) {
	product := func(symDiff func(in nodes, out, grad node) (nodes, error)) gorgonia.Op {
		return &operator{
			name: "product", inputs: 2, symDiff: symDiff,
			do: elementwise(func(x ...float64) float64 { return x[0] * x[1] }),
		}
	}
	for name, c := range map[string]struct {
		returned nodes
		message  string
	}{
		"nothing":  {nil, "0 gradients: expected 2"},
		"none":     {nodes{}, "0 gradients: expected 2"},
		"one":      {nodes{nil}, "1 gradients: expected 2"},
		"nil, nil": {nodes{nil, nil}, "nil for input 0"},
	} {
		op := product(func(in nodes, _, grad node) (nodes, error) { return c.returned, nil })
		err := gradcheck.Check(of(op), pair, gradcheck.Machines(gradcheck.Tape))
		if err == nil || !strings.Contains(err.Error(), "product: SymDiff returned "+c.message) {
			t.Errorf("%s: %v: expected %q", name, err, c.message)
		}
	}
	second := product(func(in nodes, _, grad node) (nodes, error) {
		d0, err := gorgonia.HadamardProd(in[1], grad)
		return nodes{d0, nil}, err
	})
	err := gradcheck.Check(of(second), pair, gradcheck.Machines(gradcheck.Tape))
	if err == nil || !strings.Contains(err.Error(), "product: SymDiff returned nil for input 1") {
		t.Errorf("%v: expected the second input to be named", err)
	}
}
