package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

// convolution returns a convolution over square pictures.
func convolution(in, out, size, side, stride, margin int) nn.Convolution {
	return nn.Convolution{Windows: nn.Windows{Height: size, Width: size, Channels: in, Side: side, Stride: stride, Margin: margin}, Out: out}
}

// transposed returns a transposed convolution to square pictures of a size.
func transposed(in, out, size, side, stride, margin int) nn.TransposedConvolution {
	return nn.TransposedConvolution{In: in, Windows: nn.Windows{Height: size, Width: size, Channels: out, Side: side, Stride: stride, Margin: margin}}
}

// layersToTry are layers with the numbers of inputs and outputs for each
// sample.
var layersToTry = []struct {
	layer   nn.Layer
	in, out int
}{
	{nn.Dense{1, 1}, 1, 1},
	{nn.Dense{3, 5}, 3, 5},
	{convolution(1, 1, 1, 1, 1, 0), 1, 1},
	{convolution(1, 1, 3, 3, 1, 0), 9, 1},
	{convolution(2, 1, 3, 3, 1, 0), 18, 1},
	{convolution(1, 2, 4, 1, 1, 0), 16, 32},
	{convolution(2, 3, 4, 2, 2, 0), 32, 12},
	{convolution(3, 2, 5, 2, 2, 0), 75, 8}, // the last row has no place
	{convolution(2, 2, 5, 3, 1, 1), 50, 50},
	{convolution(1, 2, 4, 3, 2, 1), 16, 8},
	{convolution(2, 1, 2, 3, 1, 2), 8, 16},
	{convolution(2, 2, 7, 3, 3, 2), 98, 18},
	{nn.Convolution{Windows: nn.Windows{Height: 3, Width: 5, Channels: 2, Side: 2, Stride: 1, Margin: 1}, Out: 3}, 30, 72},
	{transposed(2, 3, 4, 2, 2, 0), 8, 48},
	{transposed(1, 1, 5, 3, 1, 1), 25, 25},
	{transposed(2, 2, 5, 2, 2, 0), 8, 50}, // the last row is in no window
	// The layers of the networks for pictures, with fewer channels.
	{transposed(4, 2, 8, 4, 2, 1), 64, 128},
	{transposed(2, 1, 16, 4, 2, 1), 128, 256},
	{convolution(1, 2, 16, 3, 2, 1), 256, 128},
	{convolution(2, 4, 8, 3, 2, 1), 128, 64},
	{convolution(4, 1, 4, 4, 1, 0), 64, 1},
}

// columns returns the numbers of columns of a layer's input and output: one
// column for each channel, or one for each number of a sample.
func columns(l nn.Layer) (in, out int) {
	switch l := l.(type) {
	case nn.Convolution:
		return l.Channels, l.Out
	case nn.TransposedConvolution:
		return l.In, l.Channels
	case nn.Dense:
		return l.In, l.Out
	}
	panic(l)
}

// inRows puts samples one after another into a matrix.
func inRows(samples [][]float64, columns int) *tensor.Dense {
	all := slices.Concat(samples...)
	return nntest.Matrix(len(all)/columns, columns, all)
}

// TestLayers compares the layers' outputs with the formulas, sample by sample.
func TestLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, test := range layersToTry {
		for _, samples := range []int{1, 2, 5} {
			n := nn.NewNetwork(rng, tensor.Float64, nn.Activation{}, []nn.Layer{test.layer})
			nntest.Disturb(rng, n)
			var x, y [][]float64
			for range samples {
				x = append(x, nntest.Normal(rng, test.in))
				y = append(y, nntest.One(n, x[len(x)-1]))
			}
			in, out := columns(test.layer)
			want := inRows(y, out)
			if want.Size() != samples*test.out {
				t.Fatalf("%+v: %d outputs, want %d", test.layer, want.Size(), samples*test.out)
			}

			g := gorgonia.NewGraph()
			node, _ := n.In(g, "n").Forward(nn.Input(g, "x", inRows(x, in)))
			var got gorgonia.Value
			gorgonia.Read(node, &got)
			nntest.Run(t, g)
			if !got.Shape().Eq(want.Shape()) {
				t.Errorf("%+v, %d samples: shape %v, want %v", test.layer, samples, got.Shape(), want.Shape())
				continue
			}
			for i, w := range nn.Values(want) {
				if v := nn.Values(got)[i]; math.Abs(v-w) > 1e-12 {
					t.Errorf("%+v, %d samples: output %d is %v, want %v", test.layer, samples, i, v, w)
					break
				}
			}
		}
	}
}

