package models

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"log"
	"math"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/gorgonia/encoding/dot"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// These are the ways in which programs run a graph. Each way runs the same
// small net with every variant. All variants must give the same values.

// A net is a multilayer perceptron of two hidden layers, in one graph.
type net struct {
	g            *gorgonia.ExprGraph
	src          source
	x, y         *gorgonia.Node
	weights      gorgonia.Nodes
	sums, hidden gorgonia.Nodes // before and after the activations
	out, loss    *gorgonia.Node
}

const netBatch, netIn, netWidth = 8, 3, 16

func newNet(t *testing.T, act activation) *net {
	must := must(t)
	n := &net{g: gorgonia.NewGraph(), src: newSource(tensor.Float64, 12)}
	n.x = node(n.g, "x", n.src.normal(1, netBatch, netIn))
	n.y = node(n.g, "y", n.src.normal(1, netBatch, 1))
	w0, b0 := node(n.g, "w0", n.src.weight(netIn, netWidth)), node(n.g, "b0", n.src.normal(0.1, 1, netWidth))
	w1, w2 := node(n.g, "w1", n.src.weight(netWidth, netWidth)), node(n.g, "w2", n.src.weight(netWidth, 1))
	n.weights = gorgonia.Nodes{w0, b0, w1, w2}
	h0 := dense(t, n.x, w0, b0)
	a0 := must(act(h0))
	h1 := must(gorgonia.Mul(a0, w1))
	a1 := must(act(h1))
	n.sums, n.hidden = gorgonia.Nodes{h0, h1}, gorgonia.Nodes{a0, a1}
	n.out = must(gorgonia.Mul(a1, w2))
	n.loss = squaredError(t, n.out, n.y)
	return n
}

func (n *net) grad(t *testing.T) gorgonia.Nodes {
	t.Helper()
	ds, err := gorgonia.Grad(n.loss, n.weights...)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// next binds the next batch.
func (n *net) next(t *testing.T) {
	t.Helper()
	let(t, n.x, n.src.normal(1, netBatch, netIn))
	let(t, n.y, n.src.normal(1, netBatch, 1))
}

// train makes a few steps on a machine with these options.
func (n *net) train(t *testing.T, seen *record, opts ...gorgonia.VMOpt) {
	t.Helper()
	n.grad(t)
	vm := gorgonia.NewTapeMachine(n.g, append(opts, gorgonia.BindDualValues(n.weights...))...)
	defer vm.Close()
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.1))
	for range 3 {
		n.next(t)
		runAll(t, vm)
		seen.see("loss", n.loss.Value())
		update(t, solver, n.weights, seen)
		vm.Reset()
	}
}

