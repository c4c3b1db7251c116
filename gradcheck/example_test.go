package gradcheck_test

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// Five lines check an operator. Replace Tanh by yours.
func Example() {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Tanh(in[0]) }
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{-2, -1, -.5, .5, 1, 2}))

	fmt.Println(gradcheck.Check(f, []*tensor.Dense{x}))
	fmt.Println(gradcheck.CheckSecond(f, []*tensor.Dense{x}))
	// Output:
	// <nil>
	// <nil>
}

// Rectify has a kink at 0. Central differences are useless there.
func ExampleExclude() {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Rectify(in[0]) }
	x := tensor.New(tensor.WithShape(4), tensor.WithBacking([]float64{-1, 0, 1, 2}))

	err := gradcheck.Check(f, []*tensor.Dense{x}, gradcheck.Exclude(func(input int, x float64) bool {
		return math.Abs(x) < 2e-6 // twice the step
	}))
	fmt.Println(err)
	// Output: <nil>
}

// The derivative of log₂ x is 1/(x·ln 2). On the tape machine, Gorgonia v0.9.18
// gives (ln 2)/x.
func ExampleError() {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Log2(in[0]) }
	x := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{2, 4}))

	err := gradcheck.Check(f, []*tensor.Dense{x}, gradcheck.Machines(gradcheck.Tape))
	if err == nil {
		fmt.Println("Log2 is right, and was not in Gorgonia v0.9.18: find another example")
	}
	var e *gradcheck.Error
	if errors.As(err, &e) {
		fmt.Println(e.Fault, "on the", e.Machine)
		fmt.Println(e.Failed, "of", e.Checked, "entries failed")
		for _, entry := range e.Entries {
			fmt.Printf("at %v by a factor of %.4f = (ln 2)²\n", entry.Index, entry.Analytic/entry.Numeric)
		}
	}
	// Output:
	// wrong gradient on the tape machine
	// 2 of 2 entries failed
	// at [0] by a factor of 0.4805 = (ln 2)²
	// at [1] by a factor of 0.4805 = (ln 2)²
}

// The loss has a penalty on the gradient of LeakyReLU. If the loss calls Grad
// for this gradient, the program's own Grad is the second one on the graph, and
// Gorgonia gives a wrong result. If the gradient is written as a node, with
// ApplyGrad, the result is right.
func ExampleCheck_gradientPenalty() {
	const alpha = 0.2
	// loss is Σ leaky(x·w) + Σ ‖gradient‖².
	loss := func(y, gradient *gorgonia.Node) (*gorgonia.Node, error) {
		penalty, err := gorgonia.Sum(gorgonia.Must(gorgonia.Square(gradient)))
		if err != nil {
			return nil, err
		}
		return gorgonia.Add(gorgonia.Must(gorgonia.Sum(y)), penalty)
	}
	taken := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
		x, w := in[0], in[1]
		y := gorgonia.Must(leakyrelu.Apply(gorgonia.Must(gorgonia.Mul(x, w)), alpha))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			return nil, err
		}
		return loss(y, grads[0])
	}
	written := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
		x, w := in[0], in[1]
		h := gorgonia.Must(gorgonia.Mul(x, w))
		y := gorgonia.Must(leakyrelu.Apply(h, alpha))
		ones := gorgonia.NewConstant(tensor.Ones(tensor.Float64, y.Shape()...))
		dh := gorgonia.Must(leakyrelu.ApplyGrad(h, ones, alpha))
		return loss(y, gorgonia.Must(gorgonia.Mul(dh, gorgonia.Must(gorgonia.Transpose(w)))))
	}
	inputs := []*tensor.Dense{
		tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, -2, 3, -4})),
		tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]float64{0.5, -0.25})),
	}
	weights := gradcheck.Inputs(1)

	// If this prints nothing, Gorgonia no longer has the fault of v0.9.18.
	var e *gradcheck.Error
	if errors.As(gradcheck.Check(taken, inputs, weights, gradcheck.Machines(gradcheck.Tape)), &e) {
		fmt.Println("taken:", e.Fault)
	}
	fmt.Println("written:", gradcheck.Check(written, inputs, weights))
	// Output:
	// taken: wrong gradient from a second Grad on one graph
	// written: <nil>
}
