package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// softplus is log(1 + eˣ).
func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }

// tasks are one for each kind of discriminator.
func tasks(c config) map[string]config {
	pictures := c
	pictures.task = miniatures{}
	return map[string]config{"points": c, "pictures": pictures}
}

// sampleAt is a sample in the rows of t.
func sampleAt(t *tensor.Dense, i int) []float64 { return sampleOf(t, i, t.Shape()[0]) }

// gradientAt is the gradient of the discriminator's rating at a sample, by
// differences.
func gradientAt(d *network, x []float64) []float64 {
	const h = 1e-6
	gradient := make([]float64, len(x))
	for i, v := range x {
		x[i] = v + h
		up := d.one(x)[0]
		x[i] = v - h
		gradient[i] = (up - d.one(x)[0]) / (2 * h)
		x[i] = v
	}
	return gradient
}

// norm is the Euclidean one.
func norm(v []float64) float64 {
	var squares float64
	for _, x := range v {
		squares += x * x
	}
	return math.Sqrt(squares)
}

// lossesOf are the losses that a trainer's game has by its paper.
func lossesOf(t *testing.T, tr *trainer, loss string, weight float64) losses {
	t.Helper()
	d, n := tr.discriminator, float64(tr.batch)
	var l losses
	for i := range tr.batch {
		x, fake := sampleAt(tr.samples, i), sampleAt(tr.samples, tr.batch+i)
		real, generated := d.one(x)[0], d.one(fake)[0]
		fresh := d.one(tr.generator.one(sampleAt(tr.latent, i)))[0]
		switch loss {
		case "plain": // −log D and −log(1 − D), with D = 1/(1 + e^−rating)
			l.discriminator += (softplus(-real) + softplus(generated)) / n
			l.generator += softplus(-fresh) / n
		case "wgan-gp":
			excess := norm(gradientAt(d, sampleAt(tr.between, i))) - 1
			l.discriminator += (generated - real + weight*excess*excess) / n
			l.generator -= fresh / n
		case "r1r2":
			r1, r2 := norm(gradientAt(d, x)), norm(gradientAt(d, fake))
			l.discriminator += (softplus(generated-real) + weight/2*(r1*r1+r2*r2)) / n
			l.generator += softplus(real-fresh) / n
		default:
			t.Fatalf("no formula for %s", loss)
		}
	}
	return l
}

// TestLosses compares the losses with their formulas, the discriminator's
// gradient in the penalty being taken by differences. Gorgonia takes slices for
// one whose bounds differ by 256, so batches of about that size are worth a try.
// And it takes softplus(x) for x beyond 16, which leaves out e⁻¹⁶.
func TestLosses(t *testing.T) {
	const weight, tolerance = 0.7, 2e-7
	for loss := range games {
		for _, activation := range []string{"leaky", "builtin"} {
			for task, c := range tasks(tiny(t, loss, activation)) {
				for _, batch := range []int{1, 4, 255, 256, 257} {
					if batch > 4 && (activation == "builtin" || task == "pictures" && batch != 256) {
						continue // it would take long
					}
					c.batch = batch
					tr := ready(t, c, weight)
					want := lossesOf(t, tr, loss, weight)
					if got := tr.updateDiscriminator.compute(t); math.Abs(got-want.discriminator) > tolerance {
						t.Errorf("%s, %s, %s, batch %d: discriminator's loss is %v, want %v", loss, activation, task, batch, got, want.discriminator)
					}
					if got := tr.updateGenerator.compute(t); math.Abs(got-want.generator) > tolerance {
						t.Errorf("%s, %s, %s, batch %d: generator's loss is %v, want %v", loss, activation, task, batch, got, want.generator)
					}
				}
			}
		}
	}
}

// TestLossGradients compares what the solver is given with central differences
// of the losses, the penalty's part predominant in one case.
func TestLossGradients(t *testing.T) {
	for loss, game := range games {
		weights := []float64{0, 0.1, 100}
		if testing.Short() {
			weights = weights[1:2]
		}
		if game.penalty == nil {
			weights = weights[:1]
		}
		for _, activation := range []string{"leaky", "builtin"} {
			for task, c := range tasks(tiny(t, loss, activation)) {
				if testing.Short() && activation == "builtin" && task == "points" {
					continue
				}
				for i, weight := range weights {
					tr := ready(t, c, weight)
					name := fmt.Sprintf("%s, %s, %s, weight %v", loss, activation, task, weight)
					wantGradients(t, name+", discriminator", tr.updateDiscriminator, tr.discriminator)
					if i == 0 { // the generator's does not depend on the weight
						wantGradients(t, name+", generator", tr.updateGenerator, tr.generator)
					}
				}
			}
		}
	}
}

