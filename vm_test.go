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

// TestGraphs runs graphs of one input x of shape (3, 4) that compute the same
// function of every element, and compares value and gradient with formulas.
func TestGraphs(t *testing.T) {
	type node = *gorgonia.Node
	apply := leakyrelu.Apply
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
				op := newOp(t, 0.5)
				y := must(gorgonia.ApplyOp(op, must(gorgonia.Neg(must(gorgonia.ApplyOp(op, x))))))
				return y
			},
			func(x float64) float64 { return leaky(-leaky(x, 0.5), 0.5) },
			func(x, dy float64) float64 { return -gate(-leaky(x, 0.5), 1, 0.5) * gate(x, dy, 0.5) },
		}, {
			"the gradient op",
			func(must func(node, error) node, x node) node {
				return must(leakyrelu.ApplyGrad(x, must(gorgonia.Square(x)), 0.2))
			},
			func(x float64) float64 { return gate(x, x*x, 0.2) },
			func(x, dy float64) float64 { return gate(x, 2*x*dy, 0.2) },
		}, {
			"the gradient op of the gradient op",
			func(must func(node, error) node, x node) node {
				return must(leakyrelu.ApplyGrad(x, must(leakyrelu.ApplyGrad(x, must(gorgonia.Square(x)), 0.2)), 0.2))
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

var _ = runtime.GC
var _ sync.Mutex