var ways = []struct {
	name string
	run  func(t *testing.T, n *net, seen *record)
}{
	{"Let batch by batch", func(t *testing.T, n *net, seen *record) { n.train(t, seen) }},
	{"several machines on one graph", func(t *testing.T, n *net, seen *record) {
		n.grad(t)
		train := gorgonia.NewTapeMachine(n.g, gorgonia.BindDualValues(n.weights...))
		defer train.Close()
		infer := gorgonia.NewTapeMachine(n.g.SubgraphRoots(n.out))
		defer infer.Close()
		first := gorgonia.NewTapeMachine(n.g.SubgraphRoots(n.hidden[0]))
		defer first.Close()
		solver := gorgonia.NewAdamSolver()
		for range 3 {
			n.next(t)
			runAll(t, train)
			update(t, solver, n.weights, seen)
			train.Reset()
			runAll(t, infer)
			seen.see("output", n.out.Value())
			runAll(t, first)
			seen.see("first layer", n.hidden[0].Value())
			infer.Reset()
			first.Reset()
		}
	}},
	{"compiled functions", func(t *testing.T, n *net, seen *record) {
		ds := n.grad(t)
		for _, outputs := range []gorgonia.Nodes{{n.out, n.loss}, append(gorgonia.Nodes{n.loss}, ds...)} {
			inputs := append(gorgonia.Nodes{n.x, n.y}, n.weights...)
			program, locations, err := gorgonia.CompileFunction(n.g, inputs, outputs)
			done(t, err)
			vm := gorgonia.NewTapeMachine(n.g, gorgonia.WithPrecompiled(program, locations))
			runAll(t, vm)
			for _, o := range outputs {
				seen.see("output", o.Value())
			}
			done(t, vm.Close())
		}
	}},
	{"results kept over Reset", func(t *testing.T, n *net, seen *record) {
		vm := gorgonia.NewTapeMachine(n.g)
		defer vm.Close()
		var kept []gorgonia.Value
		for range 4 {
			n.next(t)
			runAll(t, vm)
			kept = append(kept, n.out.Value(), n.hidden[1].Value())
			vm.Reset()
		}
		for _, v := range kept {
			seen.see("result of an earlier run", v)
		}
	}},
	{"EvalMode on SubgraphRoots", func(t *testing.T, n *net, seen *record) {
		n.train(t, nil)
		vm := gorgonia.NewTapeMachine(n.g.SubgraphRoots(n.out), gorgonia.EvalMode())
		defer vm.Close()
		n.next(t)
		runAll(t, vm)
		seen.see("output", n.out.Value())
	}},
	{"gradients as nodes, without BindDualValues", func(t *testing.T, n *net, seen *record) {
		ds := n.grad(t)
		vm := gorgonia.NewTapeMachine(n.g)
		defer vm.Close()
		for range 2 {
			n.next(t)
			runAll(t, vm)
			for _, d := range ds {
				seen.see("gradient", d.Value())
			}
			vm.Reset()
		}
	}},
	{"gradients of two batches added up by BindDualValues", func(t *testing.T, n *net, seen *record) {
		n.grad(t)
		vm := gorgonia.NewTapeMachine(n.g, gorgonia.BindDualValues(n.weights...))
		defer vm.Close()
		for range 2 {
			n.next(t)
			runAll(t, vm)
			vm.Reset()
		}
		update(t, gorgonia.NewVanillaSolver(), n.weights, seen)
	}},
	{"watch list and logger", func(t *testing.T, n *net, seen *record) {
		var all, some strings.Builder
		n.train(t, seen, gorgonia.WithLogger(log.New(&all, "", 0)), gorgonia.WithWatchlist())
		vm := gorgonia.NewTapeMachine(n.g, gorgonia.WithLogger(log.New(&some, "", 0)), gorgonia.WithWatchlist(n.hidden[0], n.out), gorgonia.WithValueFmt("%v"))
		defer vm.Close()
		runAll(t, vm)
		seen.see("output", n.out.Value())
		for _, text := range []string{all.String(), some.String()} {
			if op := n.hidden[0].Op().String(); !strings.Contains(text, op) {
				t.Errorf("the log doesn't name the operator %s:\n%.500s", op, text)
			}
		}
	}},
	{"watch for NaN and Inf", func(t *testing.T, n *net, seen *record) {
		n.train(t, seen, gorgonia.WithNaNWatch(), gorgonia.WithInfWatch())
	}},
	// With TraceExec every node keeps its value, even if a later node
	// overwrites it.
	{"TraceExec", func(t *testing.T, n *net, seen *record) {
		ds := n.grad(t)
		vm := gorgonia.NewTapeMachine(n.g, gorgonia.TraceExec())
		defer vm.Close()
		for range 2 {
			n.next(t)
			runAll(t, vm)
			for _, nodes := range []gorgonia.Nodes{n.sums, n.hidden, {n.out, n.loss}, ds} {
				for _, n := range nodes {
					seen.see("value", n.Value())
				}
			}
			vm.Reset()
		}
	}},
	{"Read of everything", func(t *testing.T, n *net, seen *record) {
		values := make([]gorgonia.Value, 5)
		for i, n := range append(append(gorgonia.Nodes{n.out}, n.sums...), n.hidden...) {
			gorgonia.Read(n, &values[i])
		}
		n.train(t, seen)
		for _, v := range values {
			seen.see("value read", v)
		}
	}},
	// Set stores nothing on the tape machine, but it changes how Gorgonia
	// assigns memory.
	{"Set of what an activation becomes", func(t *testing.T, n *net, seen *record) {
		one := node(n.g, "one", n.src.constant(1, netBatch, netWidth))
		for i, h := range n.hidden {
			state := node(n.g, "state"+string(rune('0'+i)), n.src.constant(0, netBatch, netWidth))
			gorgonia.Set(state, must(t)(gorgonia.Add(h, one)))
		}
		n.train(t, seen)
	}},
	{"Set of an activation, beside a sum with its input", func(t *testing.T, n *net, seen *record) {
		gorgonia.Set(node(n.g, "state", n.src.constant(0, netBatch, netWidth)), n.hidden[0])
		sum := must(t)(gorgonia.Add(n.hidden[0], n.sums[0]))
		n.loss = must(t)(gorgonia.Add(n.loss, must(t)(gorgonia.Mean(must(t)(gorgonia.Square(sum))))))
		n.train(t, seen)
	}},
	{"ToDot and encoding/dot", func(t *testing.T, n *net, seen *record) {
		n.train(t, seen)
		encoded, err := dot.Marshal(n.g)
		done(t, err)
		for _, text := range []string{n.g.ToDot(), string(encoded)} {
			if _, ours := n.hidden[0].Op().(*leakyrelu.Op); ours != strings.Contains(text, "LeakyReLU") {
				t.Errorf("the drawing of the graph names LeakyReLU: %t, expected %t", !ours, ours)
			}
		}
	}},
	{"clones at the same time", func(t *testing.T, n *net, seen *record) {
		n.grad(t)
		n.next(t)
		const clones = 4
		var graphs [clones]*gorgonia.ExprGraph
		for i := range graphs {
			graphs[i] = n.g.Clone().(*gorgonia.ExprGraph)
		}
		var outputs, losses [clones]gorgonia.Value
		var errs [clones]error
		var wg sync.WaitGroup
		for i, g := range graphs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				vm := gorgonia.NewTapeMachine(g)
				defer vm.Close()
				for range 5 {
					vm.Reset()
					if errs[i] = vm.RunAll(); errs[i] != nil {
						return
					}
				}
				outputs[i], losses[i] = twin(g, n.out).Value(), twin(g, n.loss).Value()
			}()
		}
		wg.Wait()
		for i := range graphs {
			done(t, errs[i])
			seen.see("output", outputs[i])
			seen.see("loss", losses[i])
		}
	}},
	{"weights saved from a model with the built-in", func(t *testing.T, n *net, seen *record) {
		trained := newNet(t, builtin(0.2))
		trained.train(t, nil)
		for i, w := range trained.weights {
			for _, format := range []struct {
				save func(io.Writer, *tensor.Dense) error
				load func(io.Reader, *tensor.Dense) error
			}{
				{(func(w io.Writer, v *tensor.Dense) error { return gob.NewEncoder(w).Encode(v) }),
					(func(r io.Reader, v *tensor.Dense) error { return gob.NewDecoder(r).Decode(v) })},
				{func(w io.Writer, v *tensor.Dense) error { return v.WriteNpy(w) },
					func(r io.Reader, v *tensor.Dense) error { return v.ReadNpy(r) }},
			} {
				var file bytes.Buffer
				loaded := new(tensor.Dense)
				done(t, format.save(&file, w.Value().(*tensor.Dense)))
				done(t, format.load(&file, loaded))
				let(t, n.weights[i], loaded)
			}
		}
		vm := gorgonia.NewTapeMachine(n.g)
		defer vm.Close()
		n.next(t)
		runAll(t, vm)
		seen.see("output", n.out.Value())
		n.train(t, seen)
	}},
	{"ints beside floats", func(t *testing.T, n *net, seen *record) {
		must := must(t)
		table := node(n.g, "embedding", n.src.weight(10, netWidth))
		ids := node(n.g, "ids", tensor.New(tensor.WithShape(netBatch), tensor.WithBacking([]int{3, 1, 4, 1, 5, 9, 2, 6})))
		embedded := must(gorgonia.ByIndices(table, ids, 0))
		n.weights = append(n.weights, table)
		n.loss = must(gorgonia.Add(n.loss, squaredError(t, embedded, n.hidden[1])))
		n.train(t, seen)
	}},
}

