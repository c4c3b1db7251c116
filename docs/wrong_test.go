package docs_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// Each of these types is swish with one method that is wrong, missing or
// dangerous.

type wrongType struct{ swish }

func (wrongType) Type() hm.Type { return hm.NewFnType(hm.TypeVariable('a'), tensor.Float64) }

type keptType struct {
	swish
	kept *hm.FunctionType
}

func (op keptType) Type() hm.Type { return op.kept }

type wrongShape struct{ swish }

func (wrongShape) InferShape(inputs ...gorgonia.DimSizer) (tensor.Shape, error) {
	x := inputs[0].(tensor.Shape)
	return tensor.Shape{x[1], x[0]}, nil
}

type scaled struct {
	swish
	factor float64 // and no WriteHash that writes it
}

func (op scaled) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return each(func(x float64) float64 { return op.factor * x * sigmoid(x) }, inputs[0])
}

type writesInput struct{ swish }

func (writesInput) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return each(derivatives[0], inputs[0], tensor.UseUnsafe())
}

type keepsResult struct {
	swish
	result *tensor.Dense
}

func (op keepsResult) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if err := tensor.Copy(op.result, inputs[0].(*tensor.Dense)); err != nil {
		return nil, err
	}
	return each(derivatives[0], op.result, tensor.UseUnsafe())
}

type forgetsTerm struct{ swish }

func (forgetsTerm) SymDiff(inputs gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	slope, err := gorgonia.Sigmoid(inputs[0])
	if err != nil {
		return nil, err
	}
	dx, err := gorgonia.HadamardProd(slope, dy)
	return gorgonia.Nodes{dx}, err
}

type forgetsUpstream struct{ swish }

func (forgetsUpstream) SymDiff(inputs gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	slope, err := gorgonia.ApplyOp(swish{1}, inputs[0])
	return gorgonia.Nodes{slope}, err
}

type onceOnly struct{ swish }

func (onceOnly) SymDiff(inputs gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	slope, err := gorgonia.ApplyOp(noSymDiff{swish{1}}, inputs[0])
	if err != nil {
		return nil, err
	}
	dx, err := gorgonia.HadamardProd(slope, dy)
	return gorgonia.Nodes{dx}, err
}

type noSymDiff struct{ gorgonia.ADOp } // hides DiffWRT and SymDiff

type deniesX struct{ swish }

func (deniesX) DiffWRT(inputs int) []bool { return []bool{false} }

type swapsFactors struct{ swish }

func (swapsFactors) SymDiff(inputs gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	slope, err := gorgonia.ApplyOp(swish{1}, inputs[0])
	if err != nil {
		return nil, err
	}
	dx, err := gorgonia.HadamardProd(dy, slope)
	return gorgonia.Nodes{dx}, err
}

type noDoDiff struct{ gorgonia.SDOp } // hides DoDiff

type setsGradient struct{ swish }

func (op setsGradient) DoDiff(ctx gorgonia.ExecutionContext, inputs gorgonia.Nodes, y *gorgonia.Node) error {
	dx, err := inputs[0].Grad()
	if err != nil {
		return err
	}
	gorgonia.ZeroValue(dx)
	return op.swish.DoDiff(ctx, inputs, y)
}

type inPlace struct{ swish }

func (inPlace) OverwritesInput() int { return 0 }

func (op inPlace) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if prealloc != inputs[0] {
		return nil, errors.New("swish: prealloc is not x")
	}
	return each(derivatives[0], prealloc, tensor.UseUnsafe())
}

type addsToPrealloc struct{ inPlace }

func (op addsToPrealloc) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	y, err := op.Do(inputs...)
	if err != nil {
		return nil, err
	}
	return tensor.Add(prealloc, y, tensor.UseUnsafe())
}

type failsLate struct{ inPlace }

func (op failsLate) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if _, err := op.inPlace.UsePreallocDo(prealloc, inputs...); err != nil {
		return nil, err
	}
	return nil, errors.New("an error after prealloc is written")
}

