package leakyrelu_test

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// In these graphs, Gorgonia overwrites a value too early. If the result of an
// operator goes into a Set, the operator overwrites its input, even if a later
// node needs it. An operator also overwrites a dead view, although the tensor
// behind it is alive. The gradient has to read the sign of x from a value that
// is still right. If there is none, Grad has to return an error.

// A scene is a graph with h, the activation y of h, and a cost. The node h is
// made from x. The cost reads y, but its gradient does not. (After a Set,
// Gorgonia's own operators give wrong results if their gradient reads y.)
type scene struct {
	must       check
	x, c, h, y node
	cost       node
	want       []float64 // gradient of the cost with respect to x
}

// newScene makes h = negate(x).
func newScene(t *testing.T, alpha float64, negate func(must check, x node) node, opts ...leakyrelu.Option) *scene {
	rng := rand.New(rand.NewPCG(25, 26))
	xs, cs := random[float64](rng, 12), random[float64](rng, 12)
	g := gorgonia.NewGraph()
	s := &scene{must: must(t), x: input(g, "x", dense(xs, 3, 4)), c: input(g, "c", dense(cs, 3, 4))}
	s.h = negate(s.must, s.x)
	s.y = s.must(leakyrelu.Apply(s.h, alpha, opts...))
	s.cost = s.must(gorgonia.Sum(s.must(leakyrelu.ApplyGrad(s.c, s.y, 3))))
	for i := range xs {
		s.want = append(s.want, -gate(-xs[i], gate(cs[i], 1, 3), alpha))
	}
	return s
}

func negation(must check, x node) node { return must(gorgonia.Neg(x)) }

// set puts a value into a Set.
func (s *scene) set(value node) {
	shape := value.Shape()
	gorgonia.Set(input(s.x.Graph(), "state", dense(make([]float64, shape.TotalSize()), shape...)), value)
}

// Each of downstream builds a node from an activation, or its input, and a
// constant c.
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
	{"square of a reshape", func(must check, y, _ node) node {
		return must(gorgonia.Square(must(gorgonia.Reshape(y, tensor.Shape{12}))))
	}},
	{"square of a slice", func(must check, y, _ node) node {
		return must(gorgonia.Square(must(gorgonia.Slice(y, gorgonia.S(0, 2)))))
	}},
	{"second activation", func(must check, y, _ node) node { return must(leakyrelu.Apply(y, 0.5)) }},
	{"second activation in place", func(must check, y, _ node) node {
		return must(leakyrelu.Apply(y, 0.5, leakyrelu.InPlace()))
	}},
	{"the activation itself", func(_ check, y, _ node) node { return y }},
}

// A Set that follows the activation does not change the gradient.
func TestSet(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 2, -0.5} {
		for _, opts := range inAndOutOfPlace {
			for _, d := range downstream {
				for _, m := range machines {
					if m.name == "compiled function" || m.name == "tape of a subgraph" {
						continue // Gorgonia omits the target of the Set and panics
					}
					t.Run(name(d.name, "/alpha ", alpha, "/in place ", opts != nil, "/", m.name), func(t *testing.T) {
						s := newScene(t, alpha, negation, opts...)
						s.set(d.build(s.must, s.y, s.c))
						m.run(t, s.cost, nil, s.x)
						near(t, "gradient", gradOf[float64](t, s.x), s.want)
					})
				}
			}
		}
	}
}

// If a Set overwrites the input of the activation, the gradient reads the sign
// from the activation. With a negative alpha, the activation does not have that
// sign, so Grad returns an error.
func TestSetOfPreactivation(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 2, -0.5} {
		for _, opts := range inAndOutOfPlace {
			for _, d := range downstream[:3] {
				t.Run(name(d.name, "/alpha ", alpha, "/in place ", opts != nil), func(t *testing.T) {
					s := newScene(t, alpha, negation, opts...)
					s.set(d.build(s.must, s.h, s.c))
					s.run(t, alpha)
				})
			}
		}
	}
}

// run differentiates and runs a graph in which a node overwrites the input of
// the activation.
func (s *scene) run(t *testing.T, alpha float64) {
	t.Helper()
	if alpha < 0 {
		_, err := gorgonia.Grad(s.cost, s.x)
		names(t, "Grad", err, "overwrites", s.h.Name(), "alpha 1")
		return
	}
	grad(t, s.cost, s.x)
	runTape(t, s.x.Graph())
	near(t, "gradient", gradOf[float64](t, s.x), s.want)
}

// The input of the activation is a view. What overwrites the tensor behind it
// overwrites the view, because the allocator does not count the readers of the
// view.
func TestPreactivationIsView(t *testing.T) {
	for _, alpha := range []float64{0.2, -0.5} {
		var behind node
		s := newScene(t, alpha, func(must check, x node) node {
			behind = negation(must, x)
			return must(gorgonia.Reshape(must(gorgonia.Reshape(behind, tensor.Shape{12})), tensor.Shape{3, 4}))
		})
		gorgonia.Read(s.must(gorgonia.Add(behind, s.c)), new(gorgonia.Value))
		s.run(t, alpha)
	}
}

// Gorgonia merges two nodes that compute the same, and does not count the
// readers of one of them. So it overwrites their register too early.
func TestMergedPreactivation(t *testing.T) {
	for _, alpha := range []float64{0.2, -0.5} {
		var first node
		s := newScene(t, alpha, func(must check, x node) node {
			first = negation(must, x)
			return must(gorgonia.ApplyOp(renumbered{first.Op().(gorgonia.SDOp)}, x))
		})
		gorgonia.Read(s.must(gorgonia.Add(first, s.c)), new(gorgonia.Value)) // overwrites both
		s.run(t, alpha)
	}
}

// Gorgonia runs the nodes of a graph in the order in which they were made. So
// nodes made after Grad run after the gradient. They may overwrite the
// activation or its input, with a Set or with arithmetic on a view.
func TestNodesMadeAfterGrad(t *testing.T) {
	for _, opts := range inAndOutOfPlace {
		for _, of := range []string{"the activation", "its input"} {
			for _, d := range downstream {
				t.Run(name("in place ", opts != nil, "/", d.name, " of ", of), func(t *testing.T) {
					s := newScene(t, 0.2, negation, opts...)
					grad(t, s.cost, s.x)
					n := s.y
					if of == "its input" {
						n = s.h
					}
					s.set(d.build(s.must, n, s.c))
					runTape(t, s.x.Graph())
					near(t, "gradient", gradOf[float64](t, s.x), s.want)
				})
			}
		}
	}
}

// The allocator does not let an operator overwrite an input of the graph. So
// the gradient can read the sign from a view of it.
func TestViewOfInput(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense([]float64{1, -2, 3, -4}, 2, 2))
	y := must(leakyrelu.Apply(must(gorgonia.Reshape(x, tensor.Shape{4})), -0.5))
	gorgonia.Read(must(gorgonia.Add(x, x)), new(gorgonia.Value))
	grad(t, must(gorgonia.Sum(y)), x)
	runTape(t, g)
	near(t, "gradient", gradOf[float64](t, x), []float64{1, -0.5, 1, -0.5})
}
