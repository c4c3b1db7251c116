//go:build go1.25

// Go 1.25 is the first version with testing/synctest. It stops the clock from
// which Dropout takes its seed.

package models

import (
	"os"
	"testing"
	"testing/synctest"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// mlp is a classifier with two hidden layers. Each has BatchNorm before the
// activation and Dropout after it.
var mlp = model{
	name:  "MLP classifier",
	needs: "BatchNorm, Dropout, BroadcastAdd, SoftMax; Adam",
	alpha: 0.01,
	steps: 10,
	build: func(t *testing.T, on machine, act activation) step {
		train, _ := buildMLP(t, on, act)
		return train
	},
}

// buildMLP returns the training step, and a function that evaluates the trained
// classifier.
func buildMLP(t *testing.T, on machine, act activation) (train step, evaluate func(seen *record)) {
	const batch, in, width, classes = 32, 10, 64, 4
	src := newSource(tensor.Float64, 2)
	g := gorgonia.NewGraph()
	x := node(g, "x", src.normal(1, batch, in))
	y := node(g, "y", src.classes(batch, classes))
	var weights gorgonia.Nodes
	var norms []*gorgonia.BatchNormOp
	h := x
	// With the go line of this module, Go uses older timers. synctest does not
	// support them.
	t.Setenv("GODEBUG", os.Getenv("GODEBUG")+",asynctimerchan=0")
	synctest.Test(t, func(t *testing.T) {
		must := must(t)
		for i, w := range []*tensor.Dense{src.weight(in, width), src.weight(width, width)} {
			name := string(rune('0' + i))
			w := node(g, "w"+name, w)
			scale, shift := node(g, "scale"+name, src.constant(1, 1, width)), node(g, "shift"+name, src.constant(0, 1, width))
			weights = append(weights, w, scale, shift)
			normed, _, _, norm, err := gorgonia.BatchNorm(must(gorgonia.Mul(h, w)), scale, shift, 0.9, 1e-5)
			if err != nil {
				t.Fatal(err)
			}
			norms = append(norms, norm)
			h = must(gorgonia.Dropout(must(act(normed)), 0.5))
		}
	})
	w2, b2 := node(g, "w2", src.weight(width, classes)), node(g, "b2", src.constant(0, 1, classes))
	p := must(t)(gorgonia.SoftMax(dense(t, h, w2, b2)))
	train = trainer{
		inputs:  gorgonia.Nodes{x, y},
		weights: append(weights, w2, b2),
		output:  p,
		loss:    crossEntropy(t, p, y),
		solver:  gorgonia.NewAdamSolver(gorgonia.WithBatchSize(batch)),
		batch: func() []*tensor.Dense {
			return []*tensor.Dense{src.normal(1, batch, in), src.classes(batch, classes)}
		},
	}.on(t, on)

	evaluate = func(seen *record) {
		vm := gorgonia.NewTapeMachine(g.SubgraphRoots(p), gorgonia.EvalMode())
		defer vm.Close()
		for range 3 {
			v := src.normal(1, batch, in)
			given := clone(v)
			let(t, x, v)
			runAll(t, vm)
			seen.see("probabilities", p.Value())
			kept(t, "x", v, given)
			vm.Reset()
		}
		for _, norm := range norms {
			mean, variance := norm.Stats()
			seen.see("running mean", mean)
			seen.see("running variance", variance)
		}
	}
	return train, evaluate
}

func TestMLP(t *testing.T) { compare(t, mlp, tape) }

// In evaluation, BatchNorm uses its running statistics, and Dropout returns its
// input.
func TestMLPInEvaluation(t *testing.T) {
	agree(t, mlp.alpha, func(act activation, seen *record) {
		train, evaluate := buildMLP(t, tape, act)
		for n := range 5 {
			done(t, train(n, nil))
		}
		evaluate(seen)
	})
}

// BatchNorm's DoDiff reads inputs that do not exist.
func TestMLPFailsOnLisp(t *testing.T) {
	crashes(t, mlp, lisp, "index out of range [1] with length 1")
}
