package leakyrelu_test

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// Two times Conv2d → activation → MaxPool2D: what a training step allocates. In
// place, the activation adds nothing: its result takes the place of its input,
// and its gradient that of the upstream gradient. Out of place these are two
// more tensors a layer.
func TestConvolutionalNetAllocates(t *testing.T) {
	const batch, channels, size = 8, 8, 32
	bytes := func(activation func(node) (node, error)) float64 {
		must := must(t)
		rng := rand.New(rand.NewPCG(35, 36))
		g := gorgonia.NewGraph()
		h := input(g, "x", dense(random[float32](rng, batch*channels*size*size), batch, channels, size, size))
		var ws gorgonia.Nodes
		for _, name := range []string{"w1", "w2"} {
			w := input(g, name, dense(random[float32](rng, channels*channels*9), channels, channels, 3, 3))
			ws = append(ws, w)
			h = must(gorgonia.Conv2d(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
			h = must(activation(h))
			h = must(gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
		}
		grad(t, must(gorgonia.Sum(h)), ws...)
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		step := func() { runAll(t, vm); vm.Reset() }
		step()
		return bytesOf(step)
	}
	// An activation of the first layer and one of the second, a quarter of that.
	const activations = 4 * batch * channels * size * size * 5 / 4
	in := func(b float64) float64 { return b / activations }
	none := in(bytes(func(x node) (node, error) { return x, nil }))
	ours := in(bytes(leakyrelu.Activation(0.2))) - none
	inPlace := in(bytes(leakyrelu.Activation(0.2, leakyrelu.InPlace()))) - none
	t.Logf("activations allocated: %.2f without, %.2f more, %.2f more in place", none, ours, inPlace)
	if inPlace > 0.05 {
		t.Errorf("in place, a step allocates %.2f activations more than without, want 0", inPlace)
	}
	if ours < 1.95 || ours > 2.05 {
		t.Errorf("out of place, a step allocates %.2f activations more than without, want 2", ours)
	}
}