type returnsNoPtr struct{ inPlace }

func (returnsNoPtr) ReturnsPtr() bool { return false }

type callsExtern struct{ inPlace }

func (callsExtern) CallsExtern() bool { return true }

// wrongs has the faults and the messages that the guide quotes. Most of them
// use the types above.
var wrongs = []struct {
	name string
	says func(t *testing.T) string
}{
	{"wrongType", func(t *testing.T) string {
		return fault(t, gradcheck.Panicked, gradcheck.Check, apply(wrongType{}))
	}},
	{"keptType", func(t *testing.T) string {
		a := hm.TypeVariable('a')
		op := keptType{kept: hm.NewFnType(a, a)}
		if _, err := gorgonia.ApplyOp(op, gorgonia.NodeFromAny(gorgonia.NewGraph(), point())); err != nil {
			t.Fatal(err)
		}
		return different(t, "kept after ApplyOp", op.kept, hm.NewFnType(a, a))
	}},
	{"integers", func(t *testing.T) string {
		x := gorgonia.NodeFromAny(gorgonia.NewGraph(), tensor.New(tensor.WithBacking([]int{1, 2})))
		if _, err := gorgonia.ApplyOp(swish{}, x); err != nil {
			t.Fatal(err)
		}
		err := gorgonia.NewTapeMachine(x.Graph()).RunAll()
		if err == nil {
			t.Fatal("expected an error")
		}
		return err.Error()[strings.Index(err.Error(), "swish: "):]
	}},
	{"wrongShape", func(t *testing.T) string {
		return fault(t, gradcheck.WrongResult, gradcheck.Check, apply(wrongShape{}))
	}},
	{"scaled", func(t *testing.T) string {
		f := func(x *gorgonia.Node) (*gorgonia.Node, error) {
			once, err := gorgonia.ApplyOp(scaled{factor: 1}, x)
			if err != nil {
				return nil, err
			}
			twice, err := gorgonia.ApplyOp(scaled{factor: 2}, x)
			if err != nil {
				return nil, err
			}
			return gorgonia.Add(once, twice)
		}
		passes(t, f)
		_, y := run(t, f)
		return different(t, "the sum", y, []float64{3 * exact(-1), 3 * exact(2)})
	}},
	{"writesInput", func(t *testing.T) string {
		return fault(t, gradcheck.InputChanged, gradcheck.Check, apply(writesInput{}))
	}},
	{"keepsResult", func(t *testing.T) string {
		op := keepsResult{result: point()}
		passes(t, apply(op))
		return fault(t, gradcheck.WrongGradient, gradcheck.Check, after(apply(op), apply(op)), gradcheck.Machines(gradcheck.Tape))
	}},
	{"forgetsTerm", func(t *testing.T) string {
		return fault(t, gradcheck.WrongGradient, gradcheck.Check, apply(forgetsTerm{}))
	}},
	{"forgetsUpstream", func(t *testing.T) string {
		return fault(t, gradcheck.NonzeroGradient, gradcheck.Check, apply(forgetsUpstream{}))
	}},
	{"onceOnly", func(t *testing.T) string {
		passes(t, apply(onceOnly{}))
		return fault(t, gradcheck.NotDifferentiable, gradcheck.CheckSecond, apply(onceOnly{}))
	}},
	{"deniesX", func(t *testing.T) string {
		return fault(t, gradcheck.WrongGradient, gradcheck.Check, apply(deniesX{}))
	}},
	{"swapsFactors", func(t *testing.T) string {
		dyAfter := func(op gorgonia.Op) []float64 {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, point(), gorgonia.WithName("x"))
			y, err := after(apply(op), reshape)(x)
			if err != nil {
				t.Fatal(err)
			}
			dy := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]float64{3, 4})), gorgonia.WithName("dy"))
			if _, err := gorgonia.Backpropagate(gorgonia.Nodes{y}, gorgonia.Nodes{dy}, gorgonia.Nodes{x}); err != nil {
				t.Fatal(err)
			}
			if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
				t.Fatal(err)
			}
			return dy.Value().Data().([]float64)
		}
		passes(t, apply(swapsFactors{}))
		if dy := dyAfter(swish{}); !near(dy, []float64{3, 4}) {
			t.Errorf("swish: %v", dy)
		}
		return different(t, "dy after the run", dyAfter(swapsFactors{}), []float64{3, 4})
	}},
	{"oneElement", func(t *testing.T) string {
		one := func(f gradcheck.Func, _ []*tensor.Dense, opts ...gradcheck.Option) error {
			return gradcheck.CheckSecond(f, []*tensor.Dense{tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{2}))}, opts...)
		}
		return fault(t, gradcheck.InputChanged, one, apply(swish{}))
	}},
	{"withReuse", func(t *testing.T) string {
		y, err := point().Apply(derivatives[0], tensor.WithReuse(tensor.New(tensor.WithShape(1, 2), tensor.Of(tensor.Float64))))
		if err != nil {
			t.Fatal(err)
		}
		return different(t, "Apply with tensor.WithReuse", y.Data(), []float64{exact(-1), exact(2)})
	}},
	{"noDoDiff", func(t *testing.T) string {
		return fault(t, gradcheck.NotDifferentiable, gradcheck.Check, apply(noDoDiff{swish{}}))
	}},
	{"setsGradient", func(t *testing.T) string {
		return fault(t, gradcheck.NotAccumulated, gradcheck.Check, apply(setsGradient{}))
	}},
	{"inPlace", func(t *testing.T) string {
		passes(t, apply(inPlace{}))
		passes(t, after(gorgonia.Neg, apply(inPlace{})))
		fault(t, gradcheck.InputChanged, gradcheck.Check, after(reshape, apply(inPlace{})), gradcheck.Machines(gradcheck.Tape))
		if _, y := run(t, after(gorgonia.Neg, apply(inPlace{}))); !near(y, []float64{exact(1), exact(-2)}) {
			t.Errorf("after Neg: %v", y)
		}
		dropout := func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(x, 0) }
		if x, _ := run(t, after(dropout, apply(inPlace{}))); near(x, []float64{-1, 2}) {
			t.Errorf("after Dropout: x is %v, which is right", x)
		}
		x, _ := run(t, after(reshape, apply(inPlace{})))
		return different(t, "x after the run", x, []float64{-1, 2})
	}},
	{"addsToPrealloc", func(t *testing.T) string {
		passes(t, apply(addsToPrealloc{}))
		fault(t, gradcheck.NotDeterministic, gradcheck.Check, after(gorgonia.Neg, apply(addsToPrealloc{})), gradcheck.Machines(gradcheck.Tape))
		_, y := run(t, after(gorgonia.Neg, apply(addsToPrealloc{})))
		return different(t, "swish(-x)", y, []float64{exact(1), exact(-2)})
	}},
	{"failsLate", func(t *testing.T) string {
		passes(t, apply(failsLate{}))
		fault(t, gradcheck.NotDeterministic, gradcheck.Check, after(gorgonia.Neg, apply(failsLate{})), gradcheck.Machines(gradcheck.Tape))
		_, y := run(t, after(gorgonia.Neg, apply(failsLate{})))
		return different(t, "swish(-x)", y, []float64{exact(1), exact(-2)})
	}},
	{"callsExtern", func(t *testing.T) string {
		return fault(t, gradcheck.Failed, gradcheck.Check, apply(callsExtern{}))
	}},
	{"UsePreallocDo", func(t *testing.T) string {
		var b strings.Builder
		fmt.Fprintf(&b, "%-14s %-14s %s\n", "operator", "tape machine", "Lisp machine")
		for _, op := range []gorgonia.Op{swish{}, inPlace{}, returnsNoPtr{}, callsExtern{}} {
			name := strings.TrimPrefix(fmt.Sprintf("%T", op), "docs_test.")
			tape := calls(t, op, func(g *gorgonia.ExprGraph) gorgonia.VM { return gorgonia.NewTapeMachine(g) })
			lisp := calls(t, op, func(g *gorgonia.ExprGraph) gorgonia.VM { return gorgonia.NewLispMachine(g) })
			fmt.Fprintf(&b, "%-14s %-14d %d\n", name, tape, lisp)
		}
		return strings.TrimSpace(b.String())
	}},
}

