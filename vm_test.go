package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// The operators inside graphs, on every machine there is.

// A machine runs the graph of cost and of read, a Read statement in it, and
// leaves gradients in the nodes of wrt.
type machine struct {
	name string
	run  func(t *testing.T, cost, read *gorgonia.Node, wrt ...*gorgonia.Node)
}

var machines = []machine{
	{"tape", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		runTape(t, cost.Graph())
	}},
	{"tape with dual values", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		runTape(t, cost.Graph(), gorgonia.BindDualValues(wrt...))
	}},
	{"tape, traced", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		runTape(t, cost.Graph(), gorgonia.TraceExec())
	}},
	{"tape of a subgraph", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		roots := append(grad(t, cost, wrt...), cost)
		runTape(t, cost.Graph().SubgraphRoots(roots...))
	}},
	{"compiled function", func(t *testing.T, cost, read *gorgonia.Node, wrt ...*gorgonia.Node) {
		roots := append(grad(t, cost, wrt...), cost, read)
		g := cost.Graph()
		prog, locs, err := gorgonia.CompileFunction(g, g.Inputs(), roots)
		if err != nil {
			t.Fatal(err)
		}
		runTape(t, g, gorgonia.WithPrecompiled(prog, locs))
	}},
	{"tape, second run", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		grad(t, cost, wrt...)
		vm := gorgonia.NewTapeMachine(cost.Graph())
		defer vm.Close()
		runAll(t, vm)
		vm.Reset()
		runAll(t, vm)
	}},
	{"Lisp", func(t *testing.T, cost, _ *gorgonia.Node, _ ...*gorgonia.Node) {
		runLisp(t, cost.Graph())
	}},
	{"Lisp, second run", func(t *testing.T, cost, _ *gorgonia.Node, wrt ...*gorgonia.Node) {
		runLisp(t, cost.Graph())
		// The gradients of inputs add up over the runs until somebody zeroes them.
		for _, n := range wrt {
			d, err := n.Grad()
			if err != nil {
				t.Fatal(err)
			}
			gorgonia.ZeroValue(d)
		}
		runLisp(t, cost.Graph())
	}},
}

