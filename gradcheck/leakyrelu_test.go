package gradcheck_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

var slopes = []float64{0.01, 0.2, 1, 2, -0.5, 0}

// single is d in float32.
func single(d *tensor.Dense) *tensor.Dense {
	data := make([]float32, d.Size())
	for i, x := range d.Float64s() {
		data[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(d.Shape()...), tensor.WithBacking(data))
}

// Both operators pass, at both orders, on both machines.
func TestLeakyReLU(t *testing.T) {
	awayFromKink := func(h float64) gradcheck.Option {
		return gradcheck.Exclude(func(input int, x float64) bool { return input == 0 && math.Abs(x) < 2*h })
	}
	for _, alpha := range slopes {
		for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
			for name, f := range map[string]gradcheck.Func{
				"Apply": unary(func(x node) (node, error) { return leakyrelu.Apply(x, alpha, opts...) }),
				"Apply to an intermediate": unary(func(x node) (node, error) {
					y, err := gorgonia.Neg(x)
					if err != nil {
						return nil, err
					}
					if y, err = leakyrelu.Apply(y, alpha, opts...); err != nil {
						return nil, err
					}
					return gorgonia.Sin(y)
				}),
				"Apply twice": unary(func(x node) (node, error) {
					y, err := leakyrelu.Apply(x, alpha, opts...)
					if err != nil {
						return nil, err
					}
					return leakyrelu.Apply(y, alpha, opts...)
				}),
				"Apply times x": unary(func(x node) (node, error) {
					y, err := leakyrelu.Apply(x, alpha, opts...)
					if err != nil {
						return nil, err
					}
					return gorgonia.HadamardProd(x, y)
				}),
				"ApplyGrad": binary(func(x, dy node) (node, error) { return leakyrelu.ApplyGrad(x, dy, alpha, opts...) }),
			} {
				for _, shape := range []tensor.Shape{{7}, {2, 3}, {2, 1, 2, 2}} {
					t.Run(fmt.Sprintf("%s/%v/in place %t/%v", name, alpha, opts != nil, shape), func(t *testing.T) {
						x, dy := dense(0.4, shape...), dense(1.7, shape...)
						double, float := []*tensor.Dense{x, dy}, []*tensor.Dense{single(x), single(dy)}
						if name != "ApplyGrad" {
							double, float = double[:1], float[:1]
						}
						for _, check := range []func(gradcheck.Func, []*tensor.Dense, ...gradcheck.Option) error{gradcheck.Check, gradcheck.CheckSecond} {
							if err := check(f, double, awayFromKink(1e-6)); err != nil {
								t.Errorf("float64: %v", err)
							}
							if err := check(f, float, awayFromKink(5e-3)); err != nil {
								t.Errorf("float32: %v", err)
							}
						}
					})
				}
			}
		}
	}
}

// must panics with an error, which gradcheck returns as one.
var must = gorgonia.Must

// A critic is a network of three layers with one output per row of its input.
type critic struct {
	w     [3]node
	alpha float64
	opts  []leakyrelu.Option
}

// score returns D(x) and the pre-activations.
func (d critic) score(x node) (score, h1, h2 node) {
	h1 = must(gorgonia.Mul(x, d.w[0]))
	h2 = must(gorgonia.Mul(must(leakyrelu.Apply(h1, d.alpha, d.opts...)), d.w[1]))
	return must(gorgonia.Mul(must(leakyrelu.Apply(h2, d.alpha, d.opts...)), d.w[2])), h1, h2
}

// slope returns ∂ΣD(x)/∂x, a row for each row of x, as nodes made with the
// gradient operator.
func (d critic) slope(x node) node {
	score, h1, h2 := d.score(x)
	ones := gorgonia.NewConstant(tensor.Ones(tensor.Float64, score.Shape()...))
	back := func(dy node, i int) node { return must(gorgonia.Mul(dy, must(gorgonia.Transpose(d.w[i])))) }
	dh2 := must(leakyrelu.ApplyGrad(h2, back(ones, 2), d.alpha, d.opts...))
	dh1 := must(leakyrelu.ApplyGrad(h1, back(dh2, 1), d.alpha, d.opts...))
	return back(dh1, 0)
}