// A function of one node.
type function = func(x *gorgonia.Node) (*gorgonia.Node, error)

func apply(op gorgonia.Op) function {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.ApplyOp(op, x) }
}

// after returns the function f(g(x)).
func after(g, f function) function {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := g(x)
		if err != nil {
			return nil, err
		}
		return f(y)
	}
}

func reshape(x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.Reshape(x, tensor.Shape{2, 1})
}

func point() *tensor.Dense {
	return tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{-1, 2}))
}

// checker is the type of gradcheck.Check and gradcheck.CheckSecond.
type checker = func(gradcheck.Func, []*tensor.Dense, ...gradcheck.Option) error

func check(c checker, f function, opts ...gradcheck.Option) error {
	return c(func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return f(in[0]) }, []*tensor.Dense{point()}, opts...)
}

// fault returns the message of c for f.
func fault(t *testing.T, want gradcheck.Fault, c checker, f function, opts ...gradcheck.Option) string {
	t.Helper()
	err := check(c, f, opts...)
	var e *gradcheck.Error
	if !errors.As(err, &e) || e.Fault != want {
		t.Fatalf("%v, expected the fault %q", err, want)
	}
	return err.Error()
}

// passes fails the test if Check finds a fault on the tape machine.
func passes(t *testing.T, f function) {
	t.Helper()
	if err := check(gradcheck.Check, f, gradcheck.Machines(gradcheck.Tape)); err != nil {
		t.Errorf("%v, expected that gradcheck does not see it", err)
	}
}

