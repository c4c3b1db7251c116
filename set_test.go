package leakyrelu_test

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// Set, Gorgonia's assignment. An operator whose result is in a Set overwrites
// its input even if that is needed later. So Set is the place where a gradient
// may find something else than what it reads the sign from.

// downstream are graphs of an activation y and a constant c. The result of each
// goes into a Set.
var downstream = []struct {
	name  string
	build func(must check, y, c node) node
}{
	{"sum", func(must check, y, c node) node { return must(gorgonia.Add(y, c)) }},
	{"difference", func(must check, y, c node) node { return must(gorgonia.Sub(y, c)) }},
	{"product", func(must check, y, c node) node { return must(gorgonia.HadamardProd(y, c)) }},
	{"negation", func(must check, y, _ node) node { return must(gorgonia.Neg(y)) }},
	{"two steps", func(must check, y, c node) node {
		return must(gorgonia.HadamardProd(must(gorgonia.Add(y, c)), c))
	}},
	{"reduction", func(must check, y, _ node) node { return must(gorgonia.Sum(y)) }},
	{"transpose", func(must check, y, _ node) node { return must(gorgonia.Transpose(y)) }},
	{"second activation", func(must check, y, _ node) node { return must(leakyrelu.Apply(y, 0.5)) }},
	{"second activation in place", func(must check, y, _ node) node {
		return must(leakyrelu.Apply(y, 0.5, leakyrelu.InPlace()))
	}},
	{"the activation itself", func(_ check, y, _ node) node { return y }},
}

// With a Set downstream of the activation or of its input, value and gradient
// are the ones without.
func TestSet(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 2, -0.5} {
		for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
			for _, d := range downstream {
				for _, m := range machines {
					if m.name == "compiled function" || m.name == "tape of a subgraph" {
						continue // Gorgonia leaves the target of the Set out, and panics
					}
					t.Run(name(d.name, "/alpha ", alpha, "/in place ", opts != nil, "/", m.name), func(t *testing.T) {
						rng := rand.New(rand.NewPCG(25, 26))
						xs, cs := random[float64](rng, 12), random[float64](rng, 12)
						must := must(t)
						g := gorgonia.NewGraph()
						x, c := input(g, "x", dense(xs, 3, 4)), input(g, "c", dense(cs, 3, 4))
						h := must(gorgonia.Neg(x))
						y := must(leakyrelu.Apply(h, alpha, opts...))
						// This reads y before the Set, and does not read it for its gradient:
						// for that, Gorgonia's own operators are wrong.
						cost := must(gorgonia.Sum(must(leakyrelu.ApplyGrad(c, y, 3))))
						value := d.build(must, y, c)
						state := input(g, "state", dense(make([]float64, value.Shape().TotalSize()), value.Shape()...))
						gorgonia.Set(state, value)
						m.run(t, cost, nil, x)

						want := make([]float64, 12)
						for i := range want {
							want[i] = -gate(-xs[i], gate(cs[i], 1, 3), alpha)
						}
						near(t, "gradient", gradOf[float64](t, x), want)
					})
				}
			}
		}
	}
}

// With a Set downstream of the input of the activation, the gradient reads the
// sign from the activation. A negative alpha loses the sign there, so that Grad
// returns an error.
func TestSetOfPreactivation(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 2, -0.5} {
		for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
			for _, d := range downstream[:3] {
				t.Run(name(d.name, "/alpha ", alpha, "/in place ", opts != nil), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(27, 28))
					xs, cs := random[float64](rng, 12), random[float64](rng, 12)
					must := must(t)
					g := gorgonia.NewGraph()
					x, c := input(g, "x", dense(xs, 3, 4)), input(g, "c", dense(cs, 3, 4))
					h := must(gorgonia.Neg(x))
					cost := must(gorgonia.Sum(must(leakyrelu.ApplyGrad(c, must(leakyrelu.Apply(h, alpha, opts...)), 3))))
					gorgonia.Set(input(g, "state", dense(make([]float64, 12), 3, 4)), d.build(must, h, c))
					if alpha < 0 {
						_, err := gorgonia.Grad(cost, x)
						names(t, "Grad", err, "overwrites", h.Name(), "alpha 1")
						return
					}
					grad(t, cost, x)
					runTape(t, g)
					want := make([]float64, 12)
					for i := range want {
						want[i] = -gate(-xs[i], gate(cs[i], 1, 3), alpha)
					}
					near(t, "gradient", gradOf[float64](t, x), want)
				})
			}
		}
	}
}