func grad(t *testing.T, cost *gorgonia.Node, wrt ...*gorgonia.Node) gorgonia.Nodes {
	t.Helper()
	ds, err := gorgonia.Grad(cost, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func runTape(t *testing.T, g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) {
	t.Helper()
	vm := gorgonia.NewTapeMachine(g, opts...)
	defer vm.Close()
	runAll(t, vm)
}

// runLisp takes a new machine, as every run on a Lisp machine does: its Reset
// goes to the end of the program. What a run leaves lies in the graph.
func runLisp(t *testing.T, g *gorgonia.ExprGraph) {
	t.Helper()
	vm := gorgonia.NewLispMachine(g)
	defer vm.Close()
	runAll(t, vm)
}

func runAll(t *testing.T, vm gorgonia.VM) {
	t.Helper()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// must passes a node on, or ends the test.
func must(t *testing.T) func(*gorgonia.Node, error) *gorgonia.Node {
	return func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// input is a node bound to a tensor, of the tensor's dtype and shape.
func input(g *gorgonia.ExprGraph, name string, v *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

func gradOf[T float](t *testing.T, n *gorgonia.Node) []T {
	t.Helper()
	d, err := n.Grad()
	if err != nil {
		t.Fatal(err)
	}
	return elements[T](t, d)
}

// TestSpecialValuesInGraphs compares values and gradients at the special
// values, bit for bit, for Σ c·LeakyReLU(x).
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
			// Adding to 0, as both machines may, makes 0 of -0.
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

// TestLayoutsInGraphs binds tensors in every layout to an input, which hold the
// special values too. The upstream gradient is that of another activation, since
// Gorgonia's operators are not right in every layout.
func TestLayoutsInGraphs(t *testing.T) {
	for _, m := range machines {
		if m.name == "tape with dual values" {
			continue // whose own addition of gradients panics for views
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

// TestGraphs runs graphs of one input x of shape (3, 4) that compute the same
// function of every element, and compares value and gradient with formulas.
func TestGraphs(t *testing.T) {
	for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
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
		df    func(x, dy float64) float64 // times the upstream gradient dy
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
			// Merged into one, the difference would be 0.
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
				op, err := leakyrelu.New(0.5, opts...)
				if err != nil {
					t.Fatal(err)
				}
				y := must(gorgonia.ApplyOp(op, must(gorgonia.Neg(must(gorgonia.ApplyOp(op, x))))))
				return y
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

// near allows for roundings in another order, no more.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-14*math.Abs(want[i])) {
			t.Errorf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// critic is a multilayer perceptron of three layers, 3 → 4 → 4 → 1, for a batch
// of 5, its weights w and its input x all in float64.
type critic struct{ w1, w2, w3, x []float64 }

const batch, in, hidden = 5, 3, 4

func newCritic(rng *rand.Rand) critic {
	return critic{random[float64](rng, in*hidden), random[float64](rng, hidden*hidden), random[float64](rng, hidden), random[float64](rng, batch*in)}
}

// nodes are the critic in a graph: its weights and input, its pre-activations
// and its output.
func (c critic) nodes(t *testing.T, g *gorgonia.ExprGraph, alpha float64) (w1, w2, w3, x, h1, h2, out *gorgonia.Node) {
	must := must(t)
	w1, w2, w3 = input(g, "w1", dense(c.w1, in, hidden)), input(g, "w2", dense(c.w2, hidden, hidden)), input(g, "w3", dense(c.w3, hidden, 1))
	x = input(g, "x", dense(c.x, batch, in))
	h1 = must(gorgonia.Mul(x, w1))
	h2 = must(gorgonia.Mul(must(leakyrelu.Apply(h1, alpha)), w2))
	out = must(gorgonia.Mul(must(leakyrelu.Apply(h2, alpha)), w3))
	return w1, w2, w3, x, h1, h2, out
}

// sample is what the critic makes of row i of its input, by the formulas: its
// output and the gradient of that with respect to the input. It also returns
// how far the nearest pre-activation is from the kink.
func (c critic) sample(i int, alpha float64) (out float64, dx []float64, margin float64) {
	margin = math.Inf(1)
	h1, h2 := make([]float64, hidden), make([]float64, hidden)
	for j := range hidden {
		for k := range in {
			h1[j] += c.x[i*in+k] * c.w1[k*hidden+j]
		}
		margin = min(margin, math.Abs(h1[j]))
	}
	d1, d2 := make([]float64, hidden), make([]float64, hidden)
	for j := range hidden {
		for k := range hidden {
			h2[j] += leaky(h1[k], alpha) * c.w2[k*hidden+j]
		}
		margin = min(margin, math.Abs(h2[j]))
		out += leaky(h2[j], alpha) * c.w3[j]
		d2[j] = gate(h2[j], c.w3[j], alpha)
	}
	dx = make([]float64, in)
	for j := range hidden {
		for k := range hidden {
			d1[j] += d2[k] * c.w2[j*hidden+k]
		}
		d1[j] = gate(h1[j], d1[j], alpha)
		for k := range in {
			dx[k] += d1[j] * c.w1[k*hidden+j]
		}
	}
	return out, dx, margin
}

// numericGradient differentiates loss with respect to all weights by central
// differences.
func (c critic) numericGradient(t *testing.T, alpha float64, loss func(out float64, dx []float64) float64) []float64 {
	t.Helper()
	for i := range batch {
		if _, _, margin := c.sample(i, alpha); margin < 1e-3 {
			t.Fatalf("a pre-activation is %v from the kink, choose another seed", margin)
		}
	}
	f := func(w []float64) float64 {
		c := critic{w[:in*hidden], w[in*hidden : in*hidden+hidden*hidden], w[in*hidden+hidden*hidden:], c.x}
		sum := 0.0
		for i := range batch {
			out, dx, _ := c.sample(i, alpha)
			sum += loss(out, dx)
		}
		return sum / batch
	}
	return fd.Gradient(nil, f, slices.Concat(c.w1, c.w2, c.w3), &fd.Settings{Formula: fd.Central, Step: 1e-6})
}

// close compares an analytic gradient with a numeric one.
func close(t *testing.T, got, want []float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-7*(1+math.Abs(want[i]))) {
			t.Errorf("weight %d: gradient %v, central difference %v", i, got[i], want[i])
		}
	}
}

func TestMLPGradients(t *testing.T) {
	for _, alpha := range slopes {
		c := newCritic(rand.New(rand.NewPCG(7, 8)))
		want := c.numericGradient(t, alpha, func(out float64, _ []float64) float64 { return out * out })
		for _, m := range machines {
			t.Run(name(m.name, "/alpha ", alpha), func(t *testing.T) {
				must := must(t)
				g := gorgonia.NewGraph()
				w1, w2, w3, _, _, _, out := c.nodes(t, g, alpha)
				loss := must(gorgonia.Mean(must(gorgonia.Square(out))))
				var got gorgonia.Value
				m.run(t, loss, gorgonia.Read(out, &got), w1, w2, w3)
				close(t, slices.Concat(gradOf[float64](t, w1), gradOf[float64](t, w2), gradOf[float64](t, w3)), want)
			})
		}
	}
}

// The penalties on the gradient of a critic: WGAN-GP's (arXiv:1704.00028) and
// the zero-centred R1 (arXiv:1801.04406).
var penalties = []struct {
	name  string
	loss  func(squaredNorm float64) float64
	build func(must func(*gorgonia.Node, error) *gorgonia.Node, squaredNorm *gorgonia.Node) *gorgonia.Node
}{
	{
		"WGAN-GP",
		func(s float64) float64 { return (math.Sqrt(s) - 1) * (math.Sqrt(s) - 1) },
		func(must func(*gorgonia.Node, error) *gorgonia.Node, s *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Square(must(gorgonia.Sub(must(gorgonia.Sqrt(s)), gorgonia.NewConstant(1.0)))))
		},
	},
	{
		"R1",
		func(s float64) float64 { return s },
		func(_ func(*gorgonia.Node, error) *gorgonia.Node, s *gorgonia.Node) *gorgonia.Node { return s },
	},
}

// TestGradientPenalties differentiates a penalty on a gradient that ApplyGrad
// writes down.
func TestGradientPenalties(t *testing.T) {
	for _, p := range penalties {
		for _, alpha := range slopes {
			c := newCritic(rand.New(rand.NewPCG(7, 8)))
			want := c.numericGradient(t, alpha, func(_ float64, dx []float64) float64 { return p.loss(squaredNorm(dx)) })
			for _, m := range machines {
				t.Run(name(p.name, "/", m.name, "/alpha ", alpha), func(t *testing.T) {
					must := must(t)
					g := gorgonia.NewGraph()
					w1, w2, w3, _, h1, h2, out := c.nodes(t, g, alpha)
					ones := input(g, "ones", tensor.Ones(tensor.Float64, batch, 1))
					d2 := must(leakyrelu.ApplyGrad(h2, must(gorgonia.Mul(ones, must(gorgonia.Transpose(w3)))), alpha))
					d1 := must(leakyrelu.ApplyGrad(h1, must(gorgonia.Mul(d2, must(gorgonia.Transpose(w2)))), alpha))
					dx := must(gorgonia.Mul(d1, must(gorgonia.Transpose(w1))))
					squares := must(gorgonia.Sum(must(gorgonia.Square(dx)), 1))
					loss := must(gorgonia.Mean(p.build(must, squares)))
					// The Lisp machine wants one root.
					loss = must(gorgonia.Add(loss, must(gorgonia.Mul(gorgonia.NewConstant(0.0), must(gorgonia.Sum(out))))))
					var got gorgonia.Value
					m.run(t, loss, gorgonia.Read(dx, &got), w1, w2, w3)

					var wantDx []float64
					for i := range batch {
						_, dx, _ := c.sample(i, alpha)
						wantDx = append(wantDx, dx...)
					}
					close(t, elements[float64](t, got), wantDx)
					close(t, slices.Concat(gradOf[float64](t, w1), gradOf[float64](t, w2), gradOf[float64](t, w3)), want)
				})
			}
		}
	}
}

// TestSecondGrad lets Gorgonia find both gradients: the first with respect to
// the input, the second with respect to the weights.
func TestSecondGrad(t *testing.T) {
	for _, p := range penalties {
		for _, alpha := range slopes {
			t.Run(name(p.name, "/alpha ", alpha), func(t *testing.T) {
				c := newCritic(rand.New(rand.NewPCG(7, 8)))
				want := c.numericGradient(t, alpha, func(_ float64, dx []float64) float64 { return p.loss(squaredNorm(dx)) })
				must := must(t)
				g := gorgonia.NewGraph()
				w1, w2, w3, x, _, _, out := c.nodes(t, g, alpha)
				dx := grad(t, must(gorgonia.Sum(out)), x)[0]
				squares := must(gorgonia.Sum(must(gorgonia.Square(dx)), 1))
				loss := must(gorgonia.Mean(p.build(must, squares)))
				ds := grad(t, loss, w1, w2, w3)
				runTape(t, g.SubgraphRoots(ds...))
				close(t, slices.Concat(elements[float64](t, ds[0].Value()), elements[float64](t, ds[1].Value()), elements[float64](t, ds[2].Value())), want)
			})
		}
	}
}

func squaredNorm(v []float64) float64 {
	sum := 0.0
	for _, e := range v {
		sum += e * e
	}
	return sum
}

// Gorgonia's reshape keeps the order of elements in memory, of column-major
// tensors too, and on the Lisp machine leaves their gradients in the shape of
// another node for the next run. (On the tape machine it takes the gradient of a
// column-major tensor for row-major, with any operator.)
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

// A gradient that somebody transposed is not of the shape of x, and its memory
// not in the order for a reshape.
func TestDoDiffOfTransposedGradient(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense(random[float64](rand.New(rand.NewPCG(21, 22)), 12), 3, 4))
	y := must(leakyrelu.Apply(x, 0.2))
	must(gorgonia.Sum(must(gorgonia.Square(y))))
	runLisp(t, g)
	v, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	d := v.(*tensor.Dense)
	if err := d.T(); err != nil {
		t.Fatal(err)
	}
	before := memory[float64](d)
	names(t, "DoDiff", y.Op().(*leakyrelu.Op).DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, y), "(4, 3)", "(3, 4)")
	sameBits(t, "gradient", memory[float64](d), before)
}

// Some of Gorgonia's operators free gradients that are still in the graph.
func TestDoDiffOfFreedGradient(t *testing.T) {
	g := gorgonia.NewGraph()
	x := input(g, "x", dense([]float64{1, -2}, 2))
	y := must(t)(leakyrelu.Apply(x, 0.2))
	must(t)(gorgonia.Sum(y))
	runLisp(t, g)
	d, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	tensor.ReturnTensor(d.(*tensor.Dense))
	names(t, "DoDiff", y.Op().(*leakyrelu.Op).DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, y), "toIncr", "without a dtype", "float64")
}

// Scalars, of either kind that Gorgonia has.
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

// TestNothingIsOverwritten runs a graph several times and looks at whatever the
// runs could have written over: inputs, reached through ops that share memory
// with them, and outputs kept from earlier runs.
func TestNothingIsOverwritten(t *testing.T) {
	for _, c := range []struct {
		name string
		path func(must func(node, error) node, x node) node

		differentiable bool // Gorgonia's Grad panics at an Iop
	}{
		{"the input itself", func(_ func(node, error) node, x node) node { return x }, true},
		{"Reshape", func(must func(node, error) node, x node) node {
			return must(gorgonia.Reshape(x, tensor.Shape{4, 3}))
		}, true},
		{"Slice", func(must func(node, error) node, x node) node {
			return must(gorgonia.Slice(x, gorgonia.S(0, 2)))
		}, true},
		{"Transpose", func(must func(node, error) node, x node) node { return must(gorgonia.Transpose(x)) }, true},
		{"Iop", func(must func(node, error) node, x node) node {
			return must(gorgonia.ApplyOp(gorgonia.Iop{}, x))
		}, false},
		{"Reshape of Iop", func(must func(node, error) node, x node) node {
			return must(gorgonia.Reshape(must(gorgonia.ApplyOp(gorgonia.Iop{}, x)), tensor.Shape{12}))
		}, false},
	} {
		for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
			t.Run(name(c.name, "/options ", len(opts)), func(t *testing.T) {
				must := must(t)
				rng := rand.New(rand.NewPCG(9, 10))
				xs := random[float64](rng, 12)
				xv := dense(xs, 3, 4)
				g := gorgonia.NewGraph()
				x := input(g, "x", xv)
				y := must(leakyrelu.Apply(c.path(must, x), 0.2, opts...))
				outputs := gorgonia.Nodes{y}
				if c.differentiable {
					outputs = append(outputs, grad(t, must(gorgonia.Sum(must(gorgonia.Square(y)))), x)...)
				}
				vm := gorgonia.NewTapeMachine(g)
				defer vm.Close()

				runAll(t, vm)
				var kept []gorgonia.Value
				var keptElements [][]float64
				for _, n := range outputs {
					kept = append(kept, n.Value())
					keptElements = append(keptElements, elements[float64](t, n.Value()))
				}
				sameBits(t, "input after the first run", memory[float64](xv), xs)

				for range 3 {
					vm.Reset()
					other := random[float64](rng, 12)
					otherV := dense(other, 3, 4)
					if err := gorgonia.Let(x, otherV); err != nil {
						t.Fatal(err)
					}
					runAll(t, vm)
					sameBits(t, "input of a later run", memory[float64](otherV), other)
				}
				sameBits(t, "input of the first run", memory[float64](xv), xs)
				for i := range kept {
					sameBits(t, name("output ", i, " kept from the first run"), elements[float64](t, kept[i]), keptElements[i])
				}
			})
		}
	}
}

// TestRecurrentState feeds the output of every step back as the state of the
// next, and keeps all of them.
func TestRecurrentState(t *testing.T) {
	for _, c := range []struct {
		name string
		path func(must func(node, error) node, h node) node
		f    func(h float64) float64
	}{
		{"Neg", func(must func(node, error) node, h node) node { return must(gorgonia.Neg(h)) },
			func(h float64) float64 { return -h }},
		// In place, without care, each step would overwrite the state it starts from.
		{"Reshape", func(must func(node, error) node, h node) node { return must(gorgonia.Reshape(h, tensor.Shape{4})) },
			func(h float64) float64 { return h }},
	} {
		t.Run(c.name+"/out of place", func(t *testing.T) { testRecurrentState(t, c.path, c.f) })
		t.Run(c.name+"/in place", func(t *testing.T) { testRecurrentState(t, c.path, c.f, leakyrelu.InPlace()) })
	}
}

func testRecurrentState(t *testing.T, path func(must func(node, error) node, h node) node, f func(h float64) float64, opts ...leakyrelu.Option) {
	must := must(t)
	g := gorgonia.NewGraph()
	start := []float64{1, -2, 3, -4}
	h := input(g, "h", dense(start, 4, 1))
	next := must(gorgonia.Reshape(must(leakyrelu.Apply(path(must, h), 0.5, opts...)), tensor.Shape{4, 1}))
	var out gorgonia.Value
	gorgonia.Read(next, &out)
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()

	want := [][]float64{start}
	states := []gorgonia.Value{h.Value()}
	for step := range 20 {
		vm.Reset()
		runAll(t, vm)
		states = append(states, next.Value())
		w := make([]float64, 4)
		for i, v := range want[step] {
			w[i] = leaky(f(v), 0.5)
		}
		want = append(want, w)
		sameBits(t, "what Read gives", elements[float64](t, out), w)
		if err := gorgonia.Let(h, next.Value()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range states {
		sameBits(t, name("state ", i), elements[float64](t, states[i]), want[i])
	}
}

// TestClonesAtOnce runs machines on clones of one graph, which share their op
// values, at the same time. The race detector watches.
func TestClonesAtOnce(t *testing.T) {
	must := must(t)
	xs := random[float64](rand.New(rand.NewPCG(11, 12)), 12)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense(xs, 3, 4))
	y := must(leakyrelu.Apply(must(gorgonia.Neg(must(leakyrelu.Apply(x, 0.2, leakyrelu.InPlace())))), 0.5, leakyrelu.InPlace()))
	dx := grad(t, must(gorgonia.Sum(y)), x)[0]
	want := make([]float64, 12)
	for i, x := range xs {
		want[i] = -gate(-leaky(x, 0.2), gate(x, 1, 0.2), 0.5)
	}

	var wg sync.WaitGroup
	for range 4 {
		clone := g.Clone().(*gorgonia.ExprGraph)
		var dxClone *gorgonia.Node
		for _, n := range clone.AllNodes() {
			if n.ID() == dx.ID() {
				dxClone = n
			}
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			vm := gorgonia.NewTapeMachine(clone)
			defer vm.Close()
			for range 50 {
				if err := vm.RunAll(); err != nil {
					t.Error(err)
					return
				}
				sameBits(t, "gradient", dxClone.Value().Data().([]float64), want)
				vm.Reset()
			}
		}()
	}
	wg.Wait()
}

// TestHeapHolds trains for 10,000 steps on each machine.
func TestHeapHolds(t *testing.T) {
	train := map[string]func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) (step func()){
		"tape": func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) func() {
			grad(t, loss, weights...)
			vm := gorgonia.NewTapeMachine(loss.Graph(), gorgonia.BindDualValues(weights...))
			return func() { runAll(t, vm); vm.Reset() }
		},
		"Lisp": func(t *testing.T, loss *gorgonia.Node, _ gorgonia.Nodes) func() {
			return func() { runLisp(t, loss.Graph()) }
		},
	}
	for name, machine := range train {
		t.Run(name, func(t *testing.T) {
			must := must(t)
			g := gorgonia.NewGraph()
			w1, w2, w3, _, _, _, out := newCritic(rand.New(rand.NewPCG(7, 8))).nodes(t, g, 0.2)
			loss := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(out, gorgonia.NewConstant(1.0)))))))
			weights := gorgonia.Nodes{w1, w2, w3}
			step := machine(t, loss, weights)
			solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(1e-3))
			steps := func(n int) {
				for range n {
					step()
					if err := solver.Step(gorgonia.NodesToValueGrads(weights)); err != nil {
						t.Fatal(err)
					}
				}
			}
			heap := func() uint64 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			steps(1000)
			before := heap()
			steps(10_000)
			if after := heap(); after > before+64<<10 {
				t.Errorf("the heap grew from %d to %d bytes in 10,000 steps", before, after)
			}
			if l := loss.Value().Data().(float64); !(l < 0.1) {
				t.Errorf("the loss is %v after training, want it near 0", l)
			}
		})
	}
}

