package main

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// activation is LeakyReLU with the slope alpha, as functions that put it and its
// gradient into a graph.
type activation struct {
	name  string
	alpha float64
	apply func(x *gorgonia.Node) (*gorgonia.Node, error)
	// grad is the gradient at x for the upstream gradient dy.
	grad func(x, dy *gorgonia.Node) (*gorgonia.Node, error)
}

// newActivation returns the activation of that name: leaky is this module's
// operator, relu is the same for a slope of 0, builtin is gorgonia.LeakyRelu. It
// is an error if the slope is not finite in dtype dt.
func newActivation(name string, alpha float64, dt tensor.Dtype) (activation, error) {
	act := activation{
		name:  name,
		alpha: alpha,
		apply: leakyrelu.Activation(alpha),
		grad: func(x, dy *gorgonia.Node) (*gorgonia.Node, error) {
			return leakyrelu.ApplyGrad(x, dy, alpha)
		},
	}
	// The operator knows which slopes make sense. Gorgonia takes any.
	if _, err := act.apply(gorgonia.NewScalar(gorgonia.NewGraph(), dt)); err != nil {
		return activation{}, err
	}
	switch name {
	case "leaky", "relu":
	case "builtin":
		act.apply = func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LeakyRelu(x, alpha) }
		act.grad = func(x, dy *gorgonia.Node) (*gorgonia.Node, error) { return builtinGrad(x, dy, alpha) }
	default:
		return activation{}, fmt.Errorf("-activation is %q, expected leaky, relu or builtin", name)
	}
	return act, nil
}

// builtinGrad is the gradient of gorgonia.LeakyRelu the way Gorgonia itself
// derives it, dy·(x ≥ 0) + alpha·dy·(x < 0). The graph shares the comparisons
// with the forward pass, so this costs the built-in as little as can be; and as
// nothing of this module's operator is left in the networks, measuring one
// against the other measures Gorgonia with it and Gorgonia without.
func builtinGrad(x, dy *gorgonia.Node, alpha float64) (*gorgonia.Node, error) {
	zero, slope := constant(x.Dtype(), 0), constant(x.Dtype(), alpha)
	positive := must(gorgonia.HadamardProd(dy, must(gorgonia.Gte(x, zero, true))))
	negative := must(gorgonia.HadamardProd(dy, must(gorgonia.Lt(x, zero, true))))
	return gorgonia.Add(positive, must(gorgonia.HadamardProd(negative, slope)))
}

func (a activation) String() string {
	switch a.name {
	case "leaky":
		return fmt.Sprintf("LeakyReLU %v", a.alpha)
	case "relu":
		return "ReLU"
	}
	return fmt.Sprintf("Gorgonia's LeakyRelu %v", a.alpha)
}
