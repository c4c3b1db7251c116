package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// The operator allocates nothing if its destination exists already.
func TestAllocations(t *testing.T) {
	for _, c := range []struct {
		name   string
		x, dst gorgonia.Value
	}{
		{"tensor", dense(make([]float32, 64), 8, 8), dense(make([]float32, 64), 8, 8)},
		{"view", base(slice(nil, tensor.S(1, 4)), 4, 5)(t, rand.New(rand.NewPCG(1, 2)), tensor.Float32), dense(make([]float32, 12), 4, 3)},
		{"transposed", base(transpose(), 3, 4)(t, rand.New(rand.NewPCG(1, 2)), tensor.Float32), dense(make([]float32, 12), 4, 3)},
		{"scalar", gorgonia.NewF64(-1), gorgonia.NewF64(0)},
	} {
		op, grad := newOp(t, 0.2), newGrad(t, 0.2)
		for _, m := range []struct {
			name string
			run  func() error
		}{
			{"UsePreallocDo", func() error { _, err := op.UsePreallocDo(c.dst, c.x); return err }},
			{"IncrDo", func() error { return op.IncrDo(c.dst, c.x) }},
			{"UsePreallocDo of the gradient", func() error { _, err := grad.UsePreallocDo(c.dst, c.x, c.x); return err }},
			{"IncrDo of the gradient", func() error { return grad.IncrDo(c.dst, c.x, c.x) }},
		} {
			if n := testing.AllocsPerRun(100, func() {
				if err := m.run(); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s, %s: %v allocations, want none", c.name, m.name, n)
			}
		}
	}
}

// After a run on the Lisp machine, all values that DoDiff needs exist. So
// DoDiff allocates nothing.
func TestDoDiffAllocations(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense(make([]float32, 64), 8, 8))
	y := must(leakyrelu.Apply(x, 0.2))
	d := must(leakyrelu.ApplyGrad(x, y, 0.2))
	must(gorgonia.Sum(d))
	runLisp(t, g)
	for _, c := range []struct {
		output *gorgonia.Node
		inputs gorgonia.Nodes
	}{{y, gorgonia.Nodes{x}}, {d, gorgonia.Nodes{x, y}}} {
		op := c.output.Op().(*leakyrelu.Op)
		if n := testing.AllocsPerRun(100, func() {
			if err := op.DoDiff(gorgonia.ExecutionContext{}, c.inputs, c.output); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("DoDiff of %v: %v allocations, want none", op, n)
		}
	}
}

// TestHeapDoesNotGrow trains for 10,000 steps on each machine.
func TestHeapDoesNotGrow(t *testing.T) {
	train := map[string]func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) (step func()){
		"tape": func(t *testing.T, loss *gorgonia.Node, weights gorgonia.Nodes) func() {
			grad(t, loss, weights...)
			vm := gorgonia.NewTapeMachine(loss.Graph(), gorgonia.BindDualValues(weights...))
			return func() { runAll(t, vm); vm.Reset() }
		},
		"Lisp": func(t *testing.T, loss *gorgonia.Node, _ gorgonia.Nodes) func() {
			return func() { runLisp(t, loss.Graph()) }
		},
	}
	for name, machine := range train {
		t.Run(name, func(t *testing.T) {
			must := must(t)
			g := gorgonia.NewGraph()
			w1, w2, w3, _, _, _, out := newCritic(rand.New(rand.NewPCG(7, 8))).nodes(t, g, 0.2)
			loss := must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(out, gorgonia.NewConstant(1.0)))))))
			weights := gorgonia.Nodes{w1, w2, w3}
			step := machine(t, loss, weights)
			solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(1e-3))
			steps := func(n int) {
				for range n {
					step()
					if err := solver.Step(gorgonia.NodesToValueGrads(weights)); err != nil {
						t.Fatal(err)
					}
				}
			}
			heap := func() uint64 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			steps(1000)
			before := heap()
			steps(10_000)
			if after := heap(); after > before+64<<10 {
				t.Errorf("the heap grew from %d to %d bytes in 10,000 steps", before, after)
			}
			if l := loss.Value().Data().(float64); !(l < 0.1) {
				t.Errorf("the loss is %v after training, want it near 0", l)
			}
		})
	}
}

