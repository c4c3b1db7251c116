package gradcheck_test

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// Five lines check an operator: put yours in the place of Tanh.
func Example() {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Tanh(in[0]) }
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{-2, -1, -.5, .5, 1, 2}))

	fmt.Println(gradcheck.Check(f, []*tensor.Dense{x}))
	fmt.Println(gradcheck.CheckSecond(f, []*tensor.Dense{x}))
	// Output:
	// <nil>
	// <nil>
}

// Rectify has a kink at 0, where central differences mean nothing.
func ExampleExclude() {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Rectify(in[0]) }
	x := tensor.New(tensor.WithShape(4), tensor.WithBacking([]float64{-1, 0, 1, 2}))

	err := gradcheck.Check(f, []*tensor.Dense{x}, gradcheck.Exclude(func(input int, x float64) bool {
		return math.Abs(x) < 2e-6 // twice the step
	}))
	fmt.Println(err)
	// Output: <nil>
}

// The derivative of log₂ x is 1/(x·ln 2). On the tape machine Gorgonia's is
// (ln 2)/x.
func ExampleError() {
	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Log2(in[0]) }
	x := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{2, 4}))

	err := gradcheck.Check(f, []*tensor.Dense{x}, gradcheck.Machines(gradcheck.Tape))
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
