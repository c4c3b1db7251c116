package adversary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

// TestSameSeed trains twice and checks that the results are equal bit by bit.
// Sampling during the training must not change them.
func TestSameSeed(t *testing.T) {
	const steps = 30
	for loss := range games {
		c := tiny(t, loss, "leaky")
		c.Dtype, c.Batch, c.Steps = tensor.Float32, 64, steps
		train := func(c Config, look bool) (*Trainer, []Losses) {
			tr := NewTrainer(c)
			curve := tr.advance(t, steps/2)
			if look {
				if _, err := tr.Sampler(10).Sample(rand.New(rand.NewPCG(1, 1))); err != nil {
					t.Fatal(err)
				}
				if _, err := tr.DeadUnits().Count(); err != nil {
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
		c.Seed++
		if _, other := train(c, false); slices.Equal(curveA, other) {
			t.Errorf("%s: another seed gives the same losses", loss)
		}
	}
}

// TestBuiltinSameCurve trains with the operator and with Gorgonia's built-in.
// Both compute the same values, so the losses must be equal bit by bit.
func TestBuiltinSameCurve(t *testing.T) {
	const steps = 50
	for loss := range games {
		for task := range tasks(tiny(t, loss, "leaky")) {
			curve := map[string][]Losses{}
			for _, activation := range []string{"leaky", "builtin"} {
				c := tasks(tiny(t, loss, activation))[task]
				c.Batch, c.Steps = 16, steps
				curve[activation] = NewTrainer(c).advance(t, steps)
			}
			for i, a := range curve["leaky"] {
				if b := curve["builtin"][i]; a != b {
					t.Errorf("%s, %s, step %d: losses %v, with the built-in %v", loss, task, i+1, a, b)
					break
				}
			}
			if first, last := curve["leaky"][0], curve["leaky"][steps-1]; math.Abs(first.Discriminator-last.Discriminator) < 0.01 {
				t.Errorf("%s, %s: nothing was learned: the losses go from %v to %v", loss, task, first, last)
			}
		}
	}
}

// TestReluSameCurve trains with ReLU and with LeakyReLU with a slope of 0.
func TestReluSameCurve(t *testing.T) {
	train := func(activation string, alpha float64) (*Trainer, []Losses) {
		c := tiny(t, "r1r2", "leaky")
		c.Dtype = tensor.Float32
		var err error
		if c.Act, err = nn.NewActivation(activation, alpha, c.Dtype); err != nil {
			t.Fatal(err)
		}
		tr := NewTrainer(c)
		return tr, tr.advance(t, 20)
	}
	a, curveA := train("relu", 0)
	b, curveB := train("leaky", 0)
	if !slices.Equal(curveA, curveB) {
		t.Errorf("losses of ReLU %v, of a slope of 0 %v", curveA, curveB)
	}
	wantSameNetworks(t, "ReLU and a slope of 0", a, b)
	if _, other := train("leaky", 0.2); slices.Equal(curveA, other) {
		t.Error("a slope of 0.2 gives the same losses")
	}
}

// TestAverage compares the averaged generator with the formula, applied to the
// generators after each step.
func TestAverage(t *testing.T) {
	const steps = 15
	tr := NewTrainer(tiny(t, "r1r2", "leaky"))
	want := nn.Values(tr.generator.Params[1][0])
	for step := range steps {
		tr.advance(t, 1)
		keep := min(averaging, float64(step+1)/float64(step+10))
		for i, v := range nn.Values(tr.generator.Params[1][0]) {
			want[i] = keep*want[i] + (1-keep)*v
		}
	}
	for i, got := range nn.Values(tr.average.Params[1][0]) {
		if math.Abs(got-want[i]) > 1e-14 {
			t.Errorf("weight %d is %v, want %v", i, got, want[i])
		}
	}
}

// TestDrawSamples checks that the discriminator's inputs are consistent.
func TestDrawSamples(t *testing.T) {
	c := tiny(t, "wgan-gp", "leaky")
	c.Batch = 50
	tr := ready(t, c, 1)
	var shares []float64
	for i := range c.Batch {
		real, generated, between := sampleAt(tr.samples, i), sampleAt(tr.samples, c.Batch+i), sampleAt(tr.between, i)
		if !slices.Equal(real, sampleAt(tr.real, i)) {
			t.Errorf("real sample %d is %v in one place and %v in another", i, real, sampleAt(tr.real, i))
		}
		// Real samples are close to a centre. Samples of a new generator are
		// not.
		m := c.Data.(data.Mixture)
		if _, far := m.Nearest(m.FromSamples(real)[0]); far > 6*m.Sigma {
			t.Errorf("real sample %d is %v, %v from the next mode", i, real, far)
		}
		share := (between[0] - generated[0]) / (real[0] - generated[0])
		if y := share*real[1] + (1-share)*generated[1]; math.Abs(y-between[1]) > 1e-9 {
			t.Errorf("sample %d is %v, want it on the line from %v to %v", i, between, real, generated)
		}
		shares = append(shares, share)
	}
	slices.Sort(shares)
	// The probability that 50 uniform numbers leave more than 0.2 free at one
	// end is 1 in 70,000.
	if low, high := shares[0], shares[len(shares)-1]; low < 0 || low > 0.2 || high < 0.8 || high > 1 {
		t.Errorf("the shares of real samples are between %v and %v, want them between 0 and 1", low, high)
	}
}

// TestLatent checks that the noise is uniform between −1 and 1. Its moments may
// differ by five standard errors.
func TestLatent(t *testing.T) {
	const n = 20000
	noise := nntest.Matrix(n/2, 2, make([]float64, n))
	drawLatent(noise, rand.New(rand.NewPCG(19, 20)))
	var sum, squares float64
	for _, v := range nn.Values(noise) {
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

// TestDivergence sets a weight that makes everything NaN.
func TestDivergence(t *testing.T) {
	for loss := range games {
		tr := NewTrainer(tiny(t, loss, "leaky"))
		tr.advance(t, 2)
		tr.generator.Params[1][0].Float64s()[0] = math.NaN()
		if _, err := tr.Next(); err == nil || !strings.Contains(err.Error(), "diverged in step 3") {
			t.Errorf("%s: got error %v, want one that says training diverged in step 3", loss, err)
		}
	}
}

// TestTrainersAtOnce trains several trainers at once. The results must equal
// those of training one after another.
func TestTrainersAtOnce(t *testing.T) {
	const each, steps = 2, 5
	var configs []Config
	for loss := range games {
		for task, c := range tasks(tiny(t, loss, "leaky")) {
			for seed := range each {
				c.Seed = uint64(seed)
				if task == "points" && seed == 0 {
					c.Act = tiny(t, loss, "builtin").Act
				}
				configs = append(configs, c)
			}
		}
	}
	type end struct {
		*Trainer
		curve []Losses
		err   error
	}
	train := func(c Config) (e end) {
		e.Trainer = NewTrainer(c)
		for range steps {
			l, err := e.Next()
			if err != nil {
				return end{err: err}
			}
			e.curve = append(e.curve, l)
		}
		if _, e.err = e.Sampler(10).Sample(rand.New(rand.NewPCG(1, 1))); e.err != nil {
			return e
		}
		_, e.err = e.DeadUnits().Count()
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
		wantSameNetworks(t, fmt.Sprint("run ", i), ends[i].Trainer, alone.Trainer)
	}
}

// TestHeapHolds trains for 2,000 steps. After them, the heap must not be larger
// than after the first tenth, except for 20 bytes a step.
func TestHeapHolds(t *testing.T) {
	const steps = 2000
	c := tiny(t, "r1r2", "leaky")
	c.Networks, c.Dtype, c.Batch, c.Steps = Points(2, 4), tensor.Float32, 2, steps
	tr := NewTrainer(c)
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

// live returns the size of the live heap.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // now the finalizers have run and the pools are empty
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestTrainersAreFreed checks that unused trainers leave less memory than a
// tenth of one trainer.
func TestTrainersAreFreed(t *testing.T) {
	const trainers = 20
	c := tiny(t, "r1r2", "leaky")
	train := func() *Trainer {
		tr := NewTrainer(c)
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