// Deep networks and unrolled recurrent networks have thousands of activations.
// Each activation looks at the whole graph. The test checks that
// differentiating and compiling such a graph allocates no more memory than with
// Tanh.
func TestDeepStackAllocations(t *testing.T) {
	bytes := func(activation func(node) (node, error)) uint64 {
		must := must(t)
		g := gorgonia.NewGraph()
		x, c := input(g, "x", dense([]float64{1, -2}, 2)), input(g, "c", dense([]float64{3, -4}, 2))
		h := x
		for range 300 {
			h = must(activation(must(gorgonia.Add(h, c))))
		}
		cost := must(gorgonia.Sum(h))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		grad(t, cost, x)
		gorgonia.NewTapeMachine(g).Close()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	tanh := bytes(gorgonia.Tanh)
	for _, opts := range inAndOutOfPlace {
		if ours := bytes(leakyrelu.Activation(0.2, opts...)); ours > tanh {
			t.Errorf("%d options: %d bytes, with Tanh %d", len(opts), ours, tanh)
		}
	}
}

// Without an activation, the step of BenchmarkStep allocates 4 tensors. Out of
// place, the activation adds two: its result and its gradient. In place it adds
// one: the product that follows can't overwrite the result of the activation,
// because the gradient reads that result.
func TestStepAllocations(t *testing.T) {
	const n = 1 << 14
	for i, want := range []float64{4, 11, 6, 5} {
		step := newStep(t, n, activations[i].apply)
		step()
		if got := bytesOf(step) / (4 * n); math.Abs(got-want) > 0.3 {
			t.Errorf("%s: a step allocates %.2f tensors, want %v", activations[i].name, got, want)
		}
	}
}

// The test measures what a training step of Conv2d → activation → MaxPool2D,
// twice, allocates. In place, the activation adds nothing: its result
// overwrites its input, and its gradient overwrites the upstream gradient. Out
// of place, it adds two tensors a layer.
func TestConvolutionalNetAllocations(t *testing.T) {
	const batch, channels, size = 8, 8, 32
	bytes := func(activation func(node) (node, error)) float64 {
		must := must(t)
		rng := rand.New(rand.NewPCG(35, 36))
		g := gorgonia.NewGraph()
		h := input(g, "x", dense(random[float32](rng, batch*channels*size*size), batch, channels, size, size))
		var ws gorgonia.Nodes
		for _, name := range []string{"w1", "w2"} {
			w := input(g, name, dense(random[float32](rng, channels*channels*9), channels, channels, 3, 3))
			ws = append(ws, w)
			h = must(gorgonia.Conv2d(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
			h = must(activation(h))
			h = must(gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
		}
		grad(t, must(gorgonia.Sum(h)), ws...)
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		step := func() { runAll(t, vm); vm.Reset() }
		step()
		return bytesOf(step)
	}
	// The size of the first layer's activation plus that of the second layer's,
	// which is a quarter of it.
	const activations = 4 * batch * channels * size * size * 5 / 4
	in := func(b float64) float64 { return b / activations }
	none := in(bytes(func(x node) (node, error) { return x, nil }))
	ours := in(bytes(leakyrelu.Activation(0.2))) - none
	inPlace := in(bytes(leakyrelu.Activation(0.2, leakyrelu.InPlace()))) - none
	t.Logf("activations allocated: %.2f without, %.2f more, %.2f more in place", none, ours, inPlace)
	if inPlace > 0.05 {
		t.Errorf("in place, a step allocates %.2f activations more than without, want 0", inPlace)
	}
	if ours < 1.95 || ours > 2.05 {
		t.Errorf("out of place, a step allocates %.2f activations more than without, want 2", ours)
	}
}
