package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// layersToTry are layers with the number of inputs and outputs of a sample.
var layersToTry = []struct {
	layer   layer
	in, out int
}{
	{dense{1, 1}, 1, 1},
	{dense{3, 5}, 3, 5},
	{convolution{in: 1, out: 1, size: 1, kernel: 1, stride: 1}, 1, 1},
	{convolution{in: 1, out: 1, size: 3, kernel: 3, stride: 1}, 9, 1},
	{convolution{in: 2, out: 1, size: 3, kernel: 3, stride: 1}, 18, 1},
	{convolution{in: 1, out: 2, size: 4, kernel: 1, stride: 1}, 16, 32},
	{convolution{in: 2, out: 3, size: 4, kernel: 2, stride: 2}, 32, 12},
	{convolution{in: 3, out: 2, size: 5, kernel: 2, stride: 2}, 75, 8}, // the last row has no place
	{convolution{in: 2, out: 2, size: 5, kernel: 3, stride: 1, margin: 1}, 50, 50},
	{convolution{in: 1, out: 2, size: 4, kernel: 3, stride: 2, margin: 1}, 16, 8},
	{convolution{in: 2, out: 1, size: 2, kernel: 3, stride: 1, margin: 2}, 8, 16},
	{convolution{in: 2, out: 2, size: 7, kernel: 3, stride: 3, margin: 2}, 98, 18},
	// The discriminator's, but with fewer channels.
	{convolution{in: 1, out: 2, size: 16, kernel: 3, stride: 2, margin: 1}, 256, 128},
	{convolution{in: 2, out: 4, size: 8, kernel: 3, stride: 2, margin: 1}, 128, 64},
	{convolution{in: 4, out: 1, size: 4, kernel: 4, stride: 1}, 64, 1},
}

// channels is how many channels a layer's input has, and its output. Those of
// dense layers are not kept in channels.
func channels(l layer) (in, out int, kept bool) {
	if c, ok := l.(convolution); ok {
		return c.in, c.out, true
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
		return matrix(len(samples), len(samples[0]), all)
	}
	size := len(samples[0]) / channels
	var all []float64
	for c := range channels {
		for _, s := range samples {
			all = append(all, s[c*size:(c+1)*size]...)
		}
	}
	return matrix(channels, len(samples)*size, all)
}

// TestLayers compares what layers make of samples with what the formulas make of
// them one by one.
func TestLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, test := range layersToTry {
		for _, samples := range []int{1, 2, 5} {
			n := newNetwork(rng, tensor.Float64, activation{}, []layer{test.layer})
			disturb(rng, n)
			var x, y [][]float64
			for range samples {
				x = append(x, normal(rng, test.in))
				y = append(y, n.one(x[len(x)-1]))
			}
			in, out, kept := channels(test.layer)
			want := inLayout(y, out, kept)
			if want.Size() != samples*test.out {
				t.Fatalf("%+v: %d outputs, want %d", test.layer, want.Size(), samples*test.out)
			}

			g := gorgonia.NewGraph()
			node, _ := n.in(g, "n").forward(input(g, "x", inLayout(x, in, kept)))
			var got gorgonia.Value
			gorgonia.Read(node, &got)
			runGraph(t, g)
			if !got.Shape().Eq(want.Shape()) {
				t.Errorf("%+v, %d samples: shape %v, want %v", test.layer, samples, got.Shape(), want.Shape())
				continue
			}
			for i, w := range values(want) {
				if v := values(got)[i]; math.Abs(v-w) > 1e-12 {
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
		n := newNetwork(rng, tensor.Float64, activation{}, []layer{test.layer})
		var x, y, dy [][]float64
		var want float64
		for i := range samples {
			x = append(x, normal(rng, test.in))
			y = append(y, n.one(x[i])) // the biases are 0
			dy = append(dy, normal(rng, test.out))
			for j, v := range y[i] {
				want += v * dy[i][j]
			}
		}
		in, out, kept := channels(test.layer)
		at := inLayout(x, in, kept)

		g := gorgonia.NewGraph()
		node, _ := n.in(g, "n").backward(nil, input(g, "dy", inLayout(dy, out, kept)))
		var dx gorgonia.Value
		gorgonia.Read(node, &dx)
		runGraph(t, g)
		if !dx.Shape().Eq(at.Shape()) {
			t.Errorf("%+v: shape %v, want %v", test.layer, dx.Shape(), at.Shape())
			continue
		}
		var got float64
		for i, v := range values(dx) {
			got += v * values(at)[i]
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
		act, err := newActivation(name, 0.2, tensor.Float64)
		if err != nil {
			t.Fatal(err)
		}
		_, mixtures := mixture{hidden: 4, latent: 2}.networks(rng, tensor.Float64, act)
		_, pictures := miniatures{}.networks(rng, tensor.Float64, act)
		for _, n := range []*network{mixtures, pictures} {
			disturb(rng, n)
			in, _, kept := channels(n.layers[0])
			size := 2
			if kept {
				size = 36
			}
			var x [][]float64
			for range samples {
				x = append(x, normal(rng, size))
			}
			at := inLayout(x, in, kept)

			g := gorgonia.NewGraph()
			placed := n.in(g, "n")
			y, pre := placed.forward(input(g, "x", at))
			dx, dpre := placed.backward(pre, onesLike(y))
			var gotX gorgonia.Value
			gotPre := make([]gorgonia.Value, len(dpre))
			gorgonia.Read(dx, &gotX)
			for i, d := range dpre {
				gorgonia.Read(d, &gotPre[i])
			}
			runGraph(t, g)
			wantX, wantPre := values(gotX), make([][]float64, len(dpre))
			for i := range wantPre {
				wantPre[i] = values(gotPre[i])
			}

			sum := func() float64 {
				var s float64
				for i := range samples {
					s += n.one(sampleOf(at, i, samples))[0]
				}
				return s
			}
			for i, got := range wantX {
				want, ok := slope(sum, at, i)
				if !ok {
					t.Errorf("%s, %T: input %d is at a kink, choose another seed", name, n.layers[0], i)
				} else if math.Abs(got-want) > 1e-7 {
					t.Errorf("%s, %T: gradient at input %d is %v, by differences %v", name, n.layers[0], i, got, want)
				}
			}
			// A bias is added to what goes into a unit's activation, in every
			// sample and place.
			for l, got := range wantPre {
				bias := n.params[l][len(n.params[l])-1]
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
					want, ok := slope(sum, bias, unit)
					if !ok {
						t.Errorf("%s, %T: unit %d of layer %d is at a kink, choose another seed", name, n.layers[0], unit, l)
					} else if math.Abs(got-want) > 1e-7 {
						t.Errorf("%s, %T: gradient at unit %d of layer %d is %v, by differences %v", name, n.layers[0], unit, l, got, want)
					}
				}
			}
		}
	}
}

// sampleOf is one of the samples in the rows of x, or in its only channel.
func sampleOf(x *tensor.Dense, i, samples int) []float64 {
	v := values(x)
	n := len(v) / samples
	return v[i*n : (i+1)*n]
}

// runGraph runs a graph once.
func runGraph(t *testing.T, g *gorgonia.ExprGraph) {
	t.Helper()
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
}
