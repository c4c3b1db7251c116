package models

import (
	"math"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// parallel is data-parallel training. Replicas of a network run at the same
// time on parts of a batch. Each has a graph, a machine and a copy of the
// weights. The solver gets the mean of their gradients. Up to rounding, it must
// be the gradient of the whole batch. (The replicas can't share the weights:
// Gorgonia transposes a matrix in place while it multiplies by its transpose.)
var parallel = model{
	name:  "data-parallel replicas",
	needs: "3 graphs in goroutines, gradients averaged; VanillaSolver",
	alpha: 0.2,
	steps: 8,
	build: func(t *testing.T, on machine, act activation) step {
		must := must(t)
		const replicas, batch, in, width = 3, 16, 5, 32
		src := newSource(tensor.Float64, 11)
		values := []*tensor.Dense{src.weight(in, width), src.constant(0, 1, width), src.weight(width, width), src.constant(0, 1, width), src.weight(width, 1)}

		type replica struct {
			x, y   *gorgonia.Node
			copies []*tensor.Dense
			run    func(look func(gorgonia.Nodes)) error
		}
		build := func(batch int) (r replica) {
			g := gorgonia.NewGraph()
			var ws gorgonia.Nodes
			for i, v := range values {
				r.copies = append(r.copies, clone(v))
				ws = append(ws, node(g, string(rune('a'+i)), r.copies[i]))
			}
			r.x, r.y = node(g, "x", src.constant(0, batch, in)), node(g, "y", src.constant(0, batch, 1))
			h := must(act(dense(t, r.x, ws[0], ws[1])))
			h = must(act(dense(t, h, ws[2], ws[3])))
			r.run = on.start(t, squaredError(t, must(gorgonia.Mul(h, ws[4])), r.y), ws)
			return r
		}
		var parts []replica
		for range replicas {
			parts = append(parts, build(batch))
		}
		whole := build(replicas * batch) // for comparison, the same network on the whole batch
		solver := func() gorgonia.Solver { return gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.1)) }
		solverOfParts, solverOfWhole := solver(), solver()

		return func(_ int, seen *record) error {
			xs, ys := src.normal(1, replicas*batch, in), src.normal(1, replicas*batch, 1)
			let(t, whole.x, xs)
			let(t, whole.y, ys)
			for i, r := range parts {
				let(t, r.x, rows(xs, i*batch, (i+1)*batch))
				let(t, r.y, rows(ys, i*batch, (i+1)*batch))
			}
			gradients, errs := make([][]gorgonia.Value, replicas), make([]error, replicas)
			var wg sync.WaitGroup
			for i, r := range parts {
				wg.Add(1)
				go func() {
					defer wg.Done()
					errs[i] = r.run(func(ws gorgonia.Nodes) {
						for _, w := range ws {
							d, err := w.Grad()
							if err != nil {
								t.Error(err)
								return
							}
							gradients[i] = append(gradients[i], clone(d))
							gorgonia.ZeroValue(d) // the next run adds to it
						}
					})
				}()
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}

			var mean []gorgonia.ValueGrad
			for i, v := range values {
				sum := clone(gradients[0][i])
				for _, g := range gradients[1:] {
					done(t, add(sum, g[i]))
				}
				if _, err := sum.DivScalar(float64(replicas), true, tensor.UseUnsafe()); err != nil {
					return err
				}
				seen.see("mean gradient", sum)
				mean = append(mean, averaged{v, sum})
			}
			if err := whole.run(func(ws gorgonia.Nodes) {
				for i, w := range ws {
					d, err := w.Grad()
					done(t, err)
					got, err := mean[i].Grad()
					done(t, err)
					near(t, "mean gradient of the replicas", got, d)
				}
				update(t, solverOfWhole, ws, nil)
			}); err != nil {
				return err
			}
			done(t, solverOfParts.Step(mean))
			for i, v := range values {
				seen.see("weight", v)
				for _, r := range parts {
					done(t, tensor.Copy(r.copies[i], v))
				}
			}
			return nil
		}
	},
}

// averaged gives the solver a weight and its averaged gradient.
type averaged struct{ weight, gradient gorgonia.Value }

func (a averaged) Value() gorgonia.Value         { return a.weight }
func (a averaged) Grad() (gorgonia.Value, error) { return a.gradient, nil }

// rows returns a copy of the rows start to end-1 of the matrix v.
func rows(v *tensor.Dense, start, end int) *tensor.Dense {
	columns := v.Shape()[1]
	return tensor.New(tensor.WithShape(end-start, columns), tensor.WithBacking(v.Float64s()[start*columns:end*columns]))
}

func add(sum *tensor.Dense, v gorgonia.Value) error {
	_, err := sum.Add(v.(*tensor.Dense), tensor.UseUnsafe())
	return err
}

// near fails the test if elements differ by more than rounding in another
// order.
func near(t *testing.T, name string, got, want gorgonia.Value) {
	t.Helper()
	w := want.Data().([]float64)
	scale := 0.0
	for _, w := range w {
		scale = max(scale, math.Abs(w))
	}
	for i, g := range got.Data().([]float64) {
		if !(math.Abs(g-w[i]) <= 1e-12*scale) {
			t.Errorf("%s: element %d is %v, expected %v", name, i, g, w[i])
			return
		}
	}
}

func TestParallel(t *testing.T) { compare(t, parallel, tape, lisp) }
