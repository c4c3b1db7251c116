package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// TestNewNetwork checks that signals keep their size with the initial weights.
func TestNewNetwork(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 1, -0.5} {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, test := range []struct {
			layer nn.Layer
			fanIn float64
		}{
			{nn.Dense{300, 200}, 300},
			{convolution(50, 100, 4, 3, 1, 0), 450},
			{transposed(100, 20, 8, 4, 2, 1), 400},
		} {
			n := nn.NewNetwork(rng, tensor.Float32, nn.Activation{Alpha: alpha}, []nn.Layer{test.layer})
			params := n.Parameters()
			var squares, count float64
			for _, w := range params[:len(params)-1] {
				for _, v := range nn.Values(w) {
					squares += v * v
					count++
				}
			}
			got, want := squares/count, 2/((1+alpha*alpha)*test.fanIn)
			if math.Abs(got/want-1) > 5*math.Sqrt(2/count) {
				t.Errorf("alpha %v, %+v: variance of the weights is %v, want %v", alpha, test.layer, got, want)
			}
			for i, b := range nn.Values(params[len(params)-1]) {
				if b != 0 {
					t.Errorf("%+v: bias %d is %v, want 0", test.layer, i, b)
				}
			}
		}
	}
}

func TestFollow(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	n := nn.NewNetwork(rng, tensor.Float64, nn.Activation{}, nn.Perceptron(2, 3, 1))
	m := nn.NewNetwork(rng, tensor.Float64, nn.Activation{}, nn.Perceptron(2, 3, 1))
	nn.Set(m.Params[0][1], []float64{1, 2, 3})
	before := n.Clone()
	n.Follow(m, 0.75)
	for i, p := range n.Parameters() {
		old, target := nn.Values(before.Parameters()[i]), nn.Values(m.Parameters()[i])
		for j, got := range nn.Values(p) {
			if want := 0.75*old[j] + 0.25*target[j]; math.Abs(got-want) > 1e-15 {
				t.Errorf("parameter %d, element %d: %v, want %v", i, j, got, want)
			}
		}
	}
}
