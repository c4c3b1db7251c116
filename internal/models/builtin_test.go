package models

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// These tests check what README.md, under "Semantics", says of
// gorgonia.LeakyRelu. A failure here means that Gorgonia has changed, not that
// this package is wrong.

const ifFixed = seenIn + "; if Gorgonia has changed, correct the column of the built-in under Semantics in README.md, and this test"

// evaluate returns the value and the gradient of the built-in at each x, on the
// tape machine or on the Lisp machine.
func evaluate(t *testing.T, dt tensor.Dtype, alpha float64, onLisp bool, xs ...float64) (y, dx []uint64) {
	must := must(t)
	g := gorgonia.NewGraph()
	x := node(g, "x", source{dt: dt}.list(xs...))
	out := must(gorgonia.LeakyRelu(x, alpha))
	var read gorgonia.Value
	gorgonia.Read(out, &read)
	// The upstream gradient is 1. With Mean or a product in place of Sum, it
	// would be NaN at Inf.
	loss := must(gorgonia.Sum(out))
	var vm gorgonia.VM
	if onLisp {
		vm = gorgonia.NewLispMachine(g)
	} else {
		if _, err := gorgonia.Grad(loss, x); err != nil {
			t.Fatal(err)
		}
		vm = gorgonia.NewTapeMachine(g)
	}
	defer vm.Close()
	runAll(t, vm)
	d, err := x.Grad()
	done(t, err)
	return bitsOf(read), bitsOf(d)
}

func TestBuiltin(t *testing.T) {
	inf, nan, zero, negativeZero := math.Inf(1), math.NaN(), 0.0, math.Copysign(0, -1)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, onLisp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, Lisp machine %t", dt, onLisp), func(t *testing.T) {
				for _, c := range []struct{ alpha, x, y, dx float64 }{
					{0.25, zero, zero, 1},
					{0.25, negativeZero, negativeZero, 1},
					{0.25, nan, nan, 0},
					{0.25, inf, nan, 1},
					{0.25, -inf, nan, 0.25},
					{0, -inf, nan, 0},
					{0.25, 2, 2, 1},
					{0.25, -2, -0.5, 0.25},
					{-0.5, 2, 2, 1},
					{-0.5, -2, 1, -0.5},
					{3, 2, 2, 1},
					{3, -2, -6, 3},
				} {
					y, dx := evaluate(t, dt, c.alpha, onLisp, c.x)
					if got, want := y[0], bitsOf(gorgonia.NewF64(c.y))[0]; got != want {
						t.Errorf("gorgonia.LeakyRelu(%v, %v) is %v, expected %v, %s", c.x, c.alpha, math.Float64frombits(got), c.y, ifFixed)
					}
					if got, want := math.Float64frombits(dx[0]), c.dx; got != want {
						t.Errorf("the gradient of gorgonia.LeakyRelu(%v, %v) is %v, expected %v, %s", c.x, c.alpha, got, want, ifFixed)
					}
				}
			})
		}
	}
}

func TestBuiltinAcceptsAnyAlpha(t *testing.T) {
	g := gorgonia.NewGraph()
	x := node(g, "x", source{dt: tensor.Float32}.constant(1, 2))
	for _, alpha := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e39} {
		if _, err := gorgonia.LeakyRelu(x, alpha); err != nil {
			t.Errorf("gorgonia.LeakyRelu with a slope of %v fails with %q, expected no error, %s", alpha, err, ifFixed)
		}
	}
}

func TestBuiltinOnWrongInput(t *testing.T) {
	g := gorgonia.NewGraph()
	for name, x := range map[string]*gorgonia.Node{
		"nil":   nil,
		"ints":  gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(2), gorgonia.WithName("ints")),
		"bools": gorgonia.NewVector(g, tensor.Bool, gorgonia.WithShape(2), gorgonia.WithName("bools")),
	} {
		what := func() (what string) {
			defer func() {
				if recover() != nil {
					what = "a panic"
				}
			}()
			if _, err := gorgonia.LeakyRelu(x, 0.1); err != nil {
				return "an error"
			}
			return "accepted"
		}()
		if want := map[bool]string{true: "a panic", false: "an error"}[x == nil]; what != want {
			t.Errorf("gorgonia.LeakyRelu of %s: %s, expected %s, %s", name, what, want, ifFixed)
		}
	}
}

