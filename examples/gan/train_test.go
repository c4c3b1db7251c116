package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorgonia.org/tensor"
)

// TestSameSeed trains twice and wants the same bits, however often one looks in
// between.
func TestSameSeed(t *testing.T) {
	const steps = 30
	for loss := range games {
		c := tiny(t, loss, "leaky")
		c.dtype, c.batch, c.steps = tensor.Float32, 64, steps
		train := func(c config, look bool) (*trainer, []losses) {
			tr := newTrainer(c)
			curve := tr.advance(t, steps/2)
			if look {
				if _, _, err := tr.evaluate(); err != nil {
					t.Fatal(err)
				}
				if _, err := tr.deadUnits.count(tr); err != nil {
					t.Fatal(err)
				}
			}
			return tr, append(curve, tr.advance(t, steps/2)...)
		}
		a, curveA := train(c, false)
		b, curveB := train(c, true)
		if !slices.Equal(curveA, curveB) {
			t.Errorf("%s: the losses differ between two runs with the same seed", loss)
		}
		wantSameNetworks(t, loss, a, b)
		wantSameSamples(t, loss, a, b)
		c.seed++
		if _, other := train(c, false); slices.Equal(curveA, other) {
			t.Errorf("%s: another seed gives the same losses", loss)
		}
	}
}

// TestBuiltinSameCurve trains with the operator and with Gorgonia's own, which
// does the same sums in more steps: the bits must be the same.
func TestBuiltinSameCurve(t *testing.T) {
	const steps = 50
	for loss := range games {
		for task := range tasks(tiny(t, loss, "leaky")) {
			curve := map[string][]losses{}
			for _, activation := range []string{"leaky", "builtin"} {
				c := tasks(tiny(t, loss, activation))[task]
				c.batch, c.steps = 16, steps
				curve[activation] = newTrainer(c).advance(t, steps)
			}
			for i, a := range curve["leaky"] {
				if b := curve["builtin"][i]; a != b {
					t.Errorf("%s, %s, step %d: losses %v, with the built-in %v", loss, task, i+1, a, b)
					break
				}
			}
			if first, last := curve["leaky"][0], curve["leaky"][steps-1]; math.Abs(first.discriminator-last.discriminator) < 0.01 {
				t.Errorf("%s, %s: nothing was learned: the losses go from %v to %v", loss, task, first, last)
			}
		}
	}
}

// TestReluSameCurve trains with what the flags make of a ReLU and of a LeakyReLU
// with a slope of 0.
func TestReluSameCurve(t *testing.T) {
	train := func(flags string) (*trainer, []losses) {
		o, err := parse(strings.Fields(flags))
		if err != nil {
			t.Fatal(err)
		}
		c, err := newConfig(o.settings)
		if err != nil {
			t.Fatal(err)
		}
		m := c.task.(mixture)
		m.hidden = 5
		c.task, c.batch = m, 4
		tr := newTrainer(c)
		return tr, tr.advance(t, 20)
	}
	a, curveA := train("-activation relu")
	b, curveB := train("-activation leaky -alpha 0")
	if !slices.Equal(curveA, curveB) {
		t.Errorf("losses of ReLU %v, of a slope of 0 %v", curveA, curveB)
	}
	wantSameNetworks(t, "ReLU and a slope of 0", a, b)
	if _, other := train("-activation leaky -alpha 0.2"); slices.Equal(curveA, other) {
		t.Error("a slope of 0.2 gives the same losses")
	}
}

func TestSchedule(t *testing.T) {
	r := recipe{rate: 0.3, firstWeight: 16, lastWeight: 1}
	soon, late := r, r
	soon.fall = cosine
	late.fall, late.hold = geometric, 0.5
	for _, want := range []struct {
		recipe
		step         int
		rate, weight float64
	}{
		{soon, 0, 0.3, 16},
		{soon, 250, 0.3, 8},
		{soon, 500, 0.3, 4},
		{soon, 750, 0.1515, 2},
		{soon, 1000, 0.003, 1},
		{late, 250, 0.3, 16},
		{late, 500, 0.3, 16},
		{late, 750, 0.03, 4},
		{late, 1000, 0.003, 1},
	} {
		tr := &trainer{config: config{game: games["r1r2"], recipe: want.recipe, steps: 1000}, step: want.step}
		rate, weight := tr.schedule()
		if math.Abs(rate/want.rate-1) > 1e-12 {
			t.Errorf("hold %v, step %d: rate %v, want %v", want.hold, want.step, rate, want.rate)
		}
		if math.Abs(weight/want.weight-1) > 1e-12 {
			t.Errorf("hold %v, step %d: weight of the penalty %v, want %v", want.hold, want.step, weight, want.weight)
		}
	}
	plain := &trainer{config: config{game: games["plain"], recipe: games["plain"].points, steps: 1000}}
	if _, weight := plain.schedule(); weight != 0 {
		t.Errorf("plain: weight of the penalty %v, want none", weight)
	}
}

