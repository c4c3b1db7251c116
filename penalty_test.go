package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// critic is a multilayer perceptron of three layers, 3 → 4 → 4 → 1, in float64,
// with the weights w1, w2 and w3. Its input x is a batch of 5.
type critic struct{ w1, w2, w3, x []float64 }

const batch, in, hidden = 5, 3, 4

func newCritic(rng *rand.Rand) critic {
	return critic{random[float64](rng, in*hidden), random[float64](rng, hidden*hidden), random[float64](rng, hidden), random[float64](rng, batch*in)}
}

// nodes puts the critic into a graph. It returns the weights, the input, the
// pre-activations and the output.
func (c critic) nodes(t *testing.T, g *gorgonia.ExprGraph, alpha float64) (w1, w2, w3, x, h1, h2, out *gorgonia.Node) {
	must := must(t)
	w1, w2, w3 = input(g, "w1", dense(c.w1, in, hidden)), input(g, "w2", dense(c.w2, hidden, hidden)), input(g, "w3", dense(c.w3, hidden, 1))
	x = input(g, "x", dense(c.x, batch, in))
	h1 = must(gorgonia.Mul(x, w1))
	h2 = must(gorgonia.Mul(must(leakyrelu.Apply(h1, alpha)), w2))
	out = must(gorgonia.Mul(must(leakyrelu.Apply(h2, alpha)), w3))
	return w1, w2, w3, x, h1, h2, out
}

// sample evaluates the formulas for row i of x. It returns the output, the
// gradient of the output with respect to that row, and the distance of the
// nearest pre-activation from the kink.
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

// TestGradientPenalties differentiates a penalty whose gradient is written as
// nodes, with ApplyGrad.
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
					// The Lisp machine needs a graph with one root.
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

// TestSecondGrad calls gorgonia.Grad twice: first with respect to the input,
// then with respect to the weights.
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