// gradSlope returns the same by differentiation.
func (d critic) gradSlope(x node) node {
	score, _, _ := d.score(x)
	grads, err := gorgonia.Grad(must(gorgonia.Sum(score)), x)
	if err != nil {
		panic(err)
	}
	return grads[0]
}

// wganGP is the critic's loss of WGAN-GP (arXiv:1704.00028) with λ = 10:
// mean D(fake) − mean D(real) + λ·mean(‖∇D(x̂)‖ − 1)².
func wganGP(d critic, slope func(node) node, real, fake, between node) node {
	realScore, _, _ := d.score(real)
	fakeScore, _, _ := d.score(fake)
	distance := must(gorgonia.Sub(must(gorgonia.Mean(fakeScore)), must(gorgonia.Mean(realScore))))
	norm := must(gorgonia.Norm(slope(between), 1, 2))
	excess := must(gorgonia.Square(must(gorgonia.Sub(norm, constant(1)))))
	return must(gorgonia.Add(distance, must(gorgonia.Mul(constant(10), must(gorgonia.Mean(excess))))))
}

// zeroCentred is a relativistic loss with a zero-centred penalty
// (arXiv:2501.05441): mean softplus(D(fake) − D(real)) + mean ‖∇D(real)‖².
func zeroCentred(d critic, slope func(node) node, real, fake, _ node) node {
	realScore, _, _ := d.score(real)
	fakeScore, _, _ := d.score(fake)
	loss := must(gorgonia.Mean(must(gorgonia.Softplus(must(gorgonia.Sub(fakeScore, realScore))))))
	return must(gorgonia.Add(loss, must(gorgonia.Mean(must(gorgonia.Sum(must(gorgonia.Square(slope(real))), 1))))))
}

// Losses with gradient penalties are right in all weights and all data, end to
// end: with the gradient written as nodes on both machines, and with one that
// Gorgonia takes on the tape machine.
func TestPenalties(t *testing.T) {
	inputs := []*tensor.Dense{
		dense(0.1, 4, 2), dense(0.9, 4, 2), dense(1.7, 4, 2), // real, fake, between (or how far)
		dense(2.5, 2, 5), dense(3.3, 5, 4), dense(4.1, 4, 1), // weights
	}
	for lossName, loss := range map[string]func(d critic, slope func(node) node, real, fake, between node) node{
		"WGAN-GP": wganGP, "zero-centred": zeroCentred,
	} {
		for _, alpha := range slopes {
			for _, opts := range [][]leakyrelu.Option{nil, {leakyrelu.InPlace()}} {
				t.Run(fmt.Sprintf("%s/%v/in place %t", lossName, alpha, opts != nil), func(t *testing.T) {
					d := critic{alpha: alpha, opts: opts}
					written := func(in ...node) (node, error) {
						copy(d.w[:], in[3:])
						step := must(gorgonia.HadamardProd(in[2], must(gorgonia.Sub(in[1], in[0]))))
						between := must(gorgonia.Add(in[0], step))
						return loss(d, d.slope, in[0], in[1], between), nil
					}
					// Grad takes inputs only.
					taken := func(in ...node) (node, error) {
						copy(d.w[:], in[3:])
						return loss(d, d.gradSlope, in[0], in[1], in[2]), nil
					}
					if err := gradcheck.Check(written, inputs); err != nil {
						t.Errorf("written as nodes: %v", err)
					}
					if err := gradcheck.Check(taken, inputs, gradcheck.Machines(gradcheck.Tape)); err != nil {
						t.Errorf("taken with Grad: %v", err)
					}
				})
			}
		}
	}
}

// The gradient of the critic's gradient is right in its input, its weights and
// the upstream gradient.
func TestCriticSecondOrder(t *testing.T) {
	inputs := []*tensor.Dense{dense(0.1, 4, 2), dense(2.5, 2, 5), dense(3.3, 5, 4), dense(4.1, 4, 1)}
	for _, alpha := range slopes {
		f := func(in ...node) (node, error) {
			d := critic{alpha: alpha}
			copy(d.w[:], in[1:])
			score, _, _ := d.score(in[0])
			return score, nil
		}
		if err := gradcheck.CheckSecond(f, inputs); err != nil {
			t.Errorf("α = %v: %v", alpha, err)
		}
	}
}