// TestAverage wants the averaged generator to be what the formula makes of the
// generators after each step.
func TestAverage(t *testing.T) {
	const steps = 15
	tr := newTrainer(tiny(t, "r1r2", "leaky"))
	want := values(tr.generator.params[1][0])
	for step := range steps {
		tr.advance(t, 1)
		keep := min(averaging, float64(step+1)/float64(step+10))
		for i, v := range values(tr.generator.params[1][0]) {
			want[i] = keep*want[i] + (1-keep)*v
		}
	}
	for i, got := range values(tr.average.params[1][0]) {
		if math.Abs(got-want[i]) > 1e-14 {
			t.Errorf("weight %d is %v, want %v", i, got, want[i])
		}
	}
}

// TestDrawSamples wants the parts of what the discriminator sees to fit together.
func TestDrawSamples(t *testing.T) {
	c := tiny(t, "wgan-gp", "leaky")
	c.batch = 50
	tr := ready(t, c, 1)
	var shares []float64
	for i := range c.batch {
		real, generated, between := sampleAt(tr.samples, i), sampleAt(tr.samples, c.batch+i), sampleAt(tr.between, i)
		if !slices.Equal(real, sampleAt(tr.real, i)) {
			t.Errorf("real sample %d is %v in one place and %v in another", i, real, sampleAt(tr.real, i))
		}
		// Real samples are close to a centre, those of a new generator are not.
		m := c.task.(mixture)
		if _, far := m.nearest(m.fromSamples(real)[0]); far > 6*m.sigma {
			t.Errorf("real sample %d is %v, %v from the next mode", i, real, far)
		}
		share := (between[0] - generated[0]) / (real[0] - generated[0])
		if y := share*real[1] + (1-share)*generated[1]; math.Abs(y-between[1]) > 1e-9 {
			t.Errorf("sample %d is %v, want it on the line from %v to %v", i, between, real, generated)
		}
		shares = append(shares, share)
	}
	slices.Sort(shares)
	// 50 uniform numbers leave more than 0.2 at either end once in 70,000 times.
	if low, high := shares[0], shares[len(shares)-1]; low < 0 || low > 0.2 || high < 0.8 || high > 1 {
		t.Errorf("the shares of real samples are between %v and %v, want them between 0 and 1", low, high)
	}
}

// TestLatent wants noise that is uniform between −1 and 1, by its moments within
// five standard errors.
func TestLatent(t *testing.T) {
	const n = 20000
	noise := matrix(n/2, 2, make([]float64, n))
	drawLatent(noise, rand.New(rand.NewPCG(19, 20)))
	var sum, squares float64
	for _, v := range values(noise) {
		if v < -1 || v > 1 {
			t.Fatalf("%v is not between -1 and 1", v)
		}
		sum += v
		squares += v * v
	}
	if mean := sum / n; math.Abs(mean) > 5*math.Sqrt(1./3/n) {
		t.Errorf("the mean is %v, want 0", mean)
	}
	if v := squares / n; math.Abs(v-1./3) > 5*math.Sqrt((1./5-1./9)/n) {
		t.Errorf("the mean square is %v, want 1/3", v)
	}
}

// TestDivergence feeds a weight that makes everything NaN.
func TestDivergence(t *testing.T) {
	for loss := range games {
		tr := newTrainer(tiny(t, loss, "leaky"))
		tr.advance(t, 2)
		tr.generator.params[1][0].Float64s()[0] = math.NaN()
		if _, err := tr.next(); err == nil || !strings.Contains(err.Error(), "diverged in step 3") {
			t.Errorf("%s: got error %v, want one that says training diverged in step 3", loss, err)
		}
		if _, _, err := tr.evaluate(); err == nil || !strings.Contains(err.Error(), "diverged") {
			t.Errorf("%s: evaluation: got error %v, want one that says training diverged", loss, err)
		}
	}
}

