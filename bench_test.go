package leakyrelu_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// activations are the activations that the benchmarks compare.
var activations = []struct {
	name  string
	apply func(*gorgonia.Node) (*gorgonia.Node, error)
}{
	{"none", func(x *gorgonia.Node) (*gorgonia.Node, error) { return x, nil }},
	{"builtin", func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LeakyRelu(x, 0.01) }},
	{"ours", leakyrelu.Activation(0.01)},
	{"inplace", leakyrelu.Activation(0.01, leakyrelu.InPlace())},
}

// BenchmarkOp runs the operators without a graph, on float32 tensors of 2⁶ to
// 2²⁶ elements: with an existing destination (UsePreallocDo, IncrDo) and with a
// new one (Do). It also runs copy, and Gorgonia's LeakyRelu in a graph, forward
// only. The throughput counts each byte that is read or written once.
func BenchmarkOp(b *testing.B) {
	op, grad := newOp(b, 0.01), newGrad(b, 0.01)
	for power := 6; power <= 26; power += 4 {
		n := 1 << power
		rng := rand.New(rand.NewPCG(1, 2))
		xs := random[float32](rng, n)
		x, dy, dst := dense(xs, n), dense(xs, n), dense(make([]float32, n), n)
		from, to := x.Data().([]float32), dst.Data().([]float32)
		bench := func(name string, slices int, run func() error) {
			b.Run(fmt.Sprintf("%s/2^%d", name, power), func(b *testing.B) {
				b.SetBytes(int64(4 * n * slices))
				b.ReportAllocs()
				for range b.N {
					if err := run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		bench("copy", 2, func() error { copy(to, from); return nil })
		bench("UsePreallocDo", 2, func() error { _, err := op.UsePreallocDo(dst, x); return err })
		bench("Do", 2, func() error { _, err := op.Do(x); return err })
		bench("gradient", 3, func() error { _, err := grad.UsePreallocDo(dst, x, dy); return err })
		bench("IncrDo of the gradient", 4, func() error { return grad.IncrDo(dst, x, dy) })
		if power <= 22 {
			g := gorgonia.NewGraph()
			gorgonia.Must(gorgonia.LeakyRelu(input(g, "x", x), 0.01))
			vm := gorgonia.NewTapeMachine(g)
			bench("builtin", 2, func() error { vm.Reset(); return vm.RunAll() })
			vm.Close()
		}
	}
}

// BenchmarkStep times a training step of x + c → activation → Σ y·k with the
// gradients of x and c, on the tape machine, in float32. One iteration runs
// steps with each activation in turn, so that noise on the machine affects all
// of them. For each activation the benchmark reports the median time of a step
// and the memory that a step allocates. It also reports two ratios: the time of
// a step with the built-in to that with ours, and the time that ours in place
// adds to a step without activation to the time that the built-in adds.
func BenchmarkStep(b *testing.B) {
	for power := 10; power <= 22; power += 2 {
		b.Run(fmt.Sprintf("2^%d", power), func(b *testing.B) {
			n := 1 << power
			steps := make([]func(), len(activations))
			for i, a := range activations {
				steps[i] = newStep(b, n, a.apply)
			}
			times := make([][]float64, len(activations))
			var slower, added []float64
			inARow := max(1, 1<<16/n) // steps per measurement: one short step is too short to time
			for range b.N {
				for i, step := range steps {
					runtime.GC() // collect the garbage of the other activations
					start := time.Now()
					for range inARow {
						step()
					}
					times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/float64(inARow))
				}
				last := len(times[0]) - 1
				none, builtin, ours, inPlace := times[0][last], times[1][last], times[2][last], times[3][last]
				slower = append(slower, builtin/ours)
				added = append(added, (inPlace-none)/(builtin-none))
			}
			b.ReportMetric(0, "ns/op") // hide the time of a whole round
			for i, a := range activations {
				b.ReportMetric(median(times[i])/1e3, a.name+"-µs")
				b.ReportMetric(bytesOf(steps[i])/float64(4*n), a.name+"-tensors")
			}
			b.ReportMetric(median(slower), "builtin/ours")
			b.ReportMetric(median(added), "inplace-share")
		})
	}
}

func newStep(b testing.TB, n int, activation func(*gorgonia.Node) (*gorgonia.Node, error)) (step func()) {
	must := func(n *gorgonia.Node, err error) *gorgonia.Node {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	rng := rand.New(rand.NewPCG(1, 2))
	g := gorgonia.NewGraph()
	x, c, k := input(g, "x", dense(random[float32](rng, n), n)), input(g, "c", dense(random[float32](rng, n), n)), input(g, "k", dense(random[float32](rng, n), n))
	y := must(activation(must(gorgonia.Add(x, c))))
	if _, err := gorgonia.Grad(must(gorgonia.Sum(must(gorgonia.HadamardProd(y, k)))), x, c); err != nil {
		b.Fatal(err)
	}
	return stepper(b, gorgonia.NewTapeMachine(g))
}

func stepper(b testing.TB, vm gorgonia.VM) func() {
	b.Cleanup(func() { vm.Close() })
	return func() {
		if err := vm.RunAll(); err != nil {
			b.Fatal(err)
		}
		vm.Reset()
	}
}

// bytesOf returns how many bytes a step allocates.
func bytesOf(step func()) float64 {
	const steps = 5
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range steps {
		step()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / steps
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkMLPMemory reports the peak memory of a training step of a multilayer
// perceptron with 20 layers, without weights and input. The tape machine frees
// nothing before the end of the step. The batch is 256×1024.
func BenchmarkMLPMemory(b *testing.B) {
	const layers, batch, width = 20, 256, 1024
	for _, a := range activations[1:] {
		b.Run(a.name, func(b *testing.B) {
			g := gorgonia.NewGraph()
			rng := rand.New(rand.NewPCG(1, 2))
			h := input(g, "x", dense(random[float32](rng, batch*width), batch, width))
			var weights gorgonia.Nodes
			for i := range layers {
				init := gorgonia.WithInit(gorgonia.Gaussian(0, 0.04))
				w := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(width, width), gorgonia.WithName(name("w", i)), init)
				weights = append(weights, w)
				h = gorgonia.Must(a.apply(gorgonia.Must(gorgonia.Mul(h, w))))
			}
			if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Mean(h)), weights...); err != nil {
				b.Fatal(err)
			}
			vm := gorgonia.NewTapeMachine(g)
			defer vm.Close()
			live := func() float64 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return float64(m.HeapAlloc)
			}
			before := live()
			var held float64
			for range b.N {
				if err := vm.RunAll(); err != nil {
					b.Fatal(err)
				}
				held = live() - before
				vm.Reset()
			}
			b.ReportMetric(held/(1<<20), "MiB-held")
			runtime.KeepAlive(weights)
		})
	}
}
