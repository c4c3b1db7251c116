package main

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// run does n steps and returns their losses.
func (t *trainer) run(tb testing.TB, n int) []losses {
	tb.Helper()
	curve := make([]losses, n)
	for i := range curve {
		var err error
		if curve[i], err = t.next(); err != nil {
			tb.Fatal(err)
		}
	}
	return curve
}

// TestSameSeed trains twice and wants the same bits, however often one looks in
// between.
func TestSameSeed(t *testing.T) {
	c := tiny(t, "leaky")
	c.dtype, c.hidden, c.batch = tensor.Float32, 64, 64
	const steps = 30
	train := func(c config, look bool) (*trainer, []losses) {
		tr := newTrainer(c)
		curve := tr.run(t, steps/2)
		if look {
			if _, _, err := tr.evaluate(); err != nil {
				t.Fatal(err)
			}
		}
		return tr, append(curve, tr.run(t, steps/2)...)
	}
	a, curveA := train(c, false)
	b, curveB := train(c, true)
	if !slices.Equal(curveA, curveB) {
		t.Error("the losses differ between two runs with the same seed")
	}
	for i, n := range []*network{a.generator, a.discriminator, a.average} {
		m := []*network{b.generator, b.discriminator, b.average}[i]
		for j, p := range n.parameters() {
			if !slices.Equal(values(p), values(m.parameters()[j])) {
				t.Errorf("network %d, parameter %d differs between two runs with the same seed", i, j)
			}
		}
	}
	pointsA, _, err := a.evaluate()
	if err != nil {
		t.Fatal(err)
	}
	pointsB, _, err := b.evaluate()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(pointsA, pointsB) {
		t.Error("the samples differ between two runs with the same seed")
	}

	c.seed++
	if _, other := train(c, false); slices.Equal(curveA, other) {
		t.Error("another seed gives the same losses")
	}
}

// TestBuiltinSameCurve trains with the operator and with Gorgonia's own. They
// agree but for the rounding of single operations, which training amplifies
// from step to step; in float64 it takes long until that shows.
func TestBuiltinSameCurve(t *testing.T) {
	const steps = 100
	curve := map[string][]losses{}
	for _, activation := range []string{"leaky", "builtin"} {
		c := tiny(t, activation)
		c.hidden, c.batch, c.steps = 16, 16, steps
		curve[activation] = newTrainer(c).run(t, steps)
	}
	far := 0.0
	for i, a := range curve["leaky"] {
		b := curve["builtin"][i]
		far = max(far, math.Abs(a.discriminator-b.discriminator), math.Abs(a.generator-b.generator))
		if far > 1e-9 {
			t.Fatalf("step %d: losses %v, with the built-in %v", i+1, a, b)
		}
	}
	t.Logf("losses of %d steps differ by %.1e at most", steps, far)
	if first, last := curve["leaky"][0], curve["leaky"][steps-1]; math.Abs(first.discriminator-last.discriminator) < 0.01 {
		t.Errorf("nothing was learned: the losses go from %v to %v", first, last)
	}
}