// wantGradients compares an update's gradients with differences.
func wantGradients(t *testing.T, name string, u *update, n *network) {
	t.Helper()
	u.compute(t)
	var grads [][]float64
	for _, p := range u.params {
		g, err := p.Grad()
		if err != nil {
			t.Fatal(err)
		}
		grads = append(grads, values(g))
	}
	compared, kinks := 0, 0
	for i, p := range n.parameters() {
		for j, got := range grads[i] {
			want, ok := slope(func() float64 { return u.compute(t) }, p, j)
			if !ok {
				kinks++
				continue
			}
			compared++
			if math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("%s: derivative %d of parameter %d is %v, by differences %v", name, j, i, got, want)
			}
		}
	}
	if compared < 20*kinks || compared == 0 {
		t.Errorf("%s: only %d derivatives compared, %d were at kinks", name, compared, kinks)
	}
}

// TestPenaltyGradcheck checks the discriminators' losses with gradcheck, as
// functions of the parameters and of the samples.
func TestPenaltyGradcheck(t *testing.T) {
	const weight = 0.7
	for _, loss := range []string{"r1r2", "wgan-gp"} {
		for task, c := range tasks(tiny(t, loss, "leaky")) {
			tr := ready(t, c, weight)
			inputs := append(tr.discriminator.parameters(), tr.samples)
			if c.interpolated {
				inputs = append(inputs, tr.between)
			}
			err := gradcheck.Check(func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
				d := nodes{network: tr.discriminator}
				for _, params := range tr.discriminator.params {
					d.params = append(d.params, in[:len(params)])
					in = in[len(params):]
				}
				at, pre := d.forward(in[0])
				loss, rows := c.discriminatorLoss(halves(at)), 2*c.batch
				if c.interpolated {
					at, pre = d.forward(in[1])
					rows = c.batch
				}
				gradient, _ := d.backward(pre, onesLike(at))
				penalty, err := gorgonia.Mul(constant(tensor.Float64, weight), c.penalty(inRows(gradient, rows)))
				if err != nil {
					return nil, err
				}
				return gorgonia.Add(loss, penalty)
			}, inputs, gradcheck.Machines(gradcheck.Tape)) // training uses no other
			if err != nil {
				t.Errorf("%s, %s: %v", loss, task, err)
			}
		}
	}
}

// TestHalves wants the halves themselves, and their gradients, to be told apart.
func TestHalves(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, n := range []int{1, 2, 128, 255, 256, 257, 512} {
		for _, shape := range [][2]int{{2 * n, 1}, {1, 2 * n}} { // of ratings by dense layers, by convolutions
			ratings, upstream := normal(rng, 2*n), normal(rng, 2*n)
			g := gorgonia.NewGraph()
			x := input(g, "ratings", matrix(shape[0], shape[1], ratings))
			real, generated := halves(x)
			var gotReal, gotGenerated, gotGrad gorgonia.Value
			gorgonia.Read(real, &gotReal)
			gorgonia.Read(generated, &gotGenerated)
			weighted := must(gorgonia.Add(
				must(gorgonia.HadamardProd(real, input(g, "upstream of real", matrix(1, n, upstream[:n])))),
				must(gorgonia.HadamardProd(generated, input(g, "upstream of generated", matrix(1, n, upstream[n:]))))))
			grads, err := gorgonia.Grad(must(gorgonia.Sum(weighted)), x)
			if err != nil {
				t.Fatal(err)
			}
			gorgonia.Read(grads[0], &gotGrad)
			runGraph(t, g)
			if !sameBits(values(gotReal), ratings[:n]) || !sameBits(values(gotGenerated), ratings[n:]) {
				t.Errorf("%v: wrong halves", shape)
			}
			if !sameBits(values(gotGrad), upstream) {
				t.Errorf("%v: wrong gradient of the halves", shape)
			}
		}
	}
}

func TestGameNames(t *testing.T) {
	if _, err := newGame("wgan"); err == nil || err.Error() != `-loss is "wgan", expected one of plain, r1r2, wgan-gp` {
		t.Errorf("got error %v, want one that names what there is", err)
	}
}
