package adversary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// softplus is log(1 + eˣ).
func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }

// gradientAt is the gradient of the discriminator's rating at a sample, by
// finite differences.
func gradientAt(d *nn.Network, x []float64) []float64 {
	const h = 1e-6
	gradient := make([]float64, len(x))
	for i, v := range x {
		x[i] = v + h
		up := nntest.One(d, x)[0]
		x[i] = v - h
		gradient[i] = (up - nntest.One(d, x)[0]) / (2 * h)
		x[i] = v
	}
	return gradient
}

// norm is the Euclidean norm.
func norm(v []float64) float64 {
	var squares float64
	for _, x := range v {
		squares += x * x
	}
	return math.Sqrt(squares)
}

// lossesOf computes the losses of a trainer's game by the formulas in the
// paper.
func lossesOf(t *testing.T, tr *Trainer, loss string, weight float64) Losses {
	t.Helper()
	d, n := tr.discriminator, float64(tr.config.Batch)
	var l Losses
	for i := range tr.config.Batch {
		x, fake := sampleAt(tr.samples, i), sampleAt(tr.samples, tr.config.Batch+i)
		real, generated := nntest.One(d, x)[0], nntest.One(d, fake)[0]
		fresh := nntest.One(d, nntest.One(tr.generator, sampleAt(tr.latent, i)))[0]
		switch loss {
		case "plain": // −log D and −log(1 − D), with D = 1/(1 + e^−rating)
			l.Discriminator += (softplus(-real) + softplus(generated)) / n
			l.Generator += softplus(-fresh) / n
		case "wgan-gp":
			excess := norm(gradientAt(d, sampleAt(tr.between, i))) - 1
			l.Discriminator += (generated - real + weight*excess*excess) / n
			l.Generator -= fresh / n
		case "r1r2":
			r1, r2 := norm(gradientAt(d, x)), norm(gradientAt(d, fake))
			l.Discriminator += (softplus(generated-real) + weight/2*(r1*r1+r2*r2)) / n
			l.Generator += softplus(real-fresh) / n
		default:
			t.Fatalf("no formula for %s", loss)
		}
	}
	return l
}

// TestLosses compares the losses with their formulas. The formulas use finite
// differences for the discriminator's gradient in the penalty. Gorgonia merges
// slices whose bounds differ by 256, so the test includes batches of about this
// size. Gorgonia also returns x for softplus(x) if x is larger than 16, so the
// tolerance allows an error of e⁻¹⁶.
func TestLosses(t *testing.T) {
	const weight, tolerance = 0.7, 2e-7
	for loss := range games {
		for _, activation := range []string{"leaky", "builtin"} {
			for task, c := range tasks(tiny(t, loss, activation)) {
				for _, batch := range []int{1, 4, 255, 256, 257} {
					if batch > 4 && (activation == "builtin" || task == "pictures" && batch != 256) {
						continue // too slow
					}
					c.Batch = batch
					tr := ready(t, c, weight)
					want := lossesOf(t, tr, loss, weight)
					if got := compute(t, tr.updateDiscriminator); math.Abs(got-want.Discriminator) > tolerance {
						t.Errorf("%s, %s, %s, batch %d: discriminator's loss is %v, want %v", loss, activation, task, batch, got, want.Discriminator)
					}
					if got := compute(t, tr.updateGenerator); math.Abs(got-want.Generator) > tolerance {
						t.Errorf("%s, %s, %s, batch %d: generator's loss is %v, want %v", loss, activation, task, batch, got, want.Generator)
					}
				}
			}
		}
	}
}

// TestLossGradients compares the solver's gradients with central differences of
// the losses. In one case, the penalty is the largest part.
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
			small := tiny(t, loss, activation)
			small.Networks = Points(2, 3) // small, because every derivative needs four runs of a graph
			for task, c := range tasks(small) {
				if testing.Short() && activation == "builtin" && task == "points" {
					continue
				}
				for i, weight := range weights {
					tr := ready(t, c, weight)
					name := fmt.Sprintf("%s, %s, %s, weight %v", loss, activation, task, weight)
					wantGradients(t, name+", discriminator", tr.updateDiscriminator, tr.discriminator)
					if i == 0 { // the generator's loss does not depend on the weight
						wantGradients(t, name+", generator", tr.updateGenerator, tr.generator)
					}
				}
			}
		}
	}
}