// For finite numbers, the results differ only in the gradient where the input
// is exactly 0. With this package it is alpha times the upstream gradient, as
// in PyTorch and TensorFlow. With the built-in it is the upstream gradient.
func TestGradientAtZero(t *testing.T) {
	const alpha = 0.25
	zero := math.Copysign(0, -1)
	for _, on := range []machine{tape, lisp} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			for _, v := range variants(alpha) {
				must := must(t)
				src := source{dt: dt}
				g := gorgonia.NewGraph()
				xs := []float64{-1, 0, 1, zero}
				x := node(g, "x", src.list(xs...))
				shift := node(g, "shift", src.list(0, 0, 0, zero))
				k := node(g, "k", src.constant(8, 4))
				y := must(v.apply(must(gorgonia.Add(x, shift))))
				run := on.start(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, k)))), gorgonia.Nodes{shift})
				done(t, run(func(weights gorgonia.Nodes) {
					atZero, where := alpha*8, ""
					if v.name == "gorgonia.LeakyRelu" {
						atZero, where = 8, ", "+ifFixed
					}
					d, err := weights[0].Grad()
					done(t, err)
					want := []float64{alpha * 8, atZero, 8, atZero}
					for i, got := range bitsOf(d) {
						if got := math.Float64frombits(got); got != want[i] {
							t.Errorf("%s on the %s machine: the gradient at %v is %v, expected %v%s", v.name, on.name, xs[i], got, want[i], where)
						}
					}
				}))
			}
		}
	}
}

// Reshape shares the memory of its input. The built-in overwrites that memory.
// This package does not, also in place.
func TestInputThroughReshape(t *testing.T) {
	for _, v := range variants(0.2) {
		must := must(t)
		src := newSource(tensor.Float64, 16)
		g := gorgonia.NewGraph()
		given := src.normal(1, 4, 6)
		x := node(g, "x", clone(given))
		must(gorgonia.Sum(must(v.apply(must(gorgonia.Reshape(x, tensor.Shape{24}))))))
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		runAll(t, vm)
		if v.name != "gorgonia.LeakyRelu" {
			kept(t, "x", x.Value(), given)
		} else if slices.Equal(bitsOf(x.Value()), bitsOf(given)) {
			t.Errorf("gorgonia.LeakyRelu after Reshape didn't overwrite its input, expected that it does, %s", ifFixed)
		}
	}
}

// In a run without gradients, Gorgonia overwrites more values, because fewer
// are needed later. In mean(activation(view(h)) + h), the built-in overwrites
// the view, which shares the memory of h. So the sum reads a wrong h.
func TestSumOfActivatedViewAndInput(t *testing.T) {
	const alpha = 0.2
	hs := newSource(tensor.Float64, 17).normal(1, 4, 6)
	want := 0.0
	for _, h := range hs.Float64s() {
		want += (h + max(h, alpha*h)) / 24
	}
	for name, view := range map[string]activation{
		"Reshape": func(h *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Reshape(h, tensor.Shape{4, 6}) },
		"Dropout": func(h *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(h, 0.5) },
	} {
		for _, v := range variants(alpha) {
			must := must(t)
			g := gorgonia.NewGraph()
			h := must(gorgonia.Add(node(g, "x", clone(hs)), node(g, "zero", source{dt: tensor.Float64}.constant(0, 4, 6))))
			mean := must(gorgonia.Mean(must(gorgonia.Add(must(v.apply(must(view(h)))), h))))
			vm := gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
			defer vm.Close()
			runAll(t, vm)
			got := mean.Value().Data().(float64)
			switch right := math.Abs(got-want) < 1e-12; {
			case right && v.name == "gorgonia.LeakyRelu":
				t.Errorf("gorgonia.LeakyRelu after %s: the mean is right, %v, expected a wrong one, %s", name, got, ifFixed)
			case !right && v.name != "gorgonia.LeakyRelu":
				t.Errorf("%s after %s: the mean is %v, expected %v", v.name, name, got, want)
			}
		}
	}
}
