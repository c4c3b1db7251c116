package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// Activation is LeakyReLU with the slope alpha. Its functions add the
// activation and its gradient to a graph.
type Activation struct {
	name  string
	Alpha float64
	Apply func(x *gorgonia.Node) (*gorgonia.Node, error)
	// Grad is the gradient at x for the upstream gradient dy.
	Grad func(x, dy *gorgonia.Node) (*gorgonia.Node, error)
}

// NewActivation returns the activation of that name: leaky is this module's
// operator, relu is the same operator with a slope of 0, builtin is
// gorgonia.LeakyRelu. It returns an error if the slope is not finite in dtype
// dt.
func NewActivation(name string, alpha float64, dt tensor.Dtype) (Activation, error) {
	act := Activation{
		name:  name,
		Alpha: alpha,
		Apply: leakyrelu.Activation(alpha, leakyrelu.InPlace()),
		Grad: func(x, dy *gorgonia.Node) (*gorgonia.Node, error) {
			return leakyrelu.ApplyGrad(x, dy, alpha, leakyrelu.InPlace())
		},
	}
	// The operator checks the slope. Gorgonia does not.
	if _, err := act.Apply(gorgonia.NewScalar(gorgonia.NewGraph(), dt)); err != nil {
		return Activation{}, err
	}
	switch name {
	case "leaky", "relu":
	case "builtin":
		act.Apply = func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LeakyRelu(x, alpha) }
		act.Grad = func(x, dy *gorgonia.Node) (*gorgonia.Node, error) { return builtinGrad(x, dy, alpha) }
	default:
		return Activation{}, fmt.Errorf("-activation is %q, expected leaky, relu or builtin", name)
	}
	return act, nil
}

// builtinGrad is the gradient of gorgonia.LeakyRelu as Gorgonia itself derives
// it: dy·(x ≥ 0) + alpha·dy·(x < 0). The graph shares the comparisons with the
// forward pass. So the built-in has no extra cost. With the built-in, the
// networks do not use this module's operator at all. So a comparison of the two
// is fair.
func builtinGrad(x, dy *gorgonia.Node, alpha float64) (*gorgonia.Node, error) {
	zero, slope := Constant(x.Dtype(), 0), Constant(x.Dtype(), alpha)
	positive := Must(gorgonia.HadamardProd(dy, Must(gorgonia.Gte(x, zero, true))))
	negative := Must(gorgonia.HadamardProd(dy, Must(gorgonia.Lt(x, zero, true))))
	return gorgonia.Add(positive, Must(gorgonia.HadamardProd(negative, slope)))
}

func (a Activation) String() string {
	switch a.name {
	case "leaky":
		return fmt.Sprintf("LeakyReLU %v", a.Alpha)
	case "relu":
		return "ReLU"
	}
	return fmt.Sprintf("Gorgonia's LeakyRelu %v", a.Alpha)
}
