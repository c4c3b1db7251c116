package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const adamBeta1, adamBeta2, adamRate = 0.6, 0.95, 0.05

// squaresUpdate is an update that lowers Σ c·p² for two matrices p.
func squaresUpdate(p, c [2]*tensor.Dense) *update {
	g := gorgonia.NewGraph()
	var params gorgonia.Nodes
	var loss *gorgonia.Node
	for i, name := range []string{"a", "b"} {
		x := input(g, name, p[i])
		params = append(params, x)
		weighted := must(gorgonia.HadamardProd(must(gorgonia.Square(x)), input(g, "weights of "+name, c[i])))
		loss = add(loss, must(gorgonia.Sum(weighted)))
	}
	return newUpdate(loss, params, adamBeta1, adamBeta2)
}

// squaresToLower are parameters and weights for it.
func squaresToLower() (p, c [2]*tensor.Dense) {
	rng := rand.New(rand.NewPCG(21, 22))
	for i, shape := range [][2]int{{2, 3}, {4, 1}} {
		n := shape[0] * shape[1]
		p[i] = matrix(shape[0], shape[1], normal(rng, n))
		c[i] = matrix(shape[0], shape[1], normal(rng, n))
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
		x[i] = values(p[i])
		mean[i], square[i] = make([]float64, len(x[i])), make([]float64, len(x[i]))
	}
	for step := range 6 {
		m, err := momentsOf(u.solver)
		if err != nil {
			t.Fatal(err)
		}
		if m.steps != step {
			t.Fatalf("%d steps, want %d", m.steps, step)
		}
		if step == 0 && len(m.means)+len(m.squares) > 0 {
			t.Errorf("before the first step there are the moments %v", m)
		}
		for i := range m.means {
			for j := range x[i] {
				if got, want := m.means[i].Float64s()[j], mean[i][j]; math.Abs(got-want) > 1e-14 {
					t.Errorf("after %d steps, mean %d of parameter %d is %v, want %v", step, j, i, got, want)
				}
				if got, want := m.squares[i].Float64s()[j], square[i][j]; math.Abs(got-want) > 1e-14 {
					t.Errorf("after %d steps, mean square %d of parameter %d is %v, want %v", step, j, i, got, want)
				}
				if got, want := p[i].Float64s()[j], x[i][j]; math.Abs(got-want) > 1e-12 {
					t.Errorf("after %d steps, element %d of parameter %d is %v, want %v", step, j, i, got, want)
				}
			}
		}

		if _, err := u.run(adamRate); err != nil {
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
	steps := func(u *update, n int) {
		for range n {
			if _, err := u.run(adamRate); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, before := range []int{0, 1, 5} {
		p, c := squaresToLower()
		u := squaresUpdate(p, c)
		steps(u, before)
		m, err := momentsOf(u.solver)
		if err != nil {
			t.Fatal(err)
		}
		var q [2]*tensor.Dense
		for i := range p {
			q[i] = p[i].Clone().(*tensor.Dense)
		}
		for i := range m.means {
			m.means[i] = m.means[i].Clone().(*tensor.Dense)
			m.squares[i] = m.squares[i].Clone().(*tensor.Dense)
		}
		v := squaresUpdate(q, c)
		if err := setMoments(v.solver, m); err != nil {
			t.Fatal(err)
		}
		steps(u, 5)
		steps(v, 5)
		for i := range p {
			if !slices.Equal(values(p[i]), values(q[i])) {
				t.Errorf("after %d steps and 5 more: parameter %d is %v, with another solver %v", before, i, values(p[i]), values(q[i]))
			}
		}
	}
}