// run returns x and f(x) after a run of the tape machine without gradients.
func run(t *testing.T, f function) (x, y []float64) {
	t.Helper()
	in := gorgonia.NodeFromAny(gorgonia.NewGraph(), point())
	out, err := f(in)
	if err != nil {
		t.Fatal(err)
	}
	var result gorgonia.Value
	gorgonia.Read(out, &result)
	if err := gorgonia.NewTapeMachine(in.Graph()).RunAll(); err != nil {
		t.Fatal(err)
	}
	return in.Value().Data().([]float64), result.Data().([]float64)
}

// different returns a message with the actual and the expected value. It fails
// the test if they are equal.
func different(t *testing.T, what string, got, want any) string {
	t.Helper()
	is, should := fmt.Sprintf("%.3v", got), fmt.Sprintf("%.3v", want)
	if is == should {
		t.Errorf("%s is %s, which is right", what, is)
	}
	return fmt.Sprintf("%s: %s, expected %s", what, is, should)
}

func near(x, y []float64) bool {
	return slices.EqualFunc(x, y, func(x, y float64) bool { return math.Abs(x-y) < 1e-9 })
}

// counted is op with a UsePreallocDo that counts its calls and then calls Do.
type counted struct {
	gorgonia.Op
	calls *int
}

func (op counted) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	*op.calls++
	return op.Do(inputs...)
}

// calls returns how often a machine calls UsePreallocDo of op in 3 runs of
// op(−x).
func calls(t *testing.T, op gorgonia.Op, machine func(*gorgonia.ExprGraph) gorgonia.VM) (n int) {
	t.Helper()
	x := gorgonia.NodeFromAny(gorgonia.NewGraph(), point())
	y, err := after(gorgonia.Neg, apply(counted{op, &n}))(x)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gorgonia.Sum(y); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 3; i++ {
		vm := machine(x.Graph())
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		vm.Close()
	}
	return n
}
