package main

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// tiny is a training run for looking closely.
func tiny(tb testing.TB, loss, activation string) config {
	tb.Helper()
	act, err := newActivation(activation, 0.2, tensor.Float64)
	if err != nil {
		tb.Fatal(err)
	}
	game, err := newGame(loss)
	if err != nil {
		tb.Fatal(err)
	}
	m := ring()
	m.hidden = 5
	return config{task: m, game: game, recipe: game.points, dtype: tensor.Float64, act: act, batch: 4, steps: 100, seed: 1}
}

// miniatures is the task of drawing pictures of noise, 6 by 6: the smallest one
// with a discriminator of convolutions.
type miniatures struct{ task }

func (miniatures) size() int { return 36 }

func (m miniatures) sample(rng *rand.Rand, n int) []float64 { return normal(rng, n*m.size()) }

func (m miniatures) networks(rng *rand.Rand, dt tensor.Dtype, act activation) (generator, discriminator *network) {
	generator = newNetwork(rng, dt, act, perceptron(2, 3, m.size()))
	discriminator = newNetwork(rng, dt, act, []layer{
		convolution{in: 1, out: 2, size: 6, kernel: 3, stride: 2, margin: 1},
		convolution{in: 2, out: 3, size: 3, kernel: 2, stride: 1},
		convolution{in: 3, out: 1, size: 2, kernel: 2, stride: 1},
	})
	return generator, discriminator
}

// smallDigits is the task of drawing digits with networks that have a few units
// only, and nobody to judge the results.
func smallDigits() images {
	return images{source: newDigits(), channels: 2, hidden: 4, latent: 3}
}

// judged is the task of drawing digits, with the classifier that takes seconds
// to train.
var judged = sync.OnceValues(func() (images, error) { return newImages(newDigits()) })

func judgedDigits(tb testing.TB) images {
	tb.Helper()
	im, err := judged()
	if err != nil {
		tb.Fatal(err)
	}
	return im
}

// normal are n normally distributed numbers.
func normal(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// matrix is a float64 matrix with these elements.
func matrix(rows, columns int, elements []float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(elements))
}

// compute runs the update's graph without a step of the solver.
func (u *update) compute(tb testing.TB) float64 {
	tb.Helper()
	u.machine.Reset()
	if err := u.machine.RunAll(); err != nil {
		tb.Fatal(err)
	}
	return values(u.loss)[0]
}

// advance does n steps and returns their losses.
func (t *trainer) advance(tb testing.TB, n int) []losses {
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

// disturb moves the biases off the 0 they start at.
func disturb(rng *rand.Rand, networks ...*network) {
	for _, n := range networks {
		for _, params := range n.params {
			b := params[len(params)-1]
			v := normal(rng, b.Size())
			for i := range v {
				v[i] *= 0.3
			}
			set(b, v)
		}
	}
}

// ready is a trainer before its first step, with all that the losses depend on
// in place.
func ready(tb testing.TB, c config, penaltyWeight float64) *trainer {
	tb.Helper()
	t := newTrainer(c)
	disturb(t.rng, t.generator, t.discriminator)
	if err := t.drawSamples(); err != nil {
		tb.Fatal(err)
	}
	drawLatent(t.latent, t.rng)
	if err := gorgonia.Let(t.penaltyWeight, penaltyWeight); err != nil {
		tb.Fatal(err)
	}
	return t
}

// one is the network n at one sample, computed without a graph.
func (n *network) one(x []float64) []float64 {
	for i, l := range n.layers {
		var params [][]float64
		for _, p := range n.params[i] {
			params = append(params, values(p))
		}
		switch l := l.(type) {
		case dense:
			y := slices.Clone(params[1])
			for j, v := range params[0] {
				y[j%l.out] += x[j/l.out] * v
			}
			x = y
		case convolution:
			x = l.direct(params, x)
		}
		if i < len(n.layers)-1 {
			for j := range x {
				if x[j] <= 0 {
					x[j] *= n.act.alpha
				}
			}
		}
	}
	return x
}

// direct is the convolution of one sample as textbooks have it, with
// params[ky·kernel+kx][o·in+i] the weight between the channels i and o.
func (c convolution) direct(params [][]float64, x []float64) []float64 {
	places := (c.size+2*c.margin-c.kernel)/c.stride + 1
	var y []float64
	for o := range c.out {
		for py := range places {
			for px := range places {
				sum := params[c.kernel*c.kernel][o]
				for i := range c.in {
					for ky := range c.kernel {
						for kx := range c.kernel {
							row, column := py*c.stride+ky-c.margin, px*c.stride+kx-c.margin
							if row < 0 || row >= c.size || column < 0 || column >= c.size {
								continue
							}
							sum += params[ky*c.kernel+kx][o*c.in+i] * x[(i*c.size+row)*c.size+column]
						}
					}
				}
				y = append(y, sum)
			}
		}
	}
	return y
}

// slope is the central difference of f in the element i of t, and whether it can
// be trusted: there is no kink if a smaller step gives the same.
func slope(f func() float64, t *tensor.Dense, i int) (d float64, ok bool) {
	data := t.Float64s()
	x := data[i]
	defer func() { data[i] = x }()
	difference := func(h float64) float64 {
		data[i] = x + h
		up := f()
		data[i] = x - h
		return (up - f()) / (2 * h)
	}
	d, finer := difference(1e-5), difference(3e-6)
	return d, math.Abs(d-finer) <= 1e-5*(1+math.Abs(d))
}

// sameBits tells whether two slices are equal, NaN being equal to itself.
func sameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// wantSameNetworks fails unless two trainers have come to the same bits.
func wantSameNetworks(t *testing.T, name string, a, b *trainer) {
	t.Helper()
	others := []*network{b.generator, b.discriminator, b.average}
	for i, n := range []*network{a.generator, a.discriminator, a.average} {
		for j, p := range n.parameters() {
			if !sameBits(values(p), values(others[i].parameters()[j])) {
				t.Errorf("%s: parameter %d of network %d differs", name, j, i)
			}
		}
	}
}

// wantSameSamples fails unless two trainers' averaged generators draw the same
// samples, bit by bit.
func wantSameSamples(t *testing.T, name string, a, b *trainer) {
	t.Helper()
	samplesA, _, err := a.evaluate()
	if err != nil {
		t.Fatal(err)
	}
	samplesB, _, err := b.evaluate()
	if err != nil {
		t.Fatal(err)
	}
	if !sameBits(samplesA, samplesB) {
		t.Errorf("%s: samples differ", name)
	}
}

// started is a run in a directory of its own.
func started(t *testing.T, s settings) *run {
	t.Helper()
	c, err := newConfig(s)
	if err != nil {
		t.Fatal(err)
	}
	return newRun(s, c, t.TempDir())
}

// trainUntil trains until a step, as if the run were then interrupted.
func (r *run) trainUntil(t *testing.T, step int) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	if err := r.train(ctx, func() {
		if r.step == step {
			interrupt()
		}
	}); err != nil {
		t.Fatal(err)
	}
	if r.step != step {
		t.Fatalf("training ended after step %d, want %d", r.step, step)
	}
}

// contents are the files in a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		files[e.Name()] = string(readAll(t, filepath.Join(dir, e.Name())))
	}
	return files
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
