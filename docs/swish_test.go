package docs_test

import (
	"fmt"
	"hash"
	"hash/fnv"
	"log"
	"math"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// Swish returns the node x·σ(x), where σ(x) = 1/(1+e⁻ˣ). The node x is a tensor
// of float64 or float32.
func Swish(x *gorgonia.Node) (*gorgonia.Node, error) {
	if x.IsScalar() || x.Dtype() != tensor.Float64 && x.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("swish: x is of type %v, expected a tensor of float64 or float32", x.Type())
	}
	return gorgonia.ApplyOp(swish{order: 0}, x)
}

// swish is the derivative of that order of x·σ(x). Order 0 is x·σ(x) itself.
type swish struct{ order int }

var derivatives = []func(x float64) float64{
	func(x float64) float64 { return x * sigmoid(x) },
	func(x float64) float64 { s := sigmoid(x); return s + x*s*(1-s) },
	func(x float64) float64 { s := sigmoid(x); return s * (1 - s) * (2 + x*(1-2*s)) },
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func (op swish) Arity() int { return 1 }

func (op swish) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(a, a)
}

func (op swish) InferShape(inputs ...gorgonia.DimSizer) (tensor.Shape, error) {
	shapes, err := gorgonia.DimSizersToShapes(inputs)
	if err != nil {
		return nil, err
	}
	return shapes[0].Clone(), nil
}

func (op swish) WriteHash(h hash.Hash) { fmt.Fprintf(h, "example.com/swish order=%d", op.order) }

func (op swish) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

func (op swish) String() string { return fmt.Sprintf("swish{order=%d}", op.order) }

func (op swish) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return each(derivatives[op.order], inputs[0])
}

// each returns f of every element of x, in new memory. With tensor.UseUnsafe it
// writes into the memory of x.
func each(f func(float64) float64, x gorgonia.Value, opts ...tensor.FuncOpt) (gorgonia.Value, error) {
	t, ok := x.(*tensor.Dense)
	switch {
	case ok && t.Dtype() == tensor.Float64:
		return t.Apply(f, opts...)
	case ok && t.Dtype() == tensor.Float32:
		return t.Apply(func(x float32) float32 { return float32(f(float64(x))) }, opts...)
	}
	return nil, fmt.Errorf("swish: x is a %T of %v, expected a *tensor.Dense of float64 or float32", x, x.Dtype())
}

func (op swish) OverwritesInput() int { return -1 }
func (op swish) ReturnsPtr() bool     { return true }
func (op swish) CallsExtern() bool    { return false }

func (op swish) DiffWRT(inputs int) []bool { return []bool{true} }

func (op swish) SymDiff(inputs gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	derivative, err := op.derivative()
	if err != nil {
		return nil, err
	}
	slope, err := gorgonia.ApplyOp(derivative, inputs[0])
	if err != nil {
		return nil, err
	}
	dx, err := gorgonia.HadamardProd(slope, dy)
	return gorgonia.Nodes{dx}, err
}

func (op swish) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, y *gorgonia.Node) error {
	derivative, err := op.derivative()
	if err != nil {
		return err
	}
	slope, err := derivative.Do(inputs[0].Value())
	if err != nil {
		return err
	}
	dy, err := y.Grad()
	if err != nil {
		return err
	}
	product, err := tensor.Mul(slope, dy)
	if err != nil {
		return err
	}
	dx, err := inputs[0].Grad()
	if err != nil {
		return err
	}
	_, err = tensor.Add(dx, product, tensor.UseUnsafe())
	return err
}

func (op swish) derivative() (swish, error) {
	if op.order+1 == len(derivatives) {
		return swish{}, fmt.Errorf("swish: derivative of order %d, expected at most %d", op.order+1, op.order)
	}
	return swish{op.order + 1}, nil
}

var (
	_ gorgonia.SDOp = swish{} // has DiffWRT and SymDiff
	_ gorgonia.ADOp = swish{} // has DoDiff
)

func Example() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(2), gorgonia.WithName("x"))
	y, err := Swish(x)
	if err != nil {
		log.Fatal(err)
	}
	loss, err := gorgonia.Sum(y)
	if err != nil {
		log.Fatal(err)
	}
	grads, err := gorgonia.Grad(loss, x)
	if err != nil {
		log.Fatal(err)
	}
	var yValue, dxValue gorgonia.Value
	gorgonia.Read(y, &yValue)
	gorgonia.Read(grads[0], &dxValue)

	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := gorgonia.Let(x, tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{-1, 2}))); err != nil {
		log.Fatal(err)
	}
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n%.3f\n", yValue.Data(), dxValue.Data())
	// Output:
	// [-0.269 1.762]
	// [0.072 1.091]
}

