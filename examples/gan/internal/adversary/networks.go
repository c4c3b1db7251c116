package adversary

import (
	"math/rand/v2"

	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// Networks makes a generator and a discriminator with initial weights from rng.
type Networks func(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network)

// Points returns networks for points in the plane, with four hidden layers
// each. The generator makes a point from latent random numbers.
func Points(latent, hidden int) Networks {
	const size = 2
	return func(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network) {
		h := hidden
		generator = nn.NewNetwork(rng, dt, act, nn.Perceptron(latent, h, h, h, h, size))
		discriminator = nn.NewNetwork(rng, dt, act, nn.Perceptron(size, h, h, h, h, 1))
		return generator, discriminator
	}
}

// Pictures returns convolutional networks for square pictures that are side
// pixels wide. The generator makes a picture from latent random numbers,
// through a dense hidden layer of the given size. Each network has the given
// number of channels at half the side, and twice as many at a quarter of the
// side.
func Pictures(latent, hidden, channels, side int) Networks {
	half, quarter := side/2, side/4
	return func(rng *rand.Rand, dt tensor.Dtype, act nn.Activation) (generator, discriminator *nn.Network) {
		c := channels
		windows := func(size, channels, side, stride, margin int) nn.Windows {
			return nn.Windows{Height: size, Width: size, Channels: channels, Side: side, Stride: stride, Margin: margin}
		}
		generator = nn.NewNetwork(rng, dt, act, []nn.Layer{
			nn.Dense{In: latent, Out: hidden},
			nn.Dense{In: hidden, Out: quarter * quarter * 2 * c},
			nn.TransposedConvolution{In: 2 * c, Windows: windows(half, c, 4, 2, 1)},
			nn.TransposedConvolution{In: c, Windows: windows(side, 1, 4, 2, 1)},
		})
		discriminator = nn.NewNetwork(rng, dt, act, []nn.Layer{
			nn.Convolution{Windows: windows(side, 1, 3, 2, 1), Out: c},
			nn.Convolution{Windows: windows(half, c, 3, 2, 1), Out: 2 * c},
			nn.Convolution{Windows: windows(quarter, 2*c, quarter, 1, 0), Out: 1},
		})
		return generator, discriminator
	}
}
