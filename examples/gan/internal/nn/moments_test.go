package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

const adamBeta1, adamBeta2, adamRate = 0.6, 0.95, 0.05

// squaresUpdate is an update that lowers Σ c·p² for two matrices p.
func squaresUpdate(p, c [2]*tensor.Dense) *nn.Update {
	g := gorgonia.NewGraph()
	var params gorgonia.Nodes
	var loss *gorgonia.Node
	for i, name := range []string{"a", "b"} {
		x := nn.Input(g, name, p[i])
		params = append(params, x)
		weighted := nn.Must(gorgonia.HadamardProd(nn.Must(gorgonia.Square(x)), nn.Input(g, "weights of "+name, c[i])))
		if sum := nn.Must(gorgonia.Sum(weighted)); loss == nil {
			loss = sum
		} else {
			loss = nn.Must(gorgonia.Add(loss, sum))
		}
	}
	return nn.NewUpdate(loss, params, adamBeta1, adamBeta2)
}

// squaresToLower are parameters and weights for it.
func squaresToLower() (p, c [2]*tensor.Dense) {
	rng := rand.New(rand.NewPCG(21, 22))
	for i, shape := range [][2]int{{2, 3}, {4, 1}} {
		n := shape[0] * shape[1]
		p[i] = nntest.Matrix(shape[0], shape[1], nntest.Normal(rng, n))
		c[i] = nntest.Matrix(shape[0], shape[1], nntest.Normal(rng, n))
	}
	return p, c
}

// TestMoments compares them, and the parameters, with Adam's formulas (Kingma
// and Ba, arXiv:1412.6980, Algorithm 1).
func TestMoments(t *testing.T) {
	p, c := squaresToLower()
	u := squaresUpdate(p, c)
	var x, mean, square [2][]float64
	for i := range p {
		x[i] = nn.Values(p[i])
		mean[i], square[i] = make([]float64, len(x[i])), make([]float64, len(x[i]))
	}
	for step := range 6 {
		m, err := u.Moments()
		if err != nil {
			t.Fatal(err)
		}
		if m.Steps != step {
			t.Fatalf("%d steps, want %d", m.Steps, step)
		}
		if step == 0 && len(m.Means)+len(m.Squares) > 0 {
			t.Errorf("before the first step there are the moments %v", m)
		}
		for i := range m.Means {
			for j := range x[i] {
				if got, want := m.Means[i].Float64s()[j], mean[i][j]; math.Abs(got-want) > 1e-14 {
					t.Errorf("after %d steps, mean %d of parameter %d is %v, want %v", step, j, i, got, want)
				}
				if got, want := m.Squares[i].Float64s()[j], square[i][j]; math.Abs(got-want) > 1e-14 {
					t.Errorf("after %d steps, mean square %d of parameter %d is %v, want %v", step, j, i, got, want)
				}
				if got, want := p[i].Float64s()[j], x[i][j]; math.Abs(got-want) > 1e-12 {
					t.Errorf("after %d steps, element %d of parameter %d is %v, want %v", step, j, i, got, want)
				}
			}
		}

		if _, err := u.Run(adamRate); err != nil {
			t.Fatal(err)
		}
		for i := range x {
			for j := range x[i] {
				gradient := 2 * c[i].Float64s()[j] * x[i][j]
				mean[i][j] = adamBeta1*mean[i][j] + (1-adamBeta1)*gradient
				square[i][j] = adamBeta2*square[i][j] + (1-adamBeta2)*gradient*gradient
				m := mean[i][j] / (1 - math.Pow(adamBeta1, float64(step+1)))
				v := square[i][j] / (1 - math.Pow(adamBeta2, float64(step+1)))
				x[i][j] -= adamRate * m / (math.Sqrt(v) + 1e-8)
			}
		}
	}
}

// TestSetMoments goes on with another solver, and wants what going on with the
// same one gives.
func TestSetMoments(t *testing.T) {
	steps := func(u *nn.Update, n int) {
		for range n {
			if _, err := u.Run(adamRate); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, before := range []int{0, 1, 5} {
		p, c := squaresToLower()
		u := squaresUpdate(p, c)
		steps(u, before)
		m, err := u.Moments()
		if err != nil {
			t.Fatal(err)
		}
		var q [2]*tensor.Dense
		for i := range p {
			q[i] = p[i].Clone().(*tensor.Dense)
		}
		for i := range m.Means {
			m.Means[i] = m.Means[i].Clone().(*tensor.Dense)
			m.Squares[i] = m.Squares[i].Clone().(*tensor.Dense)
		}
		v := squaresUpdate(q, c)
		if err := v.SetMoments(m); err != nil {
			t.Fatal(err)
		}
		steps(u, 5)
		steps(v, 5)
		for i := range p {
			if !slices.Equal(nn.Values(p[i]), nn.Values(q[i])) {
				t.Errorf("after %d steps and 5 more: parameter %d is %v, with another solver %v", before, i, nn.Values(p[i]), nn.Values(q[i]))
			}
		}
	}
}
