package leakyrelu_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// TestNothingIsOverwritten runs a graph several times. It checks that inputs
// and the outputs of earlier runs keep their elements. The operators between
// the input and the activation share memory with the input.
func TestNothingIsOverwritten(t *testing.T) {
	for _, c := range []struct {
		name string
		path func(must func(node, error) node, x node) node

		differentiable bool // Gorgonia's Grad panics at an Iop
	}{
		{"the input itself", func(_ func(node, error) node, x node) node { return x }, true},
		{"Reshape", func(must func(node, error) node, x node) node {
			return must(gorgonia.Reshape(x, tensor.Shape{4, 3}))
		}, true},
		{"Slice", func(must func(node, error) node, x node) node {
			return must(gorgonia.Slice(x, gorgonia.S(0, 2)))
		}, true},
		{"Transpose", func(must func(node, error) node, x node) node { return must(gorgonia.Transpose(x)) }, true},
		{"Iop", func(must func(node, error) node, x node) node {
			return must(gorgonia.ApplyOp(gorgonia.Iop{}, x))
		}, false},
		{"Reshape of Iop", func(must func(node, error) node, x node) node {
			return must(gorgonia.Reshape(must(gorgonia.ApplyOp(gorgonia.Iop{}, x)), tensor.Shape{12}))
		}, false},
	} {
		for _, opts := range inAndOutOfPlace {
			t.Run(name(c.name, "/options ", len(opts)), func(t *testing.T) {
				must := must(t)
				rng := rand.New(rand.NewPCG(9, 10))
				xs := random[float64](rng, 12)
				xv := dense(xs, 3, 4)
				g := gorgonia.NewGraph()
				x := input(g, "x", xv)
				y := must(leakyrelu.Apply(c.path(must, x), 0.2, opts...))
				outputs := gorgonia.Nodes{y}
				if c.differentiable {
					outputs = append(outputs, grad(t, must(gorgonia.Sum(must(gorgonia.Square(y)))), x)...)
				}
				vm := gorgonia.NewTapeMachine(g)
				defer vm.Close()

				runAll(t, vm)
				var kept []gorgonia.Value
				var keptElements [][]float64
				for _, n := range outputs {
					kept = append(kept, n.Value())
					keptElements = append(keptElements, elements[float64](t, n.Value()))
				}
				sameBits(t, "input after the first run", memory[float64](xv), xs)

				for range 3 {
					vm.Reset()
					other := random[float64](rng, 12)
					otherV := dense(other, 3, 4)
					if err := gorgonia.Let(x, otherV); err != nil {
						t.Fatal(err)
					}
					runAll(t, vm)
					sameBits(t, "input of a later run", memory[float64](otherV), other)
				}
				sameBits(t, "input of the first run", memory[float64](xv), xs)
				for i := range kept {
					sameBits(t, name("output ", i, " kept from the first run"), elements[float64](t, kept[i]), keptElements[i])
				}
			})
		}
	}
}

// In TestRecurrentState, the output of each step is the state of the next step.
// The test keeps all states and compares them at the end.
func TestRecurrentState(t *testing.T) {
	for _, c := range []struct {
		name string
		path func(must func(node, error) node, h node) node
		f    func(h float64) float64
	}{
		{"Neg", func(must func(node, error) node, h node) node { return must(gorgonia.Neg(h)) },
			func(h float64) float64 { return -h }},
		// If the activation overwrote its input here, each step would overwrite
		// its own starting state.
		{"Reshape", func(must func(node, error) node, h node) node { return must(gorgonia.Reshape(h, tensor.Shape{4})) },
			func(h float64) float64 { return h }},
	} {
		t.Run(c.name+"/out of place", func(t *testing.T) { testRecurrentState(t, c.path, c.f) })
		t.Run(c.name+"/in place", func(t *testing.T) { testRecurrentState(t, c.path, c.f, leakyrelu.InPlace()) })
	}
}

func testRecurrentState(t *testing.T, path func(must func(node, error) node, h node) node, f func(h float64) float64, opts ...leakyrelu.Option) {
	must := must(t)
	g := gorgonia.NewGraph()
	start := []float64{1, -2, 3, -4}
	h := input(g, "h", dense(start, 4, 1))
	next := must(gorgonia.Reshape(must(leakyrelu.Apply(path(must, h), 0.5, opts...)), tensor.Shape{4, 1}))
	var out gorgonia.Value
	gorgonia.Read(next, &out)
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()

	want := [][]float64{start}
	states := []gorgonia.Value{h.Value()}
	for step := range 20 {
		vm.Reset()
		runAll(t, vm)
		states = append(states, next.Value())
		w := make([]float64, 4)
		for i, v := range want[step] {
			w[i] = leaky(f(v), 0.5)
		}
		want = append(want, w)
		sameBits(t, "what Read gives", elements[float64](t, out), w)
		if err := gorgonia.Let(h, next.Value()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range states {
		sameBits(t, name("state ", i), elements[float64](t, states[i]), want[i])
	}
}

// TestConcurrentClones runs machines on clones of one graph at the same time.
// Clones share their operators. The race detector checks this.
func TestConcurrentClones(t *testing.T) {
	must := must(t)
	xs := random[float64](rand.New(rand.NewPCG(11, 12)), 12)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense(xs, 3, 4))
	y := must(leakyrelu.Apply(must(gorgonia.Neg(must(leakyrelu.Apply(x, 0.2, leakyrelu.InPlace())))), 0.5, leakyrelu.InPlace()))
	dx := grad(t, must(gorgonia.Sum(y)), x)[0]
	want := make([]float64, 12)
	for i, x := range xs {
		want[i] = -gate(-leaky(x, 0.2), gate(x, 1, 0.2), 0.5)
	}

	var wg sync.WaitGroup
	for range 4 {
		clone := g.Clone().(*gorgonia.ExprGraph)
		var dxClone *gorgonia.Node
		for _, n := range clone.AllNodes() {
			if n.ID() == dx.ID() {
				dxClone = n
			}
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			vm := gorgonia.NewTapeMachine(clone)
			defer vm.Close()
			for range 50 {
				if err := vm.RunAll(); err != nil {
					t.Error(err)
					return
				}
				sameBits(t, "gradient", dxClone.Value().Data().([]float64), want)
				vm.Reset()
			}
		}()
	}
	wg.Wait()
}

// A clone may get new nodes. They run after the activation, and still have to
// read its input as it was.
func TestCloneWithNewNodes(t *testing.T) {
	must := must(t)
	xs := random[float64](rand.New(rand.NewPCG(41, 42)), 12)
	g := gorgonia.NewGraph()
	h := must(gorgonia.Neg(input(g, "x", dense(xs, 3, 4))))
	y := must(leakyrelu.Apply(h, 0.2, leakyrelu.InPlace()))
	clone := g.Clone().(*gorgonia.ExprGraph)
	view := must(gorgonia.Reshape(clone.Node(h.ID()).(*gorgonia.Node), tensor.Shape{12}))
	var seen, activated gorgonia.Value
	gorgonia.Read(must(gorgonia.Square(view)), &seen)
	gorgonia.Read(clone.Node(y.ID()).(*gorgonia.Node), &activated)
	runTape(t, clone)
	squares, activations := make([]float64, 12), make([]float64, 12)
	for i, x := range xs {
		squares[i], activations[i] = x*x, leaky(-x, 0.2)
	}
	sameBits(t, "square of the view", elements[float64](t, seen), squares)
	sameBits(t, "activation", elements[float64](t, activated), activations)
}
