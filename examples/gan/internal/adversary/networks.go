package adversary

import (
	"math/rand/v2"

	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// Networks makes a generator and a discriminator. Their first weights come from
// rng.
type Networks func(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network)

// Points are networks for points in the plane, with four hidden layers each. The
// generator makes a point of so many random numbers.
func Points(latent, hidden int) Networks {
	const size = 2
	return func(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network) {
		h := hidden
		generator = nn.NewNetwork(rng, dt, act, nn.Perceptron(latent, h, h, h, h, size))
		discriminator = nn.NewNetwork(rng, dt, act, nn.Perceptron(size, h, h, h, h, 1))
		return generator, discriminator
	}
}

// Pictures are networks for square pictures, side pixels wide: a generator with
// three hidden layers, and a discriminator of convolutions, the first of which
// has so many channels.
func Pictures(latent, hidden, channels, side int) Networks {
	return func(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network) {
		h, c := hidden, channels
		generator = nn.NewNetwork(rng, dt, act, nn.Perceptron(latent, h, h, h, side*side))
		discriminator = nn.NewNetwork(rng, dt, act, []nn.Layer{
			nn.Convolution{Windows: nn.Windows{Height: side, Width: side, Channels: 1, Side: 3, Stride: 2, Margin: 1}, Out: c},
			nn.Convolution{Windows: nn.Windows{Height: side / 2, Width: side / 2, Channels: c, Side: 3, Stride: 2, Margin: 1}, Out: 2 * c},
			nn.Convolution{Windows: nn.Windows{Height: side / 4, Width: side / 4, Channels: 2 * c, Side: side / 4, Stride: 1}, Out: 1},
		})
		return generator, discriminator
	}
}
