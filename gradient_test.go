package leakyrelu_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

var gradientSlopes = []float64{0.01, 0.2, 1, 2, -0.5, 0}

// waves returns a float64 tensor of numbers between −1.5 and 1.5.
func waves(phase float64, shape ...int) *tensor.Dense {
	data := make([]float64, tensor.Shape(shape).TotalSize())
	for i := range data {
		data[i] = 1.5 * math.Sin(2.3*float64(i)+phase)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// inFloat32 returns d converted to float32.
func inFloat32(d *tensor.Dense) *tensor.Dense {
	data := make([]float32, d.Size())
	for i, x := range d.Float64s() {
		data[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(d.Shape()...), tensor.WithBacking(data))
}

// orPanic panics if there is an error. gradcheck recovers the panic and returns
// it as an error.
var orPanic = gorgonia.Must

// LeakyReLU and its gradient operator pass gradcheck at first and second order,
// on both machines.
func TestGradcheck(t *testing.T) {
	awayFromKink := func(h float64) gradcheck.Option {
		return gradcheck.Exclude(func(input int, x float64) bool { return input == 0 && math.Abs(x) < 2*h })
	}
	for _, alpha := range gradientSlopes {
		for _, opts := range inAndOutOfPlace {
			for name, f := range map[string]gradcheck.Func{
				"Apply": func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
					return leakyrelu.Apply(in[0], alpha, opts...)
				},
				"Apply to an intermediate": func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
					return gorgonia.Sin(orPanic(leakyrelu.Apply(orPanic(gorgonia.Neg(in[0])), alpha, opts...)))
				},
				"Apply twice": func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
					return leakyrelu.Apply(orPanic(leakyrelu.Apply(in[0], alpha, opts...)), alpha, opts...)
				},
				"Apply times x": func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
					return gorgonia.HadamardProd(in[0], orPanic(leakyrelu.Apply(in[0], alpha, opts...)))
				},
				"ApplyGrad": func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
					return leakyrelu.ApplyGrad(in[0], in[1], alpha, opts...)
				},
			} {
				for _, shape := range []tensor.Shape{{7}, {2, 3}, {2, 1, 2, 2}} {
					t.Run(fmt.Sprintf("%s/%v/in place %t/%v", name, alpha, opts != nil, shape), func(t *testing.T) {
						x, dy := waves(0.4, shape...), waves(1.7, shape...)
						double, float := []*tensor.Dense{x, dy}, []*tensor.Dense{inFloat32(x), inFloat32(dy)}
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

// A threeLayers is a network of three layers with one output per row of its input.
type threeLayers struct {
	w     [3]*gorgonia.Node
	alpha float64
	opts  []leakyrelu.Option
}

// score returns D(x) and the pre-activations.
func (d threeLayers) score(x *gorgonia.Node) (score, h1, h2 *gorgonia.Node) {
	h1 = orPanic(gorgonia.Mul(x, d.w[0]))
	h2 = orPanic(gorgonia.Mul(orPanic(leakyrelu.Apply(h1, d.alpha, d.opts...)), d.w[1]))
	return orPanic(gorgonia.Mul(orPanic(leakyrelu.Apply(h2, d.alpha, d.opts...)), d.w[2])), h1, h2
}

// slope returns ∂ΣD(x)/∂x, with one row for each row of x. It builds the
// gradient as nodes, with ApplyGrad.
func (d threeLayers) slope(x *gorgonia.Node) *gorgonia.Node {
	score, h1, h2 := d.score(x)
	ones := gorgonia.NewConstant(tensor.Ones(tensor.Float64, score.Shape()...))
	back := func(dy *gorgonia.Node, i int) *gorgonia.Node {
		return orPanic(gorgonia.Mul(dy, orPanic(gorgonia.Transpose(d.w[i]))))
	}
	dh2 := orPanic(leakyrelu.ApplyGrad(h2, back(ones, 2), d.alpha, d.opts...))
	dh1 := orPanic(leakyrelu.ApplyGrad(h1, back(dh2, 1), d.alpha, d.opts...))
	return back(dh1, 0)
}

// gradSlope returns the same, but calls gorgonia.Grad.
func (d threeLayers) gradSlope(x *gorgonia.Node) *gorgonia.Node {
	score, _, _ := d.score(x)
	grads, err := gorgonia.Grad(orPanic(gorgonia.Sum(score)), x)
	if err != nil {
		panic(err)
	}
	return grads[0]
}

// wganGP is the critic's loss of WGAN-GP (arXiv:1704.00028) with λ = 10:
// mean D(fake) − mean D(real) + λ·mean(‖∇D(x̂)‖ − 1)².
func wganGP(d threeLayers, slope func(*gorgonia.Node) *gorgonia.Node, real, fake, between *gorgonia.Node) *gorgonia.Node {
	realScore, _, _ := d.score(real)
	fakeScore, _, _ := d.score(fake)
	distance := orPanic(gorgonia.Sub(orPanic(gorgonia.Mean(fakeScore)), orPanic(gorgonia.Mean(realScore))))
	norm := orPanic(gorgonia.Norm(slope(between), 1, 2))
	excess := orPanic(gorgonia.Square(orPanic(gorgonia.Sub(norm, gorgonia.NewConstant(1.0)))))
	return orPanic(gorgonia.Add(distance, orPanic(gorgonia.Mul(gorgonia.NewConstant(10.0), orPanic(gorgonia.Mean(excess))))))
}

// zeroCentred is a relativistic loss with a zero-centred penalty
// (arXiv:2501.05441): mean softplus(D(fake) − D(real)) + mean ‖∇D(real)‖².
func zeroCentred(d threeLayers, slope func(*gorgonia.Node) *gorgonia.Node, real, fake, _ *gorgonia.Node) *gorgonia.Node {
	realScore, _, _ := d.score(real)
	fakeScore, _, _ := d.score(fake)
	loss := orPanic(gorgonia.Mean(orPanic(gorgonia.Softplus(orPanic(gorgonia.Sub(fakeScore, realScore))))))
	return orPanic(gorgonia.Add(loss, orPanic(gorgonia.Mean(orPanic(gorgonia.Sum(orPanic(gorgonia.Square(slope(real))), 1))))))
}

// The losses contain a gradient penalty. If the penalty's gradient is written
// as nodes, the gradients of the loss are right for all weights and all data.
// If gorgonia.Grad makes the penalty's gradient, they are right for the weights
// only, and only if the penalty has an input node of its own. They are wrong if
// the penalty uses the input node that the rest of the loss uses.
func TestGradcheckPenalties(t *testing.T) {
	inputs := []*tensor.Dense{
		waves(0.1, 4, 2), waves(0.9, 4, 2), waves(1.7, 4, 2), // real, fake, and between (written: how far between)
		waves(2.5, 2, 5), waves(3.3, 5, 4), waves(4.1, 4, 1), // weights
	}
	for lossName, loss := range map[string]func(d threeLayers, slope func(*gorgonia.Node) *gorgonia.Node, real, fake, between *gorgonia.Node) *gorgonia.Node{
		"WGAN-GP": wganGP, "zero-centred": zeroCentred,
	} {
		penalisedAtTheData := lossName == "zero-centred"
		for _, alpha := range gradientSlopes {
			for _, opts := range inAndOutOfPlace {
				t.Run(fmt.Sprintf("%s/%v/in place %t", lossName, alpha, opts != nil), func(t *testing.T) {
					d := threeLayers{alpha: alpha, opts: opts}
					written := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
						copy(d.w[:], in[3:])
						step := orPanic(gorgonia.HadamardProd(in[2], orPanic(gorgonia.Sub(in[1], in[0]))))
						between := orPanic(gorgonia.Add(in[0], step))
						return loss(d, d.slope, in[0], in[1], between), nil
					}
					if err := gradcheck.Check(written, inputs); err != nil {
						t.Errorf("the penalty's gradient written as nodes: %v", err)
					}
					// Grad differentiates with respect to input nodes only, so between is an input.
					taken := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
						copy(d.w[:], in[3:])
						return loss(d, d.gradSlope, in[0], in[1], in[2]), nil
					}
					err := gradcheck.Check(taken, inputs, gradcheck.Machines(gradcheck.Tape), gradcheck.Inputs(3, 4, 5))
					var e *gradcheck.Error
					switch wrong := errors.As(err, &e) && e.Fault == gradcheck.SecondGrad; {
					case penalisedAtTheData && err == nil:
						t.Error("a second Grad, which was wrong in Gorgonia v0.9.18, is right now: delete penalisedAtTheData, and change what README.md and gradcheck/README.md say about a second Grad")
					case !penalisedAtTheData && err != nil, err != nil && !wrong:
						t.Errorf("the penalty's gradient made by Grad: %v", err)
					}
				})
			}
		}
	}
}

// The gradient of the network's gradient is right for its input, its weights
// and the upstream gradient.
func TestGradcheckSecondOrder(t *testing.T) {
	inputs := []*tensor.Dense{waves(0.1, 4, 2), waves(2.5, 2, 5), waves(3.3, 5, 4), waves(4.1, 4, 1)}
	for _, alpha := range gradientSlopes {
		f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
			d := threeLayers{alpha: alpha}
			copy(d.w[:], in[1:])
			score, _, _ := d.score(in[0])
			return score, nil
		}
		if err := gradcheck.CheckSecond(f, inputs); err != nil {
			t.Errorf("α = %v: %v", alpha, err)
		}
	}
}