// TestPullBack checks that pullBack is the adjoint of the layer's linear part
// L: the product of L(x) with dy must equal the product of x with the gradient.
func TestPullBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, test := range layersToTry {
		const samples = 3
		n := nn.NewNetwork(rng, tensor.Float64, nn.Activation{}, []nn.Layer{test.layer})
		var x, y, dy [][]float64
		var want float64
		for i := range samples {
			x = append(x, nntest.Normal(rng, test.in))
			y = append(y, nntest.One(n, x[i])) // the biases are 0
			dy = append(dy, nntest.Normal(rng, test.out))
			for j, v := range y[i] {
				want += v * dy[i][j]
			}
		}
		in, out := columns(test.layer)
		at := inRows(x, in)

		g := gorgonia.NewGraph()
		node, _ := n.In(g, "n").Backward(nil, nn.Input(g, "dy", inRows(dy, out)))
		var dx gorgonia.Value
		gorgonia.Read(node, &dx)
		nntest.Run(t, g)
		if !dx.Shape().Eq(at.Shape()) {
			t.Errorf("%+v: shape %v, want %v", test.layer, dx.Shape(), at.Shape())
			continue
		}
		var got float64
		for i, v := range nn.Values(dx) {
			got += v * nn.Values(at)[i]
		}
		if math.Abs(got-want) > 1e-11 {
			t.Errorf("%+v: <x, gradient> is %v, <L(x), dy> is %v", test.layer, got, want)
		}
	}
}

// TestBackward compares the gradients of whole networks with finite
// differences, for the input of the network and the inputs of the activations.
func TestBackward(t *testing.T) {
	const samples = 3
	rng := rand.New(rand.NewPCG(13, 14))
	for _, name := range []string{"leaky", "builtin"} {
		act, err := nn.NewActivation(name, 0.2, tensor.Float64)
		if err != nil {
			t.Fatal(err)
		}
		mixtures := nn.NewNetwork(rng, tensor.Float64, act, nn.Perceptron(2, 4, 4, 4, 4, 1))
		_, pictures := nntest.Miniatures(rng, tensor.Float64, act)
		for _, n := range []*nn.Network{mixtures, pictures} {
			nntest.Disturb(rng, n)
			in, _ := columns(n.Layers[0])
			size := in
			if n == pictures {
				size = nntest.MiniatureSize
			}
			var x [][]float64
			for range samples {
				x = append(x, nntest.Normal(rng, size))
			}
			at := inRows(x, in)

			g := gorgonia.NewGraph()
			placed := n.In(g, "n")
			y, pre := placed.Forward(nn.Input(g, "x", at))
			dx, dpre := placed.Backward(pre, nn.OnesLike(y))
			var gotX gorgonia.Value
			gotPre := make([]gorgonia.Value, len(dpre))
			gorgonia.Read(dx, &gotX)
			for i, d := range dpre {
				gorgonia.Read(d, &gotPre[i])
			}
			nntest.Run(t, g)
			wantX, wantPre := nn.Values(gotX), make([][]float64, len(dpre))
			for i := range wantPre {
				wantPre[i] = nn.Values(gotPre[i])
			}

			sum := func() float64 {
				var s float64
				for i := range samples {
					s += nntest.One(n, nntest.SampleAt(at, i, samples))[0]
				}
				return s
			}
			for i, got := range wantX {
				want, ok := nntest.Slope(sum, at, i, got)
				if !ok {
					t.Errorf("%s, %T: input %d is at a kink, choose another seed", name, n.Layers[0], i)
				} else if math.Abs(got-want) > 1e-7 {
					t.Errorf("%s, %T: gradient at input %d is %v, by differences %v", name, n.Layers[0], i, got, want)
				}
			}
			// A bias is added to the input of a unit's activation, for every
			// sample and place.
			for l, got := range wantPre {
				bias := n.Params[l][len(n.Params[l])-1]
				units := bias.Size()
				total := make([]float64, units)
				for i, v := range got {
					total[i%units] += v
				}
				for unit, got := range total {
					want, ok := nntest.Slope(sum, bias, unit, got)
					if !ok {
						t.Errorf("%s, %T: unit %d of layer %d is at a kink, choose another seed", name, n.Layers[0], unit, l)
					} else if math.Abs(got-want) > 1e-7 {
						t.Errorf("%s, %T: gradient at unit %d of layer %d is %v, by differences %v", name, n.Layers[0], unit, l, got, want)
					}
				}
			}
		}
	}
}
