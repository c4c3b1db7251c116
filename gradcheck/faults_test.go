package gradcheck_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	. "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// These programs use only Gorgonia. They show that the faults in README.md,
// which this package reports, exist in Gorgonia.

// weighted returns Σ x·w.
func weighted(x, w *Node) *Node { return Must(Sum(Must(HadamardProd(x, w)))) }

// input returns an input node with a value.
func input(g *ExprGraph, name string, shape tensor.Shape, data ...float64) *Node {
	if shape.IsScalar() {
		return NewScalar(g, Float64, WithName(name), WithValue(data[0]))
	}
	return NewTensor(g, Float64, len(shape), WithName(name), WithShape(shape...),
		WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))))
}

// lispGrad runs x's graph forward and backward and returns x's gradient.
func lispGrad(x *Node) any {
	m := NewLispMachine(x.Graph())
	defer m.Close()
	if err := m.RunAll(); err != nil {
		return err
	}
	g, err := x.Grad()
	if err != nil {
		return err
	}
	return g.Data()
}

// run runs the graph of n and returns its value.
func run(n *Node) any {
	m := NewTapeMachine(n.Graph())
	defer m.Close()
	if err := m.RunAll(); err != nil {
		return err
	}
	return n.Value().Data()
}

// tapeGrad differentiates cost with respect to x and returns x's gradient.
func tapeGrad(cost, x *Node) any {
	grads, err := Grad(cost, x)
	if err != nil {
		return err
	}
	return run(grads[0])
}

