package nn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestAdam compares Adam with Gorgonia's solver bit by bit, over steps with
// different learning rates and with some gradients of 0.
func TestAdam(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, betas := range [][2]float64{{0, 0.99}, {0.5, 0.9}, {0.9, 0.999}} {
			// Each solver has a graph with a sum of products. The gradient with
			// respect to one factor is the other factor.
			train := func(step func(rate float64, params gorgonia.Nodes) error) [][]float64 {
				rng := rand.New(rand.NewPCG(5, 6))
				g := gorgonia.NewGraph()
				var params, terms gorgonia.Nodes
				var factors []*tensor.Dense
				for _, shape := range [][2]int{{3, 4}, {1, 4}, {1, 1}} {
					named := func(name string, v *tensor.Dense) *gorgonia.Node {
						return gorgonia.NewMatrix(g, dt, gorgonia.WithName(name), gorgonia.WithShape(shape[0], shape[1]), gorgonia.WithValue(v))
					}
					factors = append(factors, random(rng, dt, shape[0], shape[1]))
					params = append(params, named("parameter", random(rng, dt, shape[0], shape[1])))
					product := gorgonia.Must(gorgonia.HadamardProd(params[len(params)-1], named("factor", factors[len(factors)-1])))
					terms = append(terms, gorgonia.Must(gorgonia.Sum(product)))
				}
				if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.ReduceAdd(terms)), params...); err != nil {
					t.Fatal(err)
				}
				machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(params...))
				defer machine.Close()
				var trace [][]float64
				for i := range 200 {
					for _, f := range factors {
						next := random(rng, dt, f.Shape()[0], f.Shape()[1])
						if i%7 == 3 {
							next.Zero()
						}
						if err := tensor.Copy(f, next); err != nil {
							t.Fatal(err)
						}
					}
					if err := machine.RunAll(); err != nil {
						t.Fatal(err)
					}
					if err := step(1/float64(10+i), params); err != nil {
						t.Fatal(err)
					}
					machine.Reset()
					for _, p := range params {
						trace = append(trace, slices.Clone(elementsOf(t, p.Value())))
						grad, err := p.Grad()
						if err != nil {
							t.Fatal(err)
						}
						for _, v := range elementsOf(t, grad) {
							if v != 0 {
								t.Fatalf("the step left a gradient of %v, want 0", v)
							}
						}
					}
				}
				return trace
			}

			theirs := gorgonia.NewAdamSolver(gorgonia.WithBeta1(betas[0]), gorgonia.WithBeta2(betas[1]))
			want := train(func(rate float64, params gorgonia.Nodes) error {
				gorgonia.WithLearnRate(rate)(theirs)
				return theirs.Step(gorgonia.NodesToValueGrads(params))
			})
			var ours *Adam
			got := train(func(rate float64, params gorgonia.Nodes) error {
				if ours == nil {
					ours = NewAdam(params, betas[0], betas[1])
				}
				return ours.Step(rate)
			})
			for i := range want {
				if !slices.Equal(got[i], want[i]) {
					t.Fatalf("%v, betas %v, step %d, parameter %d: %v, want %v", dt, betas, i/3+1, i%3, got[i], want[i])
				}
			}
		}
	}
}

// TestAdamAllocates checks that a step does not allocate memory.
func TestAdamAllocates(t *testing.T) {
	g := gorgonia.NewGraph()
	p := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("p"), gorgonia.WithShape(30, 40), gorgonia.WithInit(gorgonia.Ones()))
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(p)), p); err != nil {
		t.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(p))
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	a := NewAdam(gorgonia.Nodes{p}, 0.9, 0.999)
	if n := testing.AllocsPerRun(10, func() {
		if err := a.Step(0.1); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a step allocates %v times, want 0", n)
	}
}

// TestAdamWithoutGradient checks that a missing gradient gives an error and not
// a panic.
func TestAdamWithoutGradient(t *testing.T) {
	p := gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithName("p"), gorgonia.WithShape(1, 2), gorgonia.WithInit(gorgonia.Ones()))
	if err := NewAdam(gorgonia.Nodes{p}, 0.9, 0.999).Step(0.1); err == nil {
		t.Error("no error where no machine has run")
	}
}

// TestAdamFormula compares averages and parameters with Algorithm 1 of Kingma
// and Ba.
func TestAdamFormula(t *testing.T) {
	const beta1, beta2, rate = 0.6, 0.95, 0.05
	rng := rand.New(rand.NewPCG(21, 22))
	p, c := random(rng, tensor.Float64, 2, 3), random(rng, tensor.Float64, 2, 3)
	x, mean, square := slices.Clone(p.Float64s()), make([]float64, p.Size()), make([]float64, p.Size())

	g := gorgonia.NewGraph()
	node := Input(g, "p", p)
	loss := Must(gorgonia.Sum(Must(gorgonia.HadamardProd(Must(gorgonia.Square(node)), Input(g, "c", c)))))
	u := NewUpdate(loss, gorgonia.Nodes{node}, beta1, beta2)
	for step := 1; step <= 6; step++ {
		if _, err := u.Run(rate); err != nil {
			t.Fatal(err)
		}
		for i := range x {
			gradient := 2 * c.Float64s()[i] * x[i]
			mean[i] = beta1*mean[i] + (1-beta1)*gradient
			square[i] = beta2*square[i] + (1-beta2)*gradient*gradient
			m := mean[i] / (1 - math.Pow(beta1, float64(step)))
			v := square[i] / (1 - math.Pow(beta2, float64(step)))
			x[i] -= rate * m / (math.Sqrt(v) + 1e-8)
			for name, pair := range map[string][2]float64{
				"parameter": {p.Float64s()[i], x[i]}, "mean": {u.Solver.Means[0].Float64s()[i], mean[i]}, "square": {u.Solver.Squares[0].Float64s()[i], square[i]},
			} {
				if math.Abs(pair[0]-pair[1]) > 1e-12 {
					t.Errorf("step %d, element %d: the %s is %v, want %v", step, i, name, pair[0], pair[1])
				}
			}
		}
		if u.Solver.Steps != step {
			t.Errorf("%d steps, want %d", u.Solver.Steps, step)
		}
	}
}