func TestWaysToRun(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			agree(t, 0.2, func(act activation, seen *record) { way.run(t, newNet(t, act), seen) })
		})
	}
}

// Let accepts a value whose shape differs from the node's in dimensions of size
// 1.
func TestValuesWithExtraDimensionsOfSize1(t *testing.T) {
	for _, shape := range []tensor.Shape{{4, 1}, {1, 4}} {
		t.Run(fmt.Sprint(shape, " for (4)"), func(t *testing.T) {
			agree(t, 0.2, func(act activation, seen *record) {
				must := must(t)
				src := newSource(tensor.Float64, 13)
				g := gorgonia.NewGraph()
				x, k := node(g, "x", src.normal(1, 4)), node(g, "k", src.normal(1, 4))
				y := must(act(x))
				var read gorgonia.Value
				gorgonia.Read(y, &read)
				loss := must(gorgonia.Sum(must(gorgonia.HadamardProd(y, k))))
				if _, err := gorgonia.Grad(loss, x); err != nil {
					t.Fatal(err)
				}
				vm := gorgonia.NewTapeMachine(g)
				defer vm.Close()
				let(t, x, src.normal(1, shape...))
				runAll(t, vm)
				seen.see("y", read)
				seen.see("loss", loss.Value())
				d, err := x.Grad()
				done(t, err)
				seen.see("gradient", d)
			})
		})
	}
}

