package nn_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

// TestActivationNames checks that the names select two different
// implementations.
func TestActivationNames(t *testing.T) {
	for name, want := range map[string]bool{"leaky": true, "relu": true, "builtin": false} {
		act, err := nn.NewActivation(name, 0, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		g := gorgonia.NewGraph()
		x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
		if _, err := gorgonia.Grad(nn.Must(gorgonia.Sum(nn.Must(act.Grad(x, nn.Must(act.Apply(x)))))), x); err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(g.AllNodes(), func(n *gorgonia.Node) bool {
			_, ok := n.Op().(*leakyrelu.Op)
			return ok
		})
		if found != want {
			t.Errorf("%s: operator of this module in the graph is %t, want %t", name, found, want)
		}
	}
	if _, err := nn.NewActivation("gelu", 0.2, tensor.Float32); err == nil || !strings.Contains(err.Error(), `"gelu"`) {
		t.Errorf("activation gelu: got error %v, want one that names it", err)
	}
}

// TestActivationFormula compares activations and their gradients with the
// formula, bit by bit, away from 0.
func TestActivationFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	const rows, columns = 7, 9
	for _, test := range []struct {
		name  string
		alpha float64
		text  string
	}{
		{"leaky", 0.2, "LeakyReLU 0.2"},
		{"leaky", -0.5, "LeakyReLU -0.5"},
		{"relu", 0, "ReLU"},
		{"builtin", 0.2, "Gorgonia's LeakyRelu 0.2"},
	} {
		act, err := nn.NewActivation(test.name, test.alpha, tensor.Float64)
		if err != nil {
			t.Fatal(err)
		}
		if act.String() != test.text || act.Alpha != test.alpha {
			t.Errorf("%s: got %v with slope %v, want %s with %v", test.name, act, act.Alpha, test.text, test.alpha)
		}
		x, dy := nntest.Normal(rng, rows*columns), nntest.Normal(rng, rows*columns)
		wantY, wantDx := slices.Clone(x), slices.Clone(dy)
		for i := range x {
			if x[i] < 0 {
				wantY[i] *= test.alpha
				wantDx[i] *= test.alpha
			}
		}
		g := gorgonia.NewGraph()
		node := nn.Input(g, "x", nntest.Matrix(rows, columns, x))
		var y, dx gorgonia.Value
		gorgonia.Read(nn.Must(act.Apply(node)), &y)
		gorgonia.Read(nn.Must(act.Grad(node, nn.Input(g, "dy", nntest.Matrix(rows, columns, dy)))), &dx)
		nntest.Run(t, g)
		// The built-in adds a 0 at the end, which may change the sign of a 0.
		if !slices.Equal(nn.Values(y), wantY) {
			t.Errorf("%v of %v is %v, want %v", act, x, nn.Values(y), wantY)
		}
		if !slices.Equal(nn.Values(dx), wantDx) {
			t.Errorf("%v: gradient is %v, want %v", act, nn.Values(dx), wantDx)
		}
	}
}