// What comes after Grad runs after the gradient: Gorgonia runs the nodes of a
// graph in the order in which they were made. So a Set may also come then, and
// arithmetic on a view of the activation or of its input.
func TestAfterGrad(t *testing.T) {
	builds := downstream
	for _, square := range []func(node, ...tensor.Slice) (node, error){
		func(n node, _ ...tensor.Slice) (node, error) { return gorgonia.Reshape(n, tensor.Shape{12}) },
		gorgonia.Slice,
	} {
		builds = append(builds, struct {
			name  string
			build func(must check, y, c node) node
		}{"square of a view", func(must check, y, _ node) node {
			return must(gorgonia.Square(must(square(y, gorgonia.S(0, 2)))))
		}})
	}
	for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
		for _, of := range []string{"the activation", "its input"} {
			for _, d := range builds {
				t.Run(name("in place ", opts != nil, "/", d.name, " of ", of), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(29, 30))
					xs, cs := random[float64](rng, 12), random[float64](rng, 12)
					must := must(t)
					g := gorgonia.NewGraph()
					x, c := input(g, "x", dense(xs, 3, 4)), input(g, "c", dense(cs, 3, 4))
					h := must(gorgonia.Neg(x))
					y := must(leakyrelu.Apply(h, 0.2, opts...))
					grad(t, must(gorgonia.Sum(must(leakyrelu.ApplyGrad(c, y, 3)))), x)
					n := y
					if of == "its input" {
						n = h
					}
					value := d.build(must, n, c)
					gorgonia.Set(input(g, "state", dense(make([]float64, value.Shape().TotalSize()), value.Shape()...)), value)
					runTape(t, g)
					want := make([]float64, 12)
					for i := range want {
						want[i] = -gate(-xs[i], gate(cs[i], 1, 3), 0.2)
					}
					near(t, "gradient", gradOf[float64](t, x), want)
				})
			}
		}
	}
}

// Gorgonia merges two nodes that compute the same, and overlooks the readers of
// one of them: their register is overwritten too early. The gradient then reads
// the sign from the activation.
func TestMergedPreactivation(t *testing.T) {
	for _, alpha := range []float64{0.2, -0.5} {
		rng := rand.New(rand.NewPCG(43, 44))
		xs, cs := random[float64](rng, 12), random[float64](rng, 12)
		must := must(t)
		g := gorgonia.NewGraph()
		x, c := input(g, "x", dense(xs, 3, 4)), input(g, "c", dense(cs, 3, 4))
		h := must(gorgonia.Neg(x))
		twin := must(gorgonia.ApplyOp(renumbered{h.Op().(gorgonia.SDOp)}, x))
		y := must(leakyrelu.Apply(twin, alpha))
		cost := must(gorgonia.Sum(must(leakyrelu.ApplyGrad(c, y, 3))))
		gorgonia.Read(must(gorgonia.Add(h, c)), new(gorgonia.Value)) // overwrites h
		if alpha < 0 {
			_, err := gorgonia.Grad(cost, x)
			names(t, "Grad", err, "overwrites", twin.Name(), "alpha 1")
			continue
		}
		grad(t, cost, x)
		runTape(t, g)
		want := make([]float64, 12)
		for i := range want {
			want[i] = -gate(-xs[i], gate(cs[i], 1, 3), alpha)
		}
		near(t, "gradient", gradOf[float64](t, x), want)
	}
}

// The allocator never overwrites an input of the graph, so that a view of it is
// safe to read.
func TestViewOfInput(t *testing.T) {
	rng := rand.New(rand.NewPCG(45, 46))
	xs, cs := random[float64](rng, 12), random[float64](rng, 12)
	must := must(t)
	g := gorgonia.NewGraph()
	x, c := input(g, "x", dense(xs, 3, 4)), input(g, "c", dense(cs, 12))
	y := must(leakyrelu.Apply(must(gorgonia.Reshape(x, tensor.Shape{12})), -0.5))
	cost := must(gorgonia.Sum(must(leakyrelu.ApplyGrad(c, y, 3))))
	gorgonia.Read(must(gorgonia.Neg(x)), new(gorgonia.Value))
	grad(t, cost, x)
	runTape(t, g)
	want := make([]float64, 12)
	for i := range want {
		want[i] = gate(xs[i], gate(cs[i], 1, 3), -0.5)
	}
	near(t, "gradient", gradOf[float64](t, x), want)
}
