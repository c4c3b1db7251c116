package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// game is what the two networks play for: the loss of either.
//
// The discriminator D rates samples, the higher the more real. Both losses are of
// a row of ratings of real samples and one of generated samples.
type game struct {
	generatorLoss     func(real, generated *gorgonia.Node) *gorgonia.Node
	discriminatorLoss func(real, generated *gorgonia.Node) *gorgonia.Node
	// penalty, if there is one, is added to the discriminator's loss, times a
	// weight. It is of D's gradients with respect to some samples, a row each.
	penalty func(gradients *gorgonia.Node) *gorgonia.Node
	// interpolated says that these samples lie between real and generated ones.
	// Otherwise they are the rated ones.
	interpolated bool
	rounds       int // updates of the discriminator in a step

	beta2          float64 // Adam's memory for squared gradients
	points, images recipe  // for either kind of samples
}

// recipe is how fast the networks move, and how much the penalty weighs.
type recipe struct {
	rate  float64               // for the first half of the steps
	fall  func(float64) float64 // of the rate over the second half
	beta1 float64               // Adam's memory for gradients
	// The weight falls geometrically, after it has held its first value for a
	// share of the steps.
	firstWeight, lastWeight, hold float64
}

// lastRate is the share of the learning rate that is left in the end.
const lastRate = 0.01

// cosine and geometric fall from 1 to lastRate, as done goes from 0 to 1. The
// geometric one spends more of its time at small rates, in which the points of a
// mode spread to the data's width.
func cosine(done float64) float64 {
	return lastRate + (1-lastRate)*((1+math.Cos(math.Pi*done))/2)
}

func geometric(done float64) float64 { return math.Pow(lastRate, done) }

var games = map[string]game{
	// The first GAN, with the generator's loss that does not saturate
	// (Goodfellow et al., arXiv:1406.2661).
	"plain": {
		generatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return meanSoftplus(neg(generated))
		},
		discriminatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Add(meanSoftplus(neg(real)), meanSoftplus(generated)))
		},
		rounds: 1, beta2: 0.99,
		points: recipe{rate: 2e-3, fall: cosine, beta1: 0.5},
		images: recipe{rate: 5e-4, fall: cosine, beta1: 0.5},
	},
	// The Wasserstein GAN with gradient penalty (Gulrajani et al.,
	// arXiv:1704.00028): between real and generated samples, D's gradient is to
	// have the norm 1.
	"wgan-gp": {
		generatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Mean(neg(generated)))
		},
		discriminatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return must(gorgonia.Mean(must(gorgonia.Sub(generated, real))))
		},
		penalty: meanSquaredExcess, interpolated: true,
		rounds: 3, beta2: 0.9,
		points: recipe{rate: 2e-3, fall: cosine, firstWeight: 1, lastWeight: 1},
		images: recipe{rate: 1e-3, fall: cosine, firstWeight: 10, lastWeight: 10},
	},
	// R3GAN (Huang et al., "The GAN is dead; long live the GAN!",
	// arXiv:2501.05441). All that counts is how far D rates a real sample above a
	// generated one, which leaves a generator less to gain from dropping modes.
	// And D is kept from growing steep at real samples (R1) and at generated ones
	// (R2), which lets the two settle.
	"r1r2": {
		generatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return meanSoftplus(must(gorgonia.Sub(real, generated)))
		},
		discriminatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return meanSoftplus(must(gorgonia.Sub(generated, real)))
		},
		penalty: meanSquare,
		rounds:  1, beta2: 0.99,
		points: recipe{rate: 4e-3, fall: geometric, firstWeight: 0.1, lastWeight: 0.003, hold: 0.5},
		images: recipe{rate: 2e-3, fall: cosine, beta1: 0.5, firstWeight: 1, lastWeight: 0.05},
	},
}

// newGame returns the game of that name.
func newGame(name string) (game, error) {
	if g, ok := games[name]; ok {
		return g, nil
	}
	names := slices.Sorted(maps.Keys(games))
	return game{}, fmt.Errorf("-loss is %q, expected one of %s", name, strings.Join(names, ", "))
}

// halves are the ratings of the real samples and of the generated ones, where
// they follow one another.
//
// It is done without slices, and so without Concat, whose gradient is slices:
// Gorgonia takes two of them for one, and silently, if their bounds differ by
// multiples of 256.
func halves(ratings *gorgonia.Node) (real, generated *gorgonia.Node) {
	half := func(name string, pick ...float64) *gorgonia.Node {
		t := tensor.New(tensor.Of(ratings.Dtype()), tensor.WithShape(1, 2))
		set(t, pick)
		return must(gorgonia.Mul(input(ratings.Graph(), name, t), inRows(ratings, 2)))
	}
	return half("real half", 1, 0), half("generated half", 0, 1)
}

func neg(x *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Neg(x)) }

func meanSoftplus(x *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.Mean(must(gorgonia.Softplus(x))))
}

// meanSquare is half the mean squared norm of the gradients at real samples plus
// half that at generated ones.
func meanSquare(gradients *gorgonia.Node) *gorgonia.Node {
	squares := must(gorgonia.Sum(must(gorgonia.Square(gradients))))
	return must(gorgonia.Mul(squares, constant(squares.Dtype(), 1/float64(gradients.Shape()[0]))))
}

// meanSquaredExcess is the mean squared distance of the gradients' norms from 1.
func meanSquaredExcess(gradients *gorgonia.Node) *gorgonia.Node {
	dt := gradients.Dtype()
	squares := must(gorgonia.Mul(must(gorgonia.Square(gradients)), ones(gradients, gradients.Shape()[1], 1)))
	// Where a gradient is 0, its norm has no derivative. Keep away from there.
	squares = must(gorgonia.Add(squares, constant(dt, 1e-12)))
	excess := must(gorgonia.Sub(must(gorgonia.Sqrt(squares)), constant(dt, 1)))
	return must(gorgonia.Mean(must(gorgonia.Square(excess))))
}