func TestFaultsOfGorgonia(t *testing.T) {
	tensor.DontUsePool() // see TestFaultFreedGradient
	defer tensor.UsePool()
	vector, matrix := tensor.Shape{2}, tensor.Shape{2, 2}
	for _, c := range []struct {
		name  string
		run   func(g *ExprGraph) any
		right string // the right result, by formula
		is    string // Gorgonia's result
	}{
		{
			"Log2, tape: the factor is ln 2 instead of 1/ln 2",
			func(g *ExprGraph) any {
				x := input(g, "x", vector, 2, 4)
				return tapeGrad(Must(Sum(Must(Log2(x)))), x)
			},
			fmt.Sprintf("[%.4f %.4f]", 1/(2*math.Ln2), 1/(4*math.Ln2)), "[0.3466 0.1733]",
		}, {
			"InverseSqrt, tape: divided by x^(-3/2) instead of multiplied",
			func(g *ExprGraph) any {
				x := input(g, "x", vector, 2, 4)
				return tapeGrad(Must(Sum(Must(InverseSqrt(x)))), x)
			},
			fmt.Sprintf("[%.4f %.4f]", -0.5*math.Pow(2, -1.5), -0.5*math.Pow(4, -1.5)), "[-1.4142 -4.0000]",
		}, {
			"InverseSqrt, Lisp: fails",
			func(g *ExprGraph) any {
				x := input(g, "x", vector, 2, 4)
				Must(Sum(Must(InverseSqrt(x))))
				return lispGrad(x)
			},
			"[-0.1768 -0.0625]", "Expected left value to be Tensor",
		}, {
			"Reshape, Lisp: overwrites the gradient of x·x, which comes first",
			func(g *ExprGraph) any {
				x := input(g, "x", tensor.Shape{1, 2}, 2, 4)
				c := NewConstant(tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]float64{10, 20})))
				linear := weighted(Must(Reshape(x, tensor.Shape{2, 1})), c)
				Must(Add(linear, weighted(x, x)))
				return lispGrad(x)
			},
			fmt.Sprint([]float64{10 + 2*2, 20 + 2*4}), "[10 20]",
		}, {
			"BroadcastAdd, Lisp: overwrites the gradient of x·x, because it reshapes",
			func(g *ExprGraph) any {
				a, b := input(g, "a", matrix, 1, 2, 3, 4), input(g, "b", tensor.Shape{1, 2}, 5, 6)
				linear := Must(Sum(Must(BroadcastAdd(a, b, nil, []byte{0}))))
				Must(Add(linear, weighted(b, b)))
				return lispGrad(b)
			},
			fmt.Sprint([]float64{2 + 2*5, 2 + 2*6}), "[2 2]",
		}, {
			"MaxPool2D, Lisp: overwrites the gradient of x·x",
			func(g *ExprGraph) any {
				x := input(g, "x", tensor.Shape{1, 1, 2, 2}, 1, 2, 3, 4)
				linear := Must(Sum(Must(MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{1, 1}))))
				Must(Add(linear, weighted(x, x)))
				return lispGrad(x)
			},
			fmt.Sprint([]float64{2 * 1, 2 * 2, 2 * 3, 1 + 2*4}), "[0 0 0 1]",
		}, {
			"AveragePool2D, tape: the gradient of one average is not spread over its entries",
			func(g *ExprGraph) any {
				x := input(g, "x", tensor.Shape{1, 1, 2, 2}, 1, 2, 3, 4)
				return tapeGrad(Must(Sum(Must(AveragePool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{1, 1})))), x)
			},
			"[0.2500 0.2500 0.2500 0.2500]", "[0.5000 0.5000 0.5000 0.5000]",
		}, {
			"AveragePool2D, tape: the gradients of two averages are not spread either",
			func(g *ExprGraph) any {
				x := input(g, "x", tensor.Shape{1, 1, 2, 4}, 1, 2, 3, 4, 5, 6, 7, 8)
				return tapeGrad(Must(Sum(Must(AveragePool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})))), x)
			},
			"[0.2500 0.2500 0.2500 0.2500 0.2500 0.2500 0.2500 0.2500]", "[0.2500 0.2500 0.0000 0.0000 0.0000 0.0000 0.0000 0.0000]",
		}, {
			"Repeat, tape: the gradient has lost a dimension",
			func(g *ExprGraph) any {
				a, b := input(g, "a", matrix, 1, 2, 3, 4), input(g, "b", tensor.Shape{1, 2}, 5, 6)
				if _, err := Grad(Must(Sum(Must(BroadcastAdd(a, b, nil, []byte{0})))), b); err != nil {
					return err
				}
				repeated := g.AllNodes()[2] // a reshape of b
				return fmt.Sprint(repeated.Shape(), repeated.Deriv().Shape())
			},
			"(1, 2) (1, 2)", "(1, 2) (2)",
		}, {
			"OuterProd, tape",
			func(g *ExprGraph) any {
				a, b := input(g, "a", vector, 1, 2), input(g, "b", tensor.Shape{3}, 3, 4, 5)
				return tapeGrad(Must(Sum(Must(OuterProd(a, b)))), a)
			},
			fmt.Sprint([]float64{3 + 4 + 5, 3 + 4 + 5}), "linAlgBinOp (3, 2) × (3) error: Shape mismatch",
		}, {
			"MaxBetween, Lisp",
			func(g *ExprGraph) any {
				a, b := input(g, "a", vector, 1, 4), input(g, "b", vector, 2, 3)
				weighted(Must(MaxBetween(a, b)), NewConstant(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{10, 20}))))
				return lispGrad(a)
			},
			"[0 20]", "[10 0]",
		}, {
			"MinBetween, Lisp",
			func(g *ExprGraph) any {
				a, b := input(g, "a", vector, 1, 4), input(g, "b", vector, 2, 3)
				weighted(Must(MinBetween(a, b)), NewConstant(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{10, 20}))))
				return lispGrad(b)
			},
			"[0 20]", "[10 20]",
		}, {
			"x + s with a scalar s, Lisp: the gradient of s·s counts once per entry of x",
			func(g *ExprGraph) any {
				x, s := input(g, "x", tensor.Shape{3}, 1, 2, 3), input(g, "s", tensor.Shape{}, 5)
				linear := Must(Sum(Must(Add(x, s))))
				Must(Add(linear, Must(HadamardProd(s, s))))
				return lispGrad(s)
			},
			fmt.Sprint(3 + 2*5), fmt.Sprint(3 * (1 + 2*5)),
		}, {
			"SoftMax, Lisp: it shares its gradient with its input, so a second run is wrong",
			func(g *ExprGraph) any {
				x := input(g, "x", vector, 1, 2)
				c := NewConstant(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 0})))
				weighted(Must(SoftMax(x)), c)
				first := fmt.Sprintf("%.4f", lispGrad(x))
				grad, _ := x.Grad()
				ZeroValue(grad)
				return fmt.Sprintf("%s, then %.4f", first, lispGrad(x))
			},
			"[0.1966 -0.1966], then [0.1966 -0.1966]", "[0.1966 -0.1966], then [1.1966 -0.1966]",
		}, {
			"Conv2d, Lisp: fails in the second run of a graph",
			func(g *ExprGraph) any {
				x, k := input(g, "x", tensor.Shape{1, 1, 2, 2}, 1, 2, 3, 4), input(g, "k", tensor.Shape{1, 1, 1, 2}, 1, 2)
				Must(Sum(Must(Conv2d(x, k, tensor.Shape{1, 2}, []int{0, 0}, []int{1, 1}, []int{1, 1}))))
				first := fmt.Sprint(lispGrad(k))
				return fmt.Sprint(first, ", then ", lispGrad(k))
			},
			fmt.Sprint([]float64{1 + 3, 2 + 4}, ", then ", []float64{4, 6}), "[4 6], then RunAll: Failed to differentiate A × Bᵀ",
		}, {
			"Max, Lisp: no gradient and no error",
			func(g *ExprGraph) any {
				x := input(g, "x", matrix, 1, 2, 3, 4)
				Must(Sum(Must(Max(x, 1))))
				return lispGrad(x)
			},
			"[0 1 0 1]", "[0 0 0 0]",
		}, {
			"Sign, Lisp: fails, where the gradient is 0, so Abs fails at second order",
			func(g *ExprGraph) any {
				x := input(g, "x", vector, -4, 2)
				Must(Sum(Must(Sign(x))))
				return lispGrad(x)
			},
			"[0 0]", "AutoDiffError",
		}, {
			"Rectify of Reshape, tape: overwrites the input",
			func(g *ExprGraph) any {
				x := input(g, "x", tensor.Shape{1, 2}, -4, 2)
				Must(Rectify(Must(Reshape(x, tensor.Shape{2, 1}))))
				if err := NewTapeMachine(g).RunAll(); err != nil {
					return err
				}
				return x.Value().Data()
			},
			"[-4 2]", "[-0 2]",
		}, {
			"Mean, second order, tape: HadamardDiv does not accept the scalar from Reshape",
			func(g *ExprGraph) any {
				x, u, v := input(g, "x", vector, 1, 2), input(g, "u", tensor.Shape{}, 3), input(g, "v", vector, 5, 6)
				grad, err := Grad(Must(HadamardProd(u, Must(Mean(x)))), x)
				if err != nil {
					return err
				}
				return tapeGrad(weighted(grad[0], v), u)
			},
			fmt.Sprint((5 + 6) / 2.0), "Type Mismatch: Tensor-0 float64 != float64",
		}, {
			"two Grads on one graph, x³: half of the derivative of (3x²)²",
			func(g *ExprGraph) any {
				x := input(g, "x", vector, 1, 2)
				grad, err := Grad(Must(Sum(Must(Cube(x)))), x)
				if err != nil {
					return err
				}
				return tapeGrad(Must(Sum(Must(Square(grad[0])))), x)
			},
			fmt.Sprint([]float64{36 * 1, 36 * 8}), "[18 144]",
		}, {
			"two Grads on one graph, tanh x",
			func(g *ExprGraph) any {
				x := input(g, "x", tensor.Shape{1}, 0.5)
				grad, err := Grad(Must(Sum(Must(Tanh(x)))), x)
				if err != nil {
					return err
				}
				return tapeGrad(Must(Sum(Must(Square(grad[0])))), x)
			},
			fmt.Sprintf("[%.4f]", -4*math.Tanh(0.5)*math.Pow(1-math.Pow(math.Tanh(0.5), 2), 2)), "[0.7864]",
		}, {
			"Slice, second order: its gradient does not depend on the upstream gradient",
			func(g *ExprGraph) any {
				x, u, v := input(g, "x", tensor.Shape{3}, 1, 2, 3), input(g, "u", vector, 4, 5), input(g, "v", tensor.Shape{3}, 6, 7, 8)
				grad, err := Grad(weighted(Must(Slice(x, S(0, 2))), u), x)
				if err != nil {
					return err
				}
				return tapeGrad(weighted(grad[0], v), u)
			},
			"[6 7]", "Non Differentiable WRTs",
		}, {
			"SoftMax, second order: panics",
			func(g *ExprGraph) any {
				x, u := input(g, "x", vector, 1, 2), input(g, "u", vector, 4, 5)
				grad, err := Grad(weighted(Must(SoftMax(x)), u), x)
				if err != nil {
					return err
				}
				return tapeGrad(Must(Sum(grad[0])), u)
			},
			"[0 0]", "softmax operator only supports one input, got 3 instead",
		}, {
			"MaxPool2D, second order: panics",
			func(g *ExprGraph) any {
				x, u := input(g, "x", tensor.Shape{1, 1, 2, 2}, 1, 2, 3, 4), input(g, "u", tensor.Shape{1, 1, 1, 1}, 3)
				grad, err := Grad(weighted(Must(MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{1, 1})), u), x)
				if err != nil {
					return err
				}
				return tapeGrad(Must(Sum(grad[0])), u)
			},
			"1", "index out of range [1] with length 1",
		}, {
			"slices, tape: two with the same bounds modulo 256 are merged",
			func(g *ExprGraph) any {
				data := make([]float64, 512)
				data[0], data[256] = 1, 2
				x := input(g, "x", tensor.Shape{512}, data...)
				first, second := Must(Slice(x, S(0, 256))), Must(Slice(x, S(256, 512)))
				return run(Must(Sub(Must(Sum(first)), Must(Sum(second)))))
			},
			"-1", "0",
		}, {
			"constants, tape: two with the same beginning and end are merged",
			func(g *ExprGraph) any {
				ones, two := tensor.Ones(Float64, 100), tensor.Ones(Float64, 100)
				two.Float64s()[50] = 2
				x := input(g, "x", tensor.Shape{100}, tensor.Ones(Float64, 100).Float64s()...)
				sum := func(c *tensor.Dense) *Node { return weighted(x, NewConstant(c)) }
				return run(Must(Sub(sum(two), sum(ones))))
			},
			"1", "0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := func() (s string) {
				defer func() {
					if r := recover(); r != nil {
						s = fmt.Sprint(r)
					}
				}()
				switch x := c.run(NewGraph()).(type) {
				case []float64:
					if strings.Contains(c.right, ".") {
						return fmt.Sprintf("%.4f", x)
					}
					return fmt.Sprint(x)
				default:
					return fmt.Sprint(x)
				}
			}()
			if got == c.right {
				t.Fatal(fixed(c.is, "this case"))
			}
			if !strings.Contains(got, c.is) {
				t.Fatalf("%v: expected %v, the fault of Gorgonia %s, or %v, which is right", got, c.is, seenIn, c.right)
			}
		})
	}
}

// On the Lisp machine, scalar − x frees the gradient of the difference while
// the graph still uses it. The next new tensor has the same memory.
func TestFaultFreedGradient(t *testing.T) {
	g := NewGraph()
	x := input(g, "x", tensor.Shape{3}, 1, 2, 3)
	z := Must(Sub(NewConstant(1.0), x))
	weighted(z, z)
	if got := fmt.Sprint(lispGrad(x)); got != "[0 2 4]" { // 2·(x − 1)
		t.Fatal(got)
	}
	grad, err := z.Grad()
	if err != nil {
		t.Fatal(err)
	}
	for range tensor.PoolSize + 1 {
		if made := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{9})); made == grad {
			return
		}
	}
	t.Fatal(fixed("the gradient was freed", "this test, and withoutPool"))
}
