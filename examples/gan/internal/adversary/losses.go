package adversary

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// Game has the losses of the two networks.
//
// The discriminator D rates samples. A higher rating means "more real". Each
// loss depends on a row of ratings of real samples and a row of ratings of
// generated samples.
type Game struct {
	generatorLoss     func(real, generated *gorgonia.Node) *gorgonia.Node
	discriminatorLoss func(real, generated *gorgonia.Node) *gorgonia.Node
	// penalty, if not nil, is added to the discriminator's loss, times a
	// weight. Its argument is the gradients of D with respect to samples, one
	// row for each sample.
	penalty func(gradients *gorgonia.Node) *gorgonia.Node
	// interpolated tells where D's gradients are taken: at samples between real
	// and generated ones, or at the rated samples.
	interpolated bool
	rounds       int // updates of the discriminator in a step
}

var games = map[string]Game{
	// The first GAN, with the generator's loss that does not saturate
	// (Goodfellow et al., arXiv:1406.2661).
	"plain": {
		generatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return meanSoftplus(neg(generated))
		},
		discriminatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return nn.Must(gorgonia.Add(meanSoftplus(neg(real)), meanSoftplus(generated)))
		},
		rounds: 1,
	},
	// The Wasserstein GAN with gradient penalty (Gulrajani et al.,
	// arXiv:1704.00028). The penalty pulls the norm of D's gradient between
	// real and generated samples towards 1.
	"wgan-gp": {
		generatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return nn.Must(gorgonia.Mean(neg(generated)))
		},
		discriminatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return nn.Must(gorgonia.Mean(nn.Must(gorgonia.Sub(generated, real))))
		},
		penalty: meanSquaredExcess, interpolated: true,
		rounds: 3,
	},
	// R3GAN (Huang et al., "The GAN is dead; long live the GAN!",
	// arXiv:2501.05441). The loss depends only on the difference between D's
	// ratings of a real sample and a generated one. So the generator gains less
	// if it drops modes. The penalties keep D's gradients small at real samples
	// (R1) and at generated ones (R2). This helps the training to converge.
	"r1r2": {
		generatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return meanSoftplus(nn.Must(gorgonia.Sub(real, generated)))
		},
		discriminatorLoss: func(real, generated *gorgonia.Node) *gorgonia.Node {
			return meanSoftplus(nn.Must(gorgonia.Sub(generated, real)))
		},
		penalty: meanSquare,
		rounds:  1,
	},
}

// Games returns the names of the games.
func Games() []string { return slices.Sorted(maps.Keys(games)) }

// NewGame returns the game of that name.
func NewGame(name string) (Game, error) {
	if g, ok := games[name]; ok {
		return g, nil
	}
	return Game{}, fmt.Errorf("-loss is %q, expected one of %s", name, strings.Join(Games(), ", "))
}

// halves splits the ratings into those of the real samples, which come first,
// and those of the generated samples.
//
// halves does not use Slice, nor Concat, whose gradient uses Slice. Gorgonia
// merges two slices whose bounds differ by a multiple of 256, without an error.
func halves(ratings *gorgonia.Node) (real, generated *gorgonia.Node) {
	half := func(name string, pick ...float64) *gorgonia.Node {
		t := tensor.New(tensor.Of(ratings.Dtype()), tensor.WithShape(1, 2))
		nn.Set(t, pick)
		return nn.Must(gorgonia.Mul(nn.Input(ratings.Graph(), name, t), nn.InRows(ratings, 2)))
	}
	return half("real half", 1, 0), half("generated half", 0, 1)
}

func neg(x *gorgonia.Node) *gorgonia.Node { return nn.Must(gorgonia.Neg(x)) }

func meanSoftplus(x *gorgonia.Node) *gorgonia.Node {
	return nn.Must(gorgonia.Mean(nn.Must(gorgonia.Softplus(x))))
}

// meanSquare is half the mean squared norm of the gradients at real samples
// plus half the mean squared norm at generated samples.
func meanSquare(gradients *gorgonia.Node) *gorgonia.Node {
	squares := nn.Must(gorgonia.Sum(nn.Must(gorgonia.Square(gradients))))
	return nn.Must(gorgonia.Mul(squares, nn.Constant(squares.Dtype(), 1/float64(gradients.Shape()[0]))))
}

// meanSquaredExcess is the mean squared distance of the gradients' norms from 1.
func meanSquaredExcess(gradients *gorgonia.Node) *gorgonia.Node {
	dt := gradients.Dtype()
	squares := nn.Must(gorgonia.Mul(nn.Must(gorgonia.Square(gradients)), nn.Ones(gradients, gradients.Shape()[1], 1)))
	// The norm has no derivative where the gradient is 0. So the norm must not
	// be 0.
	squares = nn.Must(gorgonia.Add(squares, nn.Constant(dt, 1e-12)))
	excess := nn.Must(gorgonia.Sub(nn.Must(gorgonia.Sqrt(squares)), nn.Constant(dt, 1)))
	return nn.Must(gorgonia.Mean(nn.Must(gorgonia.Square(excess))))
}
