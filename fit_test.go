package leakyrelu_test

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// Gorgonia lets a program bind a column or a row to a vector node. The built-in
// runs on such a value. This operator has to give the same value and gradient.
func TestColumnForVector(t *testing.T) {
	rng := rand.New(rand.NewPCG(37, 38))
	xs, cs := random[float64](rng, 4), random[float64](rng, 4)
	for _, shape := range []tensor.Shape{{4, 1}, {1, 4}} {
		for _, m := range machines {
			run := func(activation func(node, float64) (node, error)) (y, dx []float64) {
				must := must(t)
				g := gorgonia.NewGraph()
				x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(4), gorgonia.WithName("x"))
				if err := gorgonia.Let(x, dense(xs, shape...)); err != nil {
					t.Fatal(err)
				}
				n := must(activation(x, 0.2))
				var got gorgonia.Value
				read := gorgonia.Read(n, &got)
				m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(n, input(g, "c", dense(cs, 4)))))), read, x)
				return elements[float64](t, got), gradOf[float64](t, x)
			}
			wantY, wantDx := run(gorgonia.LeakyRelu)
			for _, opts := range inAndOutOfPlace {
				y, dx := run(func(x node, alpha float64) (node, error) { return leakyrelu.Apply(x, alpha, opts...) })
				what := name(m.name, ", value of shape ", shape, ", in place ", opts != nil)
				sameBits(t, what+": value", y, wantY)
				sameBits(t, what+": gradient", dx, wantDx)
			}
		}
	}
}