func TestSwishGradients(t *testing.T) {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return Swish(in[0]) }
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{-3, -1.25, -0.5, 0, 1, 2}))
	if err := gradcheck.Check(f, []*tensor.Dense{x}); err != nil {
		t.Error(err)
	}
	if err := gradcheck.CheckSecond(f, []*tensor.Dense{x}); err != nil {
		t.Error(err)
	}
}

func TestSwishValues(t *testing.T) {
	numbers := []float64{-30, -1.25, -0.5, 0, 1, 30}
	float64s := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(numbers))
	float32s := tensor.New(tensor.WithShape(2, 3), tensor.Of(tensor.Float32))
	for i, x := range numbers {
		float32s.Float32s()[i] = float32(x)
	}
	machines := map[string]func(*gorgonia.ExprGraph) gorgonia.VM{
		"tape": func(g *gorgonia.ExprGraph) gorgonia.VM { return gorgonia.NewTapeMachine(g) },
		"Lisp": func(g *gorgonia.ExprGraph) gorgonia.VM { return gorgonia.NewLispMachine(g) },
	}
	for name, machine := range machines {
		for _, value := range []*tensor.Dense{float64s, float32s} {
			x := gorgonia.NodeFromAny(gorgonia.NewGraph(), value, gorgonia.WithName("x"))
			y, err := Swish(x)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := gorgonia.Sum(y); err != nil { // the Lisp machine starts from a scalar
				t.Fatal(err)
			}
			var result gorgonia.Value
			gorgonia.Read(y, &result)
			vm := machine(x.Graph())
			if err := vm.RunAll(); err != nil {
				t.Fatal(err)
			}
			vm.Close()
			t.Run(fmt.Sprint(name, " ", value.Dtype()), func(t *testing.T) { isSwish(t, result, value) })
		}
	}
}

func TestSwishLayouts(t *testing.T) {
	numbers := []float64{-3, -1.25, -0.5, 0, 1, 2, 3, 4, 5, 6, 7, 8}
	matrix := func() *tensor.Dense {
		return tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(append([]float64(nil), numbers...)))
	}
	transposed := matrix()
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	columns, err := matrix().Slice(nil, tensor.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]*tensor.Dense{
		"row-major":    matrix(),
		"transposed":   transposed,
		"columns":      columns.(*tensor.Dense),
		"column-major": tensor.New(tensor.WithShape(3, 4), tensor.AsFortran(append([]float64(nil), numbers...))),
	} {
		t.Run(name, func(t *testing.T) {
			before := fmt.Sprint(x)
			y, err := swish{}.Do(x)
			if err != nil {
				t.Fatal(err)
			}
			isSwish(t, y, x)
			if after := fmt.Sprint(x); after != before {
				t.Errorf("x is %s now, expected %s", after, before)
			}
		})
	}
}

// exact computes Swish by another formula: σ(x) = (1 + tanh(x/2))/2.
func exact(x float64) float64 { return x * (1 + math.Tanh(x/2)) / 2 }

// isSwish checks every element of y.
func isSwish(t *testing.T, y gorgonia.Value, x *tensor.Dense) {
	t.Helper()
	if y.Dtype() != x.Dtype() || !y.Shape().Eq(x.Shape()) {
		t.Fatalf("result of %v, shape %v, expected %v, shape %v", y.Dtype(), y.Shape(), x.Dtype(), x.Shape())
	}
	number := func(v gorgonia.Value, at ...int) float64 {
		e, err := v.(*tensor.Dense).At(at...)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := e.(float32); ok {
			return float64(e)
		}
		return e.(float64)
	}
	for i := 0; i < x.Shape()[0]; i++ {
		for j := 0; j < x.Shape()[1]; j++ {
			x, y := number(x, i, j), number(y, i, j)
			if want := exact(x); math.Abs(y-want) > 1e-7*math.Max(1, math.Abs(x)) {
				t.Errorf("swish(%v) is %v, expected %v", x, y, want)
			}
		}
	}
}

func TestSwishErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	scalar := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("scalar"))
	ints := gorgonia.NewVector(g, gorgonia.Int, gorgonia.WithName("ints"), gorgonia.WithShape(2))
	for _, x := range []*gorgonia.Node{scalar, ints} {
		if _, err := Swish(x); err == nil || !strings.Contains(err.Error(), "expected a tensor of float64 or float32") {
			t.Errorf("%s: %v", x.Name(), err)
		}
	}
	if _, err := (swish{}).Do(gorgonia.NewF64(1)); err == nil {
		t.Error("Do of a scalar: expected an error")
	}
	if _, err := (swish{2}).SymDiff(gorgonia.Nodes{ints}, ints, ints); err == nil {
		t.Error("third derivative: expected an error")
	}
	if err := (swish{2}).DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{ints}, ints); err == nil {
		t.Error("third derivative: expected an error")
	}
}
