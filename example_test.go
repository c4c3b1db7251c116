package leakyrelu_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

func Example() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(4), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithBacking([]float32{-2, -1, 0, 3}))))

	y, err := leakyrelu.Apply(x, 0.2)
	if err != nil {
		log.Fatal(err)
	}
	sum := gorgonia.Must(gorgonia.Sum(y))
	if _, err := gorgonia.Grad(sum, x); err != nil {
		log.Fatal(err)
	}

	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	dx, err := x.Grad()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Value())
	fmt.Println(dx)
	// Output:
	// [-0.4  -0.2     0     3]
	// [0.2  0.2  0.2    1]
}

// The operator works on tensors without a graph, too.
func ExampleNew() {
	op, err := leakyrelu.New(leakyrelu.DefaultAlpha)
	if err != nil {
		log.Fatal(err)
	}
	y, err := op.Do(tensor.New(tensor.WithBacking([]float64{-100, 100})))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y)
	// Output: [ -1  100]
}

// This is a gradient penalty. The critic is LeakyReLU(x·w1)·w2ᵀ. The penalty is
// the squared norm of its gradient with respect to x. ApplyGrad writes the
// gradient of LeakyReLU as a node. Then one Grad differentiates the penalty.
func ExampleApplyGrad() {
	g := gorgonia.NewGraph()
	matrix := func(name string, rows, cols int, v ...float64) *gorgonia.Node {
		return gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(rows, cols), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(v))))
	}
	x := matrix("x", 1, 2, 1, -1)
	w1 := matrix("w1", 2, 2, 1, 2, 3, 4)
	w2 := matrix("w2", 1, 2, 5, 6)

	h := gorgonia.Must(gorgonia.Mul(x, w1)) // -2, -2
	dh, err := leakyrelu.ApplyGrad(h, w2, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	dx := gorgonia.Must(gorgonia.Mul(dh, gorgonia.Must(gorgonia.Transpose(w1))))
	penalty := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(dx))))
	if _, err := gorgonia.Grad(penalty, w1, w2); err != nil {
		log.Fatal(err)
	}
	// Read copies the gradient during the run. After the run, dx.Value() may be
	// overwritten.
	var gradient gorgonia.Value
	gorgonia.Read(dx, &gradient)

	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	dw2, err := w2.Grad()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(gradient)
	fmt.Println(dw2)
	// Output:
	// R[ 8.5  19.5]
	// R[67  95]
}

// A function that builds a model takes its activation as an argument.
func ExampleActivation() {
	layer := func(x *gorgonia.Node, activation func(*gorgonia.Node) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
		return activation(x)
	}
	x := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("x"))
	y, err := layer(x, leakyrelu.Activation(0.2))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Op())
	// Output: LeakyReLU{alpha=0.2}
}
