package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// These tests run the operators in graphs, on every machine.

// TestSpecialValuesInGraphs compares value and gradient of Σ c·LeakyReLU(x) at
// the special values, bit by bit.
func TestSpecialValuesInGraphs(t *testing.T) {
	for _, m := range machines {
		t.Run(m.name+"/float32", func(t *testing.T) { testSpecialValuesInGraph[float32](t, m) })
		t.Run(m.name+"/float64", func(t *testing.T) { testSpecialValuesInGraph[float64](t, m) })
	}
}

func testSpecialValuesInGraph[T float](t *testing.T, m machine) {
	xs := specials[T]()
	cs := random[T](rand.New(rand.NewPCG(3, 4)), len(xs))
	for _, alpha := range slopes {
		must := must(t)
		g := gorgonia.NewGraph()
		x, c := input(g, "x", dense(xs, len(xs))), input(g, "c", dense(cs, len(xs)))
		y := must(leakyrelu.Apply(x, alpha))
		var got gorgonia.Value
		read := gorgonia.Read(y, &got)
		m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, c)))), read, x)

		wantY, wantDx := make([]T, len(xs)), make([]T, len(xs))
		for i := range xs {
			wantY[i] = leaky(xs[i], alpha)
			// Both machines may add the gradient to 0, and 0 + -0 is 0. So the
			// test adds 0 on both sides.
			wantDx[i] = 0 + gate(xs[i], cs[i], alpha)
		}
		dx := gradOf[T](t, x)
		for i := range dx {
			dx[i] = 0 + dx[i]
		}
		sameBits(t, name("value, alpha ", alpha), elements[T](t, got), wantY)
		sameBits(t, name("gradient, alpha ", alpha), dx, wantDx)
	}
}

// TestLayoutsInGraphs binds tensors of every layout, with special values in
// them, to an input. The upstream gradient comes from another activation,
// because Gorgonia's operators are wrong in some layouts.
func TestLayoutsInGraphs(t *testing.T) {
	for _, m := range machines {
		if m.name == "tape with dual values" {
			continue // it adds gradients, and Gorgonia's addition panics for views
		}
		t.Run(m.name+"/float32", func(t *testing.T) { testLayoutsInGraphs[float32](t, m) })
		t.Run(m.name+"/float64", func(t *testing.T) { testLayoutsInGraphs[float64](t, m) })
	}
}

func testLayoutsInGraphs[T float](t *testing.T, m machine) {
	for _, l := range layouts {
		for i, alpha := range slopes {
			rng := rand.New(rand.NewPCG(23, uint64(i)))
			xv := l.make(t, rng, dtypeOf[T]())
			if xv.Size() == 0 || xv.IsScalar() {
				continue // Sum panics; see TestScalarGraphs
			}
			special := specials[T]()
			indices(xv.Shape(), func(index []int) {
				if rng.IntN(2) == 0 {
					if err := xv.SetAt(special[rng.IntN(len(special))], index...); err != nil {
						t.Fatal(err)
					}
				}
			})
			xs, ws := elements[T](t, xv), random[T](rng, xv.Shape().TotalSize())
			whole := memory[T](xv)
			must := must(t)
			g := gorgonia.NewGraph()
			x, w := input(g, "x", xv), input(g, "w", dense(ws, xv.Shape()...))
			y := must(leakyrelu.Apply(x, alpha))
			var got gorgonia.Value
			read := gorgonia.Read(y, &got)
			m.run(t, must(gorgonia.Sum(must(leakyrelu.ApplyGrad(w, y, 3)))), read, x)

			wantY, wantDx := make([]T, len(xs)), make([]T, len(xs))
			for i := range xs {
				wantY[i], wantDx[i] = leaky(xs[i], alpha), 0+gate(xs[i], gate(ws[i], 1, 3), alpha)
			}
			what := name(l.name, ", alpha ", alpha)
			sameBits(t, what+", value", elements[T](t, got), wantY)
			sameBits(t, what+", gradient", gradOf[T](t, x), wantDx)
			sameBits(t, what+", memory of x", memory[T](xv), whole)
		}
	}
}

// TestGraphs runs graphs with one input x of shape (3, 4). Each graph computes
// the same function f of every element. The test compares value and gradient
// with f and df.
func TestGraphs(t *testing.T) {
	for _, opts := range inAndOutOfPlace {
		t.Run(name(len(opts), " options"), func(t *testing.T) { testGraphs(t, opts...) })
	}
}

