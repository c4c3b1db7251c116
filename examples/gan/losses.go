package main

import "gorgonia.org/gorgonia"

// The losses are those of R3GAN (Huang et al., "The GAN is dead; long live the
// GAN!", arXiv:2501.05441). All that counts is how far the discriminator D rates
// a real point above a generated one, which leaves a generator less to gain from
// dropping modes. And D is kept from growing steep at real points (R1) and at
// generated ones (R2), which lets the two settle.
//
// The ratings are a column: D of n real points, then D of n generated ones.

// discriminatorLoss is the mean of softplus(D(generated) − D(real)), plus half
// the weight times the mean squared norms of D's gradient with respect to its
// input at real points and at generated points.
func discriminatorLoss(ratings, inputGradient, weight *gorgonia.Node) *gorgonia.Node {
	squares := must(gorgonia.Sum(must(gorgonia.Square(inputGradient))))
	penalty := must(gorgonia.Mul(squares, constant(ratings.Dtype(), 1/float64(ratings.Shape()[0]))))
	loss := meanSoftplus(must(gorgonia.Neg(lead(ratings))))
	return must(gorgonia.Add(loss, must(gorgonia.Mul(weight, penalty))))
}

// generatorLoss is the mean of softplus(D(real) − D(generated)).
func generatorLoss(ratings *gorgonia.Node) *gorgonia.Node {
	return meanSoftplus(lead(ratings))
}

// lead is D(real) − D(generated), pair by pair.
func lead(ratings *gorgonia.Node) *gorgonia.Node {
	n := ratings.Shape()[0] / 2
	return must(gorgonia.Sub(
		must(gorgonia.Slice(ratings, gorgonia.S(0, n))),
		must(gorgonia.Slice(ratings, gorgonia.S(n, 2*n))),
	))
}

func meanSoftplus(x *gorgonia.Node) *gorgonia.Node {
	return must(gorgonia.Mean(must(gorgonia.Softplus(x))))
}
