package nn

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Adam moves parameters against their gradients (Kingma and Ba,
// arXiv:1412.6980). Its results equal those of gorgonia.AdamSolver bit by bit.
// AdamSolver does not export its averages, so a training run with it can't be
// saved. It also makes four new tensors for each parameter in each step.
type Adam struct {
	params       gorgonia.Nodes
	beta1, beta2 float64
	// Steps, Means and Squares are the whole state of Adam: the number of
	// steps, and for each parameter an average of its gradients and an average
	// of their squares.
	Steps          int
	Means, Squares []*tensor.Dense
}

// NewAdam returns a solver for the parameters. They are float32 or float64
// tensors. A machine computes their gradients under gorgonia.BindDualValues.
func NewAdam(params gorgonia.Nodes, beta1, beta2 float64) *Adam {
	a := &Adam{params: params, beta1: beta1, beta2: beta2}
	for _, p := range params {
		a.Means = append(a.Means, tensor.New(tensor.Of(p.Dtype()), tensor.WithShape(p.Shape()...)))
		a.Squares = append(a.Squares, tensor.New(tensor.Of(p.Dtype()), tensor.WithShape(p.Shape()...)))
	}
	return a
}

// Step moves the parameters at a learning rate. It sets the gradients to 0,
// because a machine adds to the old gradients.
func (a *Adam) Step(rate float64) error {
	a.Steps++
	for i, p := range a.params {
		grad, err := p.Grad()
		if err != nil {
			return fmt.Errorf("gradient of %v: %w", p, err)
		}
		g, ok := grad.(*tensor.Dense)
		if !ok {
			return fmt.Errorf("gradient of %v is a %T, expected a *tensor.Dense", p, grad)
		}
		w := p.Value().(*tensor.Dense)
		if w.Dtype() == tensor.Float32 {
			step(a, rate, w.Float32s(), g.Float32s(), a.Means[i].Float32s(), a.Squares[i].Float32s())
		} else {
			step(a, rate, w.Float64s(), g.Float64s(), a.Means[i].Float64s(), a.Squares[i].Float64s())
		}
	}
	return nil
}

// step moves one parameter. The conversions make Go round after every
// operation. Otherwise Go may join a product and a sum.
func step[T float32 | float64](a *Adam, rate float64, weights, grads, means, squares []T) {
	beta1, beta2, epsilon := T(a.beta1), T(a.beta2), T(1e-8)
	// The averages begin at 0. This corrects their bias.
	scale1 := 1 / T(1-math.Pow(a.beta1, float64(a.Steps)))
	scale2 := 1 / T(1-math.Pow(a.beta2, float64(a.Steps)))
	// Equal lengths save bounds checks. The loop takes 0.6 of the time.
	n := len(grads)
	weights, means, squares = weights[:n], means[:n], squares[:n]
	for i, g := range grads {
		mean := T(beta1*means[i]) + T((1-beta1)*g)
		square := T(beta2*squares[i]) + T(T(g*g)*(1-beta2))
		deviation := T(math.Sqrt(float64(square * scale2)))
		weights[i] -= T(mean*scale1) * T(rate) / (deviation + epsilon)
		means[i], squares[i], grads[i] = mean, square, 0
	}
}