// The built-in makes NaN of an infinity, and WithNaNWatch reports it. With this
// package the infinity stays, and WithInfWatch reports it.
func TestNaNWatchAndInfWatch(t *testing.T) {
	run := func(act activation, watch gorgonia.VMOpt) error {
		n := newNet(t, act)
		x := clone(n.x.Value())
		x.Set(0, math.Inf(1))
		let(t, n.x, x)
		vm := gorgonia.NewTapeMachine(n.g, watch)
		defer vm.Close()
		return vm.RunAll()
	}
	for _, v := range variants(0.2) {
		want := "Inf"
		if v.name == "gorgonia.LeakyRelu" {
			want = "NaN"
		}
		if err := run(v.apply, gorgonia.WithNaNWatch()); want == "NaN" && (err == nil || !strings.Contains(err.Error(), "NaN found")) {
			t.Errorf("%s: the watch for NaN reports %v, expected a NaN", v.name, err)
		}
		if err := run(v.apply, gorgonia.WithInfWatch()); err == nil || !strings.Contains(err.Error(), "Inf found") {
			t.Errorf("%s: the watch for Inf reports %v, expected an Inf", v.name, err)
		}
	}
}

var waysOnLisp = []struct {
	name string
	run  func(t *testing.T, n *net, seen *record)
}{
	{"forward only", func(t *testing.T, n *net, seen *record) {
		vm := gorgonia.NewLispMachine(n.g, gorgonia.ExecuteFwdOnly())
		defer vm.Close()
		runAll(t, vm)
		seen.see("output", n.out.Value())
	}},
	{"logger, watch list and watch for NaN", func(t *testing.T, n *net, seen *record) {
		var text strings.Builder
		vm := gorgonia.NewLispMachine(n.g, gorgonia.WithLogger(log.New(&text, "", 0)), gorgonia.LogBothDir(), gorgonia.WithWatchlist(), gorgonia.WithNaNWatch())
		defer vm.Close()
		runAll(t, vm)
		if op := n.hidden[0].Op().String(); !strings.Contains(text.String(), op) {
			t.Errorf("the log doesn't name the operator %s:\n%.500s", op, text.String())
		}
		update(t, gorgonia.NewVanillaSolver(), n.weights, seen)
	}},
	{"a graph grown between two runs", func(t *testing.T, n *net, seen *record) {
		for range 2 {
			done(t, runLisp(n.g, n.weights, func(weights gorgonia.Nodes) {
				seen.see("loss", n.loss.Value())
				update(t, gorgonia.NewVanillaSolver(), weights, seen)
			}))
			penalty := must(t)(gorgonia.Sum(must(t)(gorgonia.Square(n.hidden[0]))))
			n.loss = must(t)(gorgonia.Add(n.loss, penalty))
		}
	}},
}

func TestWaysToRunOnLisp(t *testing.T) {
	for _, way := range waysOnLisp {
		t.Run(way.name, func(t *testing.T) {
			agree(t, 0.2, func(act activation, seen *record) { way.run(t, newNet(t, act), seen) })
		})
	}
}