// compute returns the loss of an update.
func compute(tb testing.TB, u *nn.Update) float64 {
	tb.Helper()
	loss, err := u.Compute()
	if err != nil {
		tb.Fatal(err)
	}
	return loss
}

// wantGradients compares an update's gradients with finite differences.
func wantGradients(t *testing.T, name string, u *nn.Update, n *nn.Network) {
	t.Helper()
	compute(t, u)
	var grads [][]float64
	for _, p := range u.Params {
		g, err := p.Grad()
		if err != nil {
			t.Fatal(err)
		}
		grads = append(grads, nn.Values(g))
	}
	compared, kinks := 0, 0
	for i, p := range n.Parameters() {
		for j, got := range grads[i] {
			want, ok := nntest.Slope(func() float64 { return compute(t, u) }, p, j, got)
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
			inputs := append(tr.discriminator.Parameters(), tr.samples)
			if c.Game.interpolated {
				inputs = append(inputs, tr.between)
			}
			err := gradcheck.Check(func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
				d := nn.Nodes{Network: tr.discriminator}
				for _, params := range tr.discriminator.Params {
					d.Params = append(d.Params, in[:len(params)])
					in = in[len(params):]
				}
				at, pre := d.Forward(in[0])
				loss, rows := c.Game.discriminatorLoss(halves(at)), 2*c.Batch
				if c.Game.interpolated {
					at, pre = d.Forward(in[1])
					rows = c.Batch
				}
				gradient, _ := d.Backward(pre, nn.OnesLike(at))
				penalty, err := gorgonia.Mul(nn.Constant(tensor.Float64, weight), c.Game.penalty(nn.InRows(gradient, rows)))
				if err != nil {
					return nil, err
				}
				return gorgonia.Add(loss, penalty)
			}, inputs, gradcheck.Machines(gradcheck.Tape)) // training uses only this machine
			if err != nil {
				t.Errorf("%s, %s: %v", loss, task, err)
			}
		}
	}
}

// TestHalves checks the two halves of the ratings and their gradients.
func TestHalves(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, n := range []int{1, 2, 128, 255, 256, 257, 512} {
		ratings, upstream := nntest.Normal(rng, 2*n), nntest.Normal(rng, 2*n)
		g := gorgonia.NewGraph()
		x := nn.Input(g, "ratings", nntest.Matrix(2*n, 1, ratings))
		real, generated := halves(x)
		var gotReal, gotGenerated, gotGrad gorgonia.Value
		gorgonia.Read(real, &gotReal)
		gorgonia.Read(generated, &gotGenerated)
		weighted := nn.Must(gorgonia.Add(
			nn.Must(gorgonia.HadamardProd(real, nn.Input(g, "upstream of real", nntest.Matrix(1, n, upstream[:n])))),
			nn.Must(gorgonia.HadamardProd(generated, nn.Input(g, "upstream of generated", nntest.Matrix(1, n, upstream[n:]))))))
		grads, err := gorgonia.Grad(nn.Must(gorgonia.Sum(weighted)), x)
		if err != nil {
			t.Fatal(err)
		}
		gorgonia.Read(grads[0], &gotGrad)
		nntest.Run(t, g)
		if !nntest.SameBits(nn.Values(gotReal), ratings[:n]) || !nntest.SameBits(nn.Values(gotGenerated), ratings[n:]) {
			t.Errorf("%d ratings: wrong halves", 2*n)
		}
		if !nntest.SameBits(nn.Values(gotGrad), upstream) {
			t.Errorf("%d ratings: wrong gradient of the halves", 2*n)
		}
	}
}

func TestGameNames(t *testing.T) {
	if _, err := NewGame("wgan"); err == nil || err.Error() != `-loss is "wgan", expected one of plain, r1r2, wgan-gp` {
		t.Errorf("got error %v, want one that lists the losses", err)
	}
}