// After a run on the Lisp machine everything that DoDiff works on is there.
func TestDoDiffAllocations(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense(make([]float32, 64), 8, 8))
	y := must(leakyrelu.Apply(x, 0.2))
	d := must(leakyrelu.ApplyGrad(x, y, 0.2))
	must(gorgonia.Sum(d))
	runLisp(t, g)
	for _, c := range []struct {
		output *gorgonia.Node
		inputs gorgonia.Nodes
	}{{y, gorgonia.Nodes{x}}, {d, gorgonia.Nodes{x, y}}} {
		op := c.output.Op().(*leakyrelu.Op)
		if n := testing.AllocsPerRun(100, func() {
			if err := op.DoDiff(gorgonia.ExecutionContext{}, c.inputs, c.output); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("DoDiff of %v: %v allocations, want none", op, n)
		}
	}
}

// TestNodeErrors gives what can't be a LeakyReLU's input.
func TestNodeErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	good := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("good"))
	var into gorgonia.Value
	for _, c := range []struct {
		name  string
		x     *gorgonia.Node
		alpha float64
		words []string
	}{
		{"nil", nil, 0.2, []string{"x is nil", "float32 or float64"}},
		{"no node", new(gorgonia.Node), 0.2, []string{"x", "type", "float32 or float64"}},
		{"int", gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(3), gorgonia.WithName("ints")), 0.2, []string{"x", "ints", "int", "float32 or float64"}},
		{"bool", gorgonia.NewScalar(g, tensor.Bool, gorgonia.WithName("yes")), 0.2, []string{"x", "yes", "bool", "float32 or float64"}},
		{"a statement", gorgonia.Read(good, &into), 0.2, []string{"x", "float32 or float64"}},
		{"no shape", gorgonia.NewTensor(g, tensor.Float64, 2, gorgonia.WithName("vague")), 0.2, []string{"x", "vague", "2 dimensions", "shape"}},
		{"no graph", gorgonia.NewConstant(1.0), 0.2, []string{"raph"}},
		{"NaN", good, math.NaN(), []string{"alpha", "NaN", "finite"}},
		{"Inf", good, math.Inf(1), []string{"alpha", "+Inf", "finite"}},
		{"-Inf", good, math.Inf(-1), []string{"alpha", "-Inf", "finite"}},
		{"beyond float32", good, 1e39, []string{"alpha", "1e+39", "float32"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := leakyrelu.Apply(c.x, c.alpha)
			names(t, "Apply", err, c.words...)
			_, err = leakyrelu.ApplyGrad(c.x, c.x, c.alpha)
			names(t, "ApplyGrad", err, c.words...)
			_, err = leakyrelu.Activation(c.alpha)(c.x)
			names(t, "Activation", err, c.words...)
		})
	}
	// Largest slope that float32 has room for.
	if _, err := leakyrelu.Apply(good, math.MaxFloat32); err != nil {
		t.Error(err)
	}
	if _, err := leakyrelu.Apply(gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("s")), 1e39); err != nil {
		t.Error(err)
	}
}

