package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

// layersToTry are layers with the number of inputs and outputs of a sample.
var layersToTry = []struct {
	layer   nn.Layer
	in, out int
}{
	{nn.Dense{1, 1}, 1, 1},
	{nn.Dense{3, 5}, 3, 5},
	{nn.Convolution{In: 1, Out: 1, Size: 1, Kernel: 1, Stride: 1}, 1, 1},
	{nn.Convolution{In: 1, Out: 1, Size: 3, Kernel: 3, Stride: 1}, 9, 1},
	{nn.Convolution{In: 2, Out: 1, Size: 3, Kernel: 3, Stride: 1}, 18, 1},
	{nn.Convolution{In: 1, Out: 2, Size: 4, Kernel: 1, Stride: 1}, 16, 32},
	{nn.Convolution{In: 2, Out: 3, Size: 4, Kernel: 2, Stride: 2}, 32, 12},
	{nn.Convolution{In: 3, Out: 2, Size: 5, Kernel: 2, Stride: 2}, 75, 8}, // the last row has no place
	{nn.Convolution{In: 2, Out: 2, Size: 5, Kernel: 3, Stride: 1, Margin: 1}, 50, 50},
	{nn.Convolution{In: 1, Out: 2, Size: 4, Kernel: 3, Stride: 2, Margin: 1}, 16, 8},
	{nn.Convolution{In: 2, Out: 1, Size: 2, Kernel: 3, Stride: 1, Margin: 2}, 8, 16},
	{nn.Convolution{In: 2, Out: 2, Size: 7, Kernel: 3, Stride: 3, Margin: 2}, 98, 18},
	// The discriminator's, but with fewer channels.
	{nn.Convolution{In: 1, Out: 2, Size: 16, Kernel: 3, Stride: 2, Margin: 1}, 256, 128},
	{nn.Convolution{In: 2, Out: 4, Size: 8, Kernel: 3, Stride: 2, Margin: 1}, 128, 64},
	{nn.Convolution{In: 4, Out: 1, Size: 4, Kernel: 4, Stride: 1}, 64, 1},
}

// channels is how many channels a layer's input has, and its output. Those of
// Dense layers are not kept in channels.
func channels(l nn.Layer) (in, out int, kept bool) {
	if c, ok := l.(nn.Convolution); ok {
		return c.In, c.Out, true
	}
	return 1, 1, false
}

// inLayout puts samples into the matrix that a layer takes them in, or brings
// out: a row for each channel, or for each sample.
func inLayout(samples [][]float64, channels int, kept bool) *tensor.Dense {
	if !kept {
		var all []float64
		for _, s := range samples {
			all = append(all, s...)
		}
		return nntest.Matrix(len(samples), len(samples[0]), all)
	}
	size := len(samples[0]) / channels
	var all []float64
	for c := range channels {
		for _, s := range samples {
			all = append(all, s[c*size:(c+1)*size]...)
		}
	}
	return nntest.Matrix(channels, len(samples)*size, all)
}

// TestLayers compares what layers make of samples with what the formulas make of
// them one by one.
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
			in, out, kept := channels(test.layer)
			want := inLayout(y, out, kept)
			if want.Size() != samples*test.out {
				t.Fatalf("%+v: %d outputs, want %d", test.layer, want.Size(), samples*test.out)
			}

			g := gorgonia.NewGraph()
			node, _ := n.In(g, "n").Forward(nn.Input(g, "x", inLayout(x, in, kept)))
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

// TestPullBack wants the adjoint of each layer's linear part: the product of
// L(x) with dy must be that of x with the gradient.
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
		in, out, kept := channels(test.layer)
		at := inLayout(x, in, kept)

		g := gorgonia.NewGraph()
		node, _ := n.In(g, "n").Backward(nil, nn.Input(g, "dy", inLayout(dy, out, kept)))
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

// TestBackward compares the gradients of whole networks with differences, at the
// input and at what goes into the activations.
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
			in, _, kept := channels(n.Layers[0])
			size := 2
			if kept {
				size = nntest.MiniatureSize
			}
			var x [][]float64
			for range samples {
				x = append(x, nntest.Normal(rng, size))
			}
			at := inLayout(x, in, kept)

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
			// A bias is added to what goes into a unit's activation, in every
			// sample and place.
			for l, got := range wantPre {
				bias := n.Params[l][len(n.Params[l])-1]
				units := bias.Size()
				total := make([]float64, units)
				for i, v := range got {
					if kept {
						total[i/(len(got)/units)] += v
					} else {
						total[i%units] += v
					}
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