// TestTrainersAtOnce trains several at once and wants what comes out of training
// one after another.
func TestTrainersAtOnce(t *testing.T) {
	const each, steps = 2, 5
	var configs []config
	for loss := range games {
		for task, c := range tasks(tiny(t, loss, "leaky")) {
			for seed := range each {
				c.seed = uint64(seed)
				if task == "points" && seed == 0 {
					c.act = tiny(t, loss, "builtin").act
				}
				configs = append(configs, c)
			}
		}
	}
	type end struct {
		*trainer
		curve []losses
		err   error
	}
	train := func(c config) (e end) {
		e.trainer = newTrainer(c)
		for range steps {
			l, err := e.next()
			if err != nil {
				return end{err: err}
			}
			e.curve = append(e.curve, l)
		}
		if _, ok := c.task.(mixture); ok {
			if _, _, e.err = e.evaluate(); e.err != nil {
				return e
			}
		}
		_, e.err = e.deadUnits.count(e.trainer)
		return e
	}
	ends := make([]end, len(configs))
	var group sync.WaitGroup
	for i, c := range configs {
		group.Add(1)
		go func() {
			defer group.Done()
			ends[i] = train(c)
		}()
	}
	group.Wait()
	for i, c := range configs {
		alone := train(c)
		if ends[i].err != nil || alone.err != nil {
			t.Fatal(ends[i].err, alone.err)
		}
		if !slices.Equal(ends[i].curve, alone.curve) {
			t.Errorf("run %d: losses %v, alone %v", i, ends[i].curve, alone.curve)
		}
		wantSameNetworks(t, fmt.Sprint("run ", i), ends[i].trainer, alone.trainer)
	}
}

// TestHeapHolds trains for 10,000 steps, 2,000 with -short, and wants no more on
// the heap in the end than after the first tenth, give or take 20 bytes a step.
func TestHeapHolds(t *testing.T) {
	steps := 10000
	if testing.Short() {
		steps = 2000
	}
	c := tiny(t, "r1r2", "leaky")
	m := c.task.(mixture)
	m.hidden = 4
	c.task, c.dtype, c.batch, c.steps = m, tensor.Float32, 2, steps
	tr := newTrainer(c)
	tr.advance(t, steps/10)
	before := live()
	for range steps - steps/10 {
		tr.advance(t, 1)
	}
	after := live()
	t.Logf("heap: %d kB after %d steps, %d kB after %d", before/1000, steps/10, after/1000, steps)
	if after > before+20*uint64(steps) {
		t.Errorf("heap grew from %d to %d bytes in %d steps", before, after, steps-steps/10)
	}
	runtime.KeepAlive(tr)
}

// live is the size of what is on the heap and in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers of the first have run, pools are empty
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestTrainersAreFreed wants trainers that nobody uses any more to leave less
// than a tenth of what one of them takes.
func TestTrainersAreFreed(t *testing.T) {
	const trainers = 20
	c := tiny(t, "r1r2", "leaky")
	train := func() *trainer {
		tr := newTrainer(c)
		tr.advance(t, 1)
		return tr
	}
	train()
	before := live()
	kept := train()
	one := live() - before
	for range trainers {
		train()
	}
	if left := int64(live()) - int64(before) - int64(one); left > trainers*int64(one)/10 {
		t.Errorf("%d trainers left %d kB on the heap, where one takes %d kB", trainers, left/1000, one/1000)
	}
	runtime.KeepAlive(kept)
}

// BenchmarkStep is a step of a default run. The same steps are done with
// Gorgonia's LeakyRelu in turn, and what is reported beside the time of ours is
// the median of their ratios.
func BenchmarkStep(b *testing.B) {
	for _, task := range []string{"ring", "digits"} {
		b.Run(task, func(b *testing.B) {
			trainers := map[string]*trainer{}
			for _, activation := range []string{"leaky", "builtin"} {
				o, err := parse([]string{"-data", task, "-activation", activation, "-steps", "1000000000"})
				if err != nil {
					b.Fatal(err)
				}
				c, err := newConfig(o.settings)
				if err != nil {
					b.Fatal(err)
				}
				trainers[activation] = newTrainer(c)
				trainers[activation].advance(b, 3)
			}
			timed := func(activation string) float64 {
				start := time.Now()
				trainers[activation].advance(b, 1)
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
		})
	}
}