func TestApplyGradErrors(t *testing.T) {
	g, other := gorgonia.NewGraph(), gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	for _, c := range []struct {
		name  string
		dy    *gorgonia.Node
		words []string
	}{
		{"nil", nil, []string{"dy is nil"}},
		{"another shape", gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 2), gorgonia.WithName("a")), []string{"dy", "(3, 2)", "(2, 3)"}},
		{"another rank", gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(6), gorgonia.WithName("b")), []string{"dy", "(6)", "(2, 3)"}},
		{"another dtype", gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("c")), []string{"dy", "float64", "float32"}},
		{"another graph", gorgonia.NewMatrix(other, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("d")), []string{"graph"}},
	} {
		_, err := leakyrelu.ApplyGrad(x, c.dy, 0.2)
		names(t, c.name, err, c.words...)
	}
}

// Gorgonia calls these two itself; called by hand they still don't panic.
func TestDifferentiationErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	y := must(t)(leakyrelu.Apply(x, 0.2))
	op := y.Op().(*leakyrelu.Op)
	_, err := op.SymDiff(nil, y, x)
	names(t, "SymDiff of nothing", err, "0 inputs", "expected 1")
	_, err = op.SymDiff(gorgonia.Nodes{x}, y, nil)
	names(t, "SymDiff without gradient", err, "dy is nil")
	d := must(t)(leakyrelu.ApplyGrad(x, x, 0.2))
	if ds, err := d.Op().(*leakyrelu.Op).SymDiff(gorgonia.Nodes{x, x}, d, x); err != nil || len(ds) != 2 || ds[0] != nil || ds[1] == nil {
		t.Errorf("SymDiff of the gradient: %v, %v, want a node for dy alone", ds, err)
	}
	names(t, "DoDiff of nothing", op.DoDiff(gorgonia.ExecutionContext{}, nil, y), "0 inputs", "expected 1")
	names(t, "DoDiff of nil", op.DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{nil}, y), "nil node")
	names(t, "DoDiff before a run", op.DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, y), "radient")
}

// An int node passes gorgonia.ApplyOp, whose types are too wide for it, and is
// refused when it runs.
func TestApplyOpOfInts(t *testing.T) {
	g := gorgonia.NewGraph()
	x := input(g, "x", tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, -2})))
	if _, err := gorgonia.ApplyOp(newOp(t, 0.2), x); err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	names(t, "RunAll", vm.RunAll(), "x has dtype int", "float32 or float64")
}
