package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// tiny is a training run for looking closely.
func tiny(t testing.TB, activation string) config {
	t.Helper()
	act, err := newActivation(activation, 0.2, tensor.Float64)
	if err != nil {
		t.Fatal(err)
	}
	return config{data: ring(), dtype: tensor.Float64, act: act, hidden: 5, batch: 4, steps: 100, seed: 1}
}

// compute runs the update's graph without a step of the solver.
func (u *update) compute(t *testing.T) float64 {
	t.Helper()
	u.machine.Reset()
	if err := u.machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	return values(u.loss)[0]
}

// softplus is log(1 + eˣ).
func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }

// perceptron is the network n at one point, computed without a graph.
func perceptron(n *network, alpha float64, x []float64) []float64 {
	for i, w := range n.weights {
		y := values(n.biases[i])
		out := len(y)
		for j, v := range values(w) {
			y[j%out] += x[j/out] * v
		}
		if i < len(n.weights)-1 {
			for j := range y {
				if y[j] <= 0 {
					y[j] *= alpha
				}
			}
		}
		x = y
	}
	return x
}

// slope is the central difference of f in the element i of t, and whether it can
// be trusted: there is no kink if a smaller step gives the same.
func slope(f func() float64, t *tensor.Dense, i int) (d float64, ok bool) {
	data := t.Data().([]float64)
	x := data[i]
	defer func() { data[i] = x }()
	difference := func(h float64) float64 {
		data[i] = x + h
		up := f()
		data[i] = x - h
		return (up - f()) / (2 * h)
	}
	d, finer := difference(1e-5), difference(3e-6)
	return d, math.Abs(d-finer) <= 1e-5*(1+math.Abs(d))
}

// ready is a trainer before its first step, with all that the losses depend on
// in place and the biases off the 0 they start at.
func ready(t *testing.T, activation string, penaltyWeight float64) *trainer {
	t.Helper()
	tr := newTrainer(tiny(t, activation))
	for _, n := range []*network{tr.generator, tr.discriminator} {
		for _, b := range n.biases {
			v := values(b)
			for i := range v {
				v[i] = 0.3 * tr.rng.NormFloat64()
			}
			set(b, v)
		}
	}
	generated, err := tr.fakes.sample(tr.rng)
	if err != nil {
		t.Fatal(err)
	}
	set(tr.points, append(tr.realPoints(), generated...))
	drawLatent(tr.latent, tr.rng)
	if err := gorgonia.Let(tr.penaltyWeight, penaltyWeight); err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestLosses compares the losses with their formulas, the discriminator's
// gradient in the penalty being taken by differences.
func TestLosses(t *testing.T) {
	const weight, h = 0.7, 1e-6
	for _, activation := range []string{"leaky", "builtin"} {
		tr := ready(t, activation, weight)
		rate := func(x, y float64) float64 {
			return perceptron(tr.discriminator, tr.act.alpha, []float64{x, y})[0]
		}
		points, latent := values(tr.points), values(tr.latent)
		n := tr.batch
		var dLoss, gLoss, penalty float64
		for i := range n {
			real, generated := points[2*i:2*i+2], points[2*(n+i):2*(n+i)+2]
			dLoss += softplus(rate(generated[0], generated[1])-rate(real[0], real[1])) / float64(n)
			for _, p := range [][]float64{real, generated} {
				dx := (rate(p[0]+h, p[1]) - rate(p[0]-h, p[1])) / (2 * h)
				dy := (rate(p[0], p[1]+h) - rate(p[0], p[1]-h)) / (2 * h)
				penalty += (dx*dx + dy*dy) / float64(n)
			}
			fresh := perceptron(tr.generator, tr.act.alpha, latent[2*i:2*i+2])
			gLoss += softplus(rate(real[0], real[1])-rate(fresh[0], fresh[1])) / float64(n)
		}
		dLoss += weight / 2 * penalty
		if got := tr.updateDiscriminator.compute(t); math.Abs(got-dLoss) > 1e-8 {
			t.Errorf("%s: discriminator's loss is %v, want %v", activation, got, dLoss)
		}
		if got := tr.updateGenerator.compute(t); math.Abs(got-gLoss) > 1e-12 {
			t.Errorf("%s: generator's loss is %v, want %v", activation, got, gLoss)
		}
	}
}

// TestLossGradients compares what the solver is given with central differences
// of the losses, the penalty's part predominant in one case.
func TestLossGradients(t *testing.T) {
	for _, activation := range []string{"leaky", "builtin"} {
		for _, weight := range []float64{0, 0.1, 100} {
			tr := ready(t, activation, weight)
			for _, c := range []struct {
				name   string
				update *update
				params []*tensor.Dense
			}{
				{"discriminator", tr.updateDiscriminator, tr.discriminator.parameters()},
				{"generator", tr.updateGenerator, tr.generator.parameters()},
			} {
				c.update.compute(t)
				var grads [][]float64
				for _, p := range c.update.params {
					g, err := p.Grad()
					if err != nil {
						t.Fatal(err)
					}
					grads = append(grads, values(g))
				}
				compared, kinks := 0, 0
				for i, p := range c.params {
					for j, got := range grads[i] {
						want, ok := slope(func() float64 { return c.update.compute(t) }, p, j)
						if !ok {
							kinks++
							continue
						}
						compared++
						if math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
							t.Errorf("%s, weight %v, %s: derivative %d of parameter %d is %v, by differences %v",
								activation, weight, c.name, j, i, got, want)
						}
					}
				}
				if compared < 20*kinks || compared == 0 {
					t.Errorf("%s, weight %v, %s: only %d derivatives compared, %d were at kinks", activation, weight, c.name, compared, kinks)
				}
			}
		}
	}
}

// TestNewNetwork checks that the first weights keep the size of a signal.
func TestNewNetwork(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 1, -0.5} {
		n := newNetwork(rand.New(rand.NewPCG(5, 6)), tensor.Float32, activation{alpha: alpha}, 2, 300, 300, 1)
		w := values(n.weights[1])
		var squares float64
		for _, v := range w {
			squares += v * v
		}
		got, want := squares/float64(len(w)), 2/((1+alpha*alpha)*300)
		if math.Abs(got/want-1) > 5*math.Sqrt(2/float64(len(w))) {
			t.Errorf("alpha %v: variance of the weights is %v, want %v", alpha, got, want)
		}
	}
}
