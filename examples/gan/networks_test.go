package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

// TestNewNetwork checks that the first weights keep the size of a signal.
func TestNewNetwork(t *testing.T) {
	for _, alpha := range []float64{0, 0.2, 1, -0.5} {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, test := range []struct {
			layer layer
			fanIn float64
		}{
			{dense{300, 200}, 300},
			{convolution{in: 50, out: 100, size: 4, kernel: 3, stride: 1}, 450},
		} {
			n := newNetwork(rng, tensor.Float32, activation{alpha: alpha}, []layer{test.layer})
			params := n.parameters()
			var squares, count float64
			for _, w := range params[:len(params)-1] {
				for _, v := range values(w) {
					squares += v * v
					count++
				}
			}
			got, want := squares/count, 2/((1+alpha*alpha)*test.fanIn)
			if math.Abs(got/want-1) > 5*math.Sqrt(2/count) {
				t.Errorf("alpha %v, %+v: variance of the weights is %v, want %v", alpha, test.layer, got, want)
			}
			for i, b := range values(params[len(params)-1]) {
				if b != 0 {
					t.Errorf("%+v: bias %d is %v, want 0", test.layer, i, b)
				}
			}
		}
	}
}

func TestFollow(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	n := newNetwork(rng, tensor.Float64, activation{}, perceptron(2, 3, 1))
	m := newNetwork(rng, tensor.Float64, activation{}, perceptron(2, 3, 1))
	set(m.params[0][1], []float64{1, 2, 3})
	before := n.clone()
	n.follow(m, 0.75)
	for i, p := range n.parameters() {
		old, target := values(before.parameters()[i]), values(m.parameters()[i])
		for j, got := range values(p) {
			if want := 0.75*old[j] + 0.25*target[j]; math.Abs(got-want) > 1e-15 {
				t.Errorf("parameter %d, element %d: %v, want %v", i, j, got, want)
			}
		}
	}
}