func testGraphs(t *testing.T, opts ...leakyrelu.Option) {
	apply := func(x node, alpha float64) (node, error) { return leakyrelu.Apply(x, alpha, opts...) }
	next := math.Nextafter(0.2, 1)
	for _, c := range []struct {
		name  string
		build func(must func(node, error) node, x node) node
		f     func(x float64) float64
		df    func(x, dy float64) float64 // the derivative times the upstream gradient dy
	}{
		{
			"one",
			func(must func(node, error) node, x node) node { return must(apply(x, 0.2)) },
			func(x float64) float64 { return leaky(x, 0.2) },
			func(x, dy float64) float64 { return gate(x, dy, 0.2) },
		}, {
			"negative slope",
			func(must func(node, error) node, x node) node { return must(apply(x, -0.5)) },
			func(x float64) float64 { return leaky(x, -0.5) },
			func(x, dy float64) float64 { return gate(x, dy, -0.5) },
		}, {
			"fan-out to two slopes and past them",
			func(must func(node, error) node, x node) node {
				y := must(gorgonia.HadamardProd(must(apply(x, 0.2)), must(apply(x, -0.5))))
				return must(gorgonia.Add(y, x))
			},
			func(x float64) float64 { return leaky(x, 0.2)*leaky(x, -0.5) + x },
			func(x, dy float64) float64 {
				return gate(x, dy, 0.2)*leaky(x, -0.5) + leaky(x, 0.2)*gate(x, dy, -0.5) + dy
			},
		}, {
			"the same twice",
			func(must func(node, error) node, x node) node {
				return must(gorgonia.HadamardProd(must(apply(x, 0.2)), must(apply(x, 0.2))))
			},
			func(x float64) float64 { return leaky(x, 0.2) * leaky(x, 0.2) },
			func(x, dy float64) float64 { return 2 * leaky(x, 0.2) * gate(x, dy, 0.2) },
		}, {
			// If Gorgonia merged the two activations, the difference would be
			// 0.
			"slopes that differ in the last bit",
			func(must func(node, error) node, x node) node {
				return must(gorgonia.Sub(must(apply(x, next)), must(apply(x, 0.2))))
			},
			func(x float64) float64 { return leaky(x, next) - leaky(x, 0.2) },
			func(x, dy float64) float64 { return gate(x, dy, next) - gate(x, dy, 0.2) },
		}, {
			"forty in a row",
			func(must func(node, error) node, x node) node {
				for i := range 40 {
					x = must(apply(x, 0.75+float64(i%4)/4))
				}
				return x
			},
			func(x float64) float64 {
				for i := range 40 {
					x = leaky(x, 0.75+float64(i%4)/4)
				}
				return x
			},
			func(x, dy float64) float64 {
				for i := range 40 {
					dy = gate(x, dy, 0.75+float64(i%4)/4)
				}
				return dy
			},
		}, {
			"of a square",
			func(must func(node, error) node, x node) node {
				return must(apply(must(gorgonia.Neg(must(gorgonia.Square(x)))), 0.2))
			},
			func(x float64) float64 { return leaky(-x*x, 0.2) },
			func(x, dy float64) float64 { return -2 * x * 0.2 * dy },
		}, {
			"between reshapes",
			func(must func(node, error) node, x node) node {
				y := must(apply(must(gorgonia.Reshape(x, tensor.Shape{2, 6})), 0.2))
				return must(gorgonia.Reshape(y, tensor.Shape{3, 4}))
			},
			func(x float64) float64 { return leaky(x, 0.2) },
			func(x, dy float64) float64 { return gate(x, dy, 0.2) },
		}, {
			"between transposes",
			func(must func(node, error) node, x node) node {
				return must(gorgonia.Transpose(must(apply(must(gorgonia.Transpose(x)), 0.2))))
			},
			func(x float64) float64 { return leaky(x, 0.2) },
			func(x, dy float64) float64 { return gate(x, dy, 0.2) },
		}, {
			"of slices",
			func(must func(node, error) node, x node) node {
				top := must(apply(must(gorgonia.Slice(x, gorgonia.S(0, 2))), 0.2))
				bottom := must(apply(must(gorgonia.Slice(x, gorgonia.S(2, 3), nil)), 0.2))
				bottom = must(gorgonia.Reshape(bottom, tensor.Shape{1, 4}))
				return must(gorgonia.Concat(0, top, bottom))
			},
			func(x float64) float64 { return leaky(x, 0.2) },
			func(x, dy float64) float64 { return gate(x, dy, 0.2) },
		}, {
			"one op value at two nodes",
			func(must func(node, error) node, x node) node {
				y := must(leakyrelu.Apply(x, 0.5, opts...))
				return must(gorgonia.ApplyOp(y.Op(), must(gorgonia.Neg(y))))
			},
			func(x float64) float64 { return leaky(-leaky(x, 0.5), 0.5) },
			func(x, dy float64) float64 { return -gate(-leaky(x, 0.5), 1, 0.5) * gate(x, dy, 0.5) },
		}, {
			"the gradient op",
			func(must func(node, error) node, x node) node {
				return must(leakyrelu.ApplyGrad(x, must(gorgonia.Square(x)), 0.2, opts...))
			},
			func(x float64) float64 { return gate(x, x*x, 0.2) },
			func(x, dy float64) float64 { return gate(x, 2*x*dy, 0.2) },
		}, {
			"the gradient op of the gradient op",
			func(must func(node, error) node, x node) node {
				return must(leakyrelu.ApplyGrad(x, must(leakyrelu.ApplyGrad(x, must(gorgonia.Square(x)), 0.2, opts...)), 0.2, opts...))
			},
			func(x float64) float64 { return gate(x, gate(x, x*x, 0.2), 0.2) },
			func(x, dy float64) float64 { return gate(x, gate(x, 2*x*dy, 0.2), 0.2) },
		},
	} {
		for _, m := range machines {
			t.Run(c.name+"/"+m.name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(5, 6))
				xs, cs := random[float64](rng, 12), random[float64](rng, 12)
				must := must(t)
				g := gorgonia.NewGraph()
				xv := dense(xs, 3, 4)
				x, k := input(g, "x", xv), input(g, "c", dense(cs, 3, 4))
				y := c.build(must, x)
				var got gorgonia.Value
				read := gorgonia.Read(y, &got)
				m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, k)))), read, x)

				wantY, wantDx := make([]float64, 12), make([]float64, 12)
				for i, x := range xs {
					wantY[i], wantDx[i] = c.f(x), c.df(x, cs[i])
				}
				near(t, "value", elements[float64](t, got), wantY)
				near(t, "gradient", gradOf[float64](t, x), wantDx)
				sameBits(t, "input", memory[float64](xv), xs)
			})
		}
	}
}