// TestActivationNames makes sure that the curves above belong to two different
// implementations.
func TestActivationNames(t *testing.T) {
	for name, want := range map[string]bool{"leaky": true, "builtin": false} {
		act, err := newActivation(name, 0.2, tensor.Float32)
		if err != nil {
			t.Fatal(err)
		}
		g := gorgonia.NewGraph()
		x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
		if _, err := gorgonia.Grad(must(gorgonia.Sum(must(act.grad(x, must(act.apply(x)))))), x); err != nil {
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
	if _, err := newActivation("relu", 0.2, tensor.Float32); err == nil || !strings.Contains(err.Error(), `"relu"`) {
		t.Errorf("activation relu: got error %v, want one that names it", err)
	}
}

func TestSchedule(t *testing.T) {
	tr := &trainer{config: config{steps: 1000}}
	for _, want := range []struct {
		step         int
		rate, weight float64
	}{
		{0, 2e-3, 1e-1},
		{500, 2e-3, math.Sqrt(1e-1 * 1e-4)},
		{750, 2e-3 * (1 + 0.01) / 2, 1e-1 * math.Pow(1e-3, 0.75)},
		{1000, 2e-5, 1e-4},
	} {
		tr.step = want.step
		rate, weight := tr.schedule()
		if math.Abs(rate/want.rate-1) > 1e-12 || math.Abs(weight/want.weight-1) > 1e-12 {
			t.Errorf("step %d: rate %v, weight %v, want %v, %v", want.step, rate, weight, want.rate, want.weight)
		}
	}
}

func TestFollow(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	n := newNetwork(rng, tensor.Float64, activation{}, 2, 3, 1)
	m := newNetwork(rng, tensor.Float64, activation{}, 2, 3, 1)
	set(m.biases[0], []float64{1, 2, 3})
	before := n.clone()
	n.follow(m, 0.75)
	for i, p := range n.parameters() {
		old, target := values(before.parameters()[i]), values(m.parameters()[i])
		for j, got := range values(p) {
			if want := 0.75*old[j] + 0.25*target[j]; math.Abs(got-want) > 1e-15 {
				t.Errorf("parameter %d, element %d: %v, want %v", i, j, got, want)
			}
		}
	}
}

// TestDivergence feeds a weight that makes everything NaN.
func TestDivergence(t *testing.T) {
	tr := newTrainer(tiny(t, "leaky"))
	tr.generator.weights[1].Data().([]float64)[0] = math.NaN()
	if _, err := tr.next(); err == nil || !strings.Contains(err.Error(), "diverged in step 1") {
		t.Errorf("got error %v, want one that says training diverged in step 1", err)
	}
	if _, _, err := tr.evaluate(); err == nil || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("evaluation: got error %v, want one that says training diverged", err)
	}
}

// TestHeapHolds trains for 10,000 steps, 2,000 with -short, and wants no more on the heap in the end
// than after the first tenth, give or take 20 bytes a step.
func TestHeapHolds(t *testing.T) {
	steps := 10000
	if testing.Short() {
		steps = 2000
	}
	c := tiny(t, "leaky")
	c.dtype, c.hidden, c.batch, c.steps = tensor.Float32, 4, 2, steps
	tr := newTrainer(c)
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // finalizers of the first have run, pools are empty
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	tr.run(t, steps/10)
	before := live()
	tr.run(t, steps-steps/10)
	after := live()
	t.Logf("heap: %d kB after %d steps, %d kB after %d", before/1000, steps/10, after/1000, steps)
	if after > before+20*uint64(steps) {
		t.Errorf("heap grew from %d to %d bytes in %d steps", before, after, steps-steps/10)
	}
	runtime.KeepAlive(tr)
}

// BenchmarkStep is a step of the default run. The same steps are done with
// Gorgonia's LeakyRelu in turn, and what is reported beside the time of ours is
// the median of their ratios.
func BenchmarkStep(b *testing.B) {
	trainers := map[string]*trainer{}
	for _, activation := range []string{"leaky", "builtin"} {
		c := tiny(b, activation)
		c.dtype, c.hidden, c.batch, c.steps = tensor.Float32, 64, 64, 1<<30
		trainers[activation] = newTrainer(c)
		trainers[activation].run(b, 3)
	}
	timed := func(activation string) float64 {
		start := time.Now()
		trainers[activation].run(b, 1)
		return time.Since(start).Seconds()
	}
	ours, ratios := []float64{}, []float64{}
	for b.Loop() {
		leaky, builtin := timed("leaky"), timed("builtin")
		ours = append(ours, leaky)
		ratios = append(ratios, builtin/leaky)
	}
	slices.Sort(ours)
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op") // both together: of no interest
	b.ReportMetric(1e3*ours[len(ours)/2], "ms/step")
	b.ReportMetric(ratios[len(ratios)/2], "builtin/ours")
}
