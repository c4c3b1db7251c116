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
	var out gorgonia.Value
	gorgonia.Read(y, &out) // a copy: Gorgonia may reuse the memory of y
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x); err != nil {
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
	fmt.Println(out)
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

// The critic LeakyReLU(x·w1)·w2 must not become steep. So its loss is the sum of
// its output and a penalty: the sum of the squares of ∂output/∂x. ApplyGrad
// writes that gradient as nodes. Then one Grad differentiates the whole loss.
func ExampleApplyGrad() {
	g := gorgonia.NewGraph()
	matrix := func(name string, rows, cols int, v ...float64) *gorgonia.Node {
		return gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(rows, cols), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(v))))
	}
	must := gorgonia.Must
	x := matrix("x", 2, 2, // a batch of two
		1, -1,
		2, 1)
	w1 := matrix("w1", 2, 2, 1, 2, 3, 4)
	w2 := matrix("w2", 2, 1, 5, 6)
	ones := matrix("ones", 2, 1, 1, 1) // the upstream gradient of the output

	h := must(gorgonia.Mul(x, w1)) // (-2, -2) and (5, 8)
	output := must(gorgonia.Mul(must(leakyrelu.Apply(h, 0.5)), w2))

	dh, err := leakyrelu.ApplyGrad(h, must(gorgonia.Mul(ones, must(gorgonia.Transpose(w2)))), 0.5)
	if err != nil {
		log.Fatal(err)
	}
	dx := must(gorgonia.Mul(dh, must(gorgonia.Transpose(w1))))
	var gradient gorgonia.Value
	gorgonia.Read(dx, &gradient)

	penalty := must(gorgonia.Sum(must(gorgonia.Square(dx))))
	loss := must(gorgonia.Add(must(gorgonia.Sum(output)), penalty))
	if _, err := gorgonia.Grad(loss, w1, w2); err != nil {
		log.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	dw2, err := w2.Grad()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(gradient.Data())
	fmt.Println(dw2.Data())
	// Output:
	// [8.5 19.5 17 39]
	// [339 482]
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