// Gorgonia's Reshape keeps the order of the elements in memory, also for
// column-major tensors. On the Lisp machine, the gradient then has the shape of
// another node in the next run. (On the tape machine, Gorgonia reads the
// gradient of a column-major tensor as row-major, with any operator.)
func TestColumnMajorReshape(t *testing.T) {
	for _, m := range machines {
		if m.name != "Lisp" && m.name != "Lisp, second run" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			must := must(t)
			rng := rand.New(rand.NewPCG(19, 20))
			cs := random[float64](rng, 12)
			xv := columnMajor(3, 4)(t, rng, tensor.Float64)
			g := gorgonia.NewGraph()
			x := input(g, "x", xv)
			y := must(leakyrelu.Apply(must(gorgonia.Reshape(x, tensor.Shape{2, 6})), 0.2))
			var got gorgonia.Value
			read := gorgonia.Read(y, &got)
			m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, input(g, "c", dense(cs, 2, 6)))))), read, x)

			xs := memory[float64](xv)
			wantY, wantDx := make([]float64, 12), make([]float64, 12)
			for i := range 2 {
				for j := range 6 {
					wantY[i*6+j] = leaky(xs[i+j*2], 0.2)
					wantDx[i+j*2] = gate(xs[i+j*2], cs[i*6+j], 0.2)
				}
			}
			dx, err := x.Grad()
			if err != nil {
				t.Fatal(err)
			}
			near(t, "value", elements[float64](t, got), wantY)
			near(t, "gradient, as it lies in memory", memory[float64](dx.(*tensor.Dense)), wantDx)
		})
	}
}

// The scalar x is an input node or the result of Sum.
func TestScalarGraphs(t *testing.T) {
	kinds := map[string]func(g *gorgonia.ExprGraph, name string, v float64) *gorgonia.Node{
		"F64": func(g *gorgonia.ExprGraph, name string, v float64) *gorgonia.Node {
			return gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName(name), gorgonia.WithValue(v))
		},
		"sum": func(g *gorgonia.ExprGraph, name string, v float64) *gorgonia.Node {
			return must(t)(gorgonia.Sum(input(g, name, dense([]float64{v / 2, v / 2}, 2))))
		},
	}
	for kind, scalar := range kinds {
		for _, m := range machines {
			for _, x := range []float64{-3, 0, 2} {
				t.Run(name(kind, "/", m.name, "/", x), func(t *testing.T) {
					must := must(t)
					g := gorgonia.NewGraph()
					xn := scalar(g, "x", x)
					y := must(leakyrelu.Apply(xn, 0.2))
					d := must(leakyrelu.ApplyGrad(xn, must(gorgonia.Square(xn)), 0.5))
					var got gorgonia.Value
					read := gorgonia.Read(y, &got)
					in := g.Inputs()[0]
					m.run(t, must(gorgonia.Add(must(gorgonia.Square(y)), d)), read, in)
					near(t, "value", elements[float64](t, got), []float64{leaky(x, 0.2)})
					for _, dx := range gradOf[float64](t, in) {
						near(t, "gradient", []float64{dx}, []float64{2*leaky(x, 0.2)*gate(x, 1, 0.2) + gate(x, 2*x, 0.5)})
					}
				})
			}
		}
	}
}
