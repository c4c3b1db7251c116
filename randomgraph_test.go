package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// TestRandomGraphs builds graphs from a seed. Some activations are in place,
// some values are read, and some go into a Set. The test evaluates each graph
// in plain Go too, and compares the values. It compares the gradients with
// central differences of the plain Go function.
func TestRandomGraphs(t *testing.T) {
	entries, refused := 0, 0
	for seed := range uint64(250) {
		t.Run(name("seed ", seed), func(t *testing.T) {
			n, err := testRandomGraph(t, rand.New(rand.NewPCG(seed, 15)), rand.New(rand.NewPCG(seed, 16)))
			entries += n
			if err != nil {
				refused++
			}
		})
	}
	t.Logf("%d entries of gradients compared, %d graphs refused", entries, refused)
	if entries < 5000 {
		t.Errorf("only %d entries compared", entries)
	}
}

// matrix is a rows×cols matrix in plain Go. v is in row-major order.
type matrix struct {
	rows, cols int
	v          []float64
}

// An expression is a node and the same function in plain Go.
type expression struct {
	node       node
	rows, cols int
	eval       func(inputs []float64) matrix

	// Gorgonia's element-wise binary operators overwrite dead registers, even
	// if a view shares the memory. So an expression never has a view and is
	// such an operand.
	viewed, operand bool // it has a view, it is an operand

	// A Set may overwrite an expression if it is not needed for the gradient of
	// one of Gorgonia's operators. Then it is gone: no later node may read it.
	needed, gone bool
	activated    bool // it is the input of an activation
}

// testRandomGraph builds a graph that rng chooses, with input values from
// inputsFrom. It returns how many entries of gradients it compared. It compares
// none if an activation's input is near the kink, or if Grad returns an error
// because a Set overwrites a value that a gradient needs.
func testRandomGraph(t *testing.T, inputsFrom, rng *rand.Rand) (entries int, refused error) {
	t.Helper()
	const inputs, size = 4, 12
	must := must(t)
	g := gorgonia.NewGraph()
	margin := math.Inf(1)

	var pool []*expression
	var wrt gorgonia.Nodes
	values := random[float64](inputsFrom, inputs*size)
	var bound []*tensor.Dense
	for i := range inputs {
		shape := [][2]int{{3, 4}, {4, 3}, {3, 4}, {2, 6}}[i]
		v := dense(values[i*size:(i+1)*size], shape[0], shape[1])
		n := input(g, name("in", i), v)
		bound, wrt = append(bound, v), append(wrt, n)
		pool = append(pool, &expression{node: n, needed: true, rows: shape[0], cols: shape[1], eval: func(in []float64) matrix {
			return matrix{shape[0], shape[1], in[i*size : (i+1)*size]}
		}})
	}
	add := func(n node, rows, cols int, eval func(in []float64) matrix) *expression {
		for _, e := range pool {
			if e.node == n { // Gorgonia merged the two
				return e
			}
		}
		e := &expression{node: n, rows: rows, cols: cols, eval: eval}
		pool = append(pool, e)
		return e
	}
	activateWith := func(alpha float64, n node, rows, cols int, of func(in []float64) matrix) *expression {
		var opts []leakyrelu.Option
		if rng.IntN(3) > 0 {
			opts = append(opts, leakyrelu.InPlace())
		}
		return add(must(leakyrelu.Apply(n, alpha, opts...)), rows, cols, func(in []float64) matrix {
			m := of(in)
			out := matrix{rows, cols, make([]float64, len(m.v))}
			for i, v := range m.v {
				margin = min(margin, math.Abs(v))
				out.v[i] = leaky(v, alpha)
			}
			return out
		})
	}
	activate := func(n node, rows, cols int, of func(in []float64) matrix) *expression {
		return activateWith([]float64{0.01, 0.2, 1.5, -0.5}[rng.IntN(4)], n, rows, cols, of)
	}
	pick := func(ok func(e *expression) bool) *expression {
		for range 20 {
			if e := pool[rng.IntN(len(pool))]; !e.gone && ok(e) {
				return e
			}
		}
		return nil
	}
	// rowwise adds an operator of Gorgonia whose gradient needs its result.
	rowwise := func(a *expression, op func(a node) (node, error), f func(row []float64)) {
		a.operand = true
		add(must(op(a.node)), a.rows, a.cols, func(in []float64) matrix {
			m := a.eval(in)
			out := matrix{a.rows, a.cols, slices.Clone(m.v)}
			for i := range a.rows {
				f(out.v[i*a.cols : (i+1)*a.cols])
			}
			return out
		}).needed = true
	}
	var reads []func(in []float64) // each compares one read value after a run
	states := 0
	binary := func(a, b *expression, op func(a, b node) (node, error), f func(a, b float64) float64) {
		a.operand, b.operand = true, true
		add(must(op(a.node, b.node)), a.rows, a.cols, func(in []float64) matrix {
			ma, mb := a.eval(in), b.eval(in)
			out := matrix{a.rows, a.cols, make([]float64, len(ma.v))}
			for i := range out.v {
				out.v[i] = f(ma.v[i], mb.v[i])
			}
			return out
		})
	}
	for range 18 {
		a := pick(func(*expression) bool { return true })
		if a == nil {
			continue
		}
		switch rng.IntN(11) {
		case 0, 1:
			a.activated = true
			activate(a.node, a.rows, a.cols, a.eval)
		case 2:
			if a.viewed {
				continue
			}
			b := pick(func(b *expression) bool { return !b.viewed && b.rows == a.rows && b.cols == a.cols })
			if b == nil || b == a {
				continue
			}
			if rng.IntN(2) == 0 {
				binary(a, b, func(a, b node) (node, error) { return gorgonia.Sub(a, b) }, func(a, b float64) float64 { return a - b })
			} else {
				a.needed, b.needed = true, true
				binary(a, b, func(a, b node) (node, error) { return gorgonia.HadamardProd(a, b) }, func(a, b float64) float64 { return a * b })
			}
		case 3:
			b := pick(func(b *expression) bool { return b.rows == a.cols && b.cols*a.rows <= 16 })
			if b == nil {
				continue
			}
			a.needed, b.needed = true, true
			add(must(gorgonia.Mul(a.node, b.node)), a.rows, b.cols, func(in []float64) matrix {
				ma, mb := a.eval(in), b.eval(in)
				out := matrix{a.rows, b.cols, make([]float64, a.rows*b.cols)}
				for i := range a.rows {
					for j := range b.cols {
						for k := range a.cols {
							out.v[i*b.cols+j] += ma.v[i*a.cols+k] * mb.v[k*b.cols+j]
						}
					}
				}
				return out
			})
		case 4:
			add(must(gorgonia.Transpose(a.node)), a.cols, a.rows, func(in []float64) matrix {
				m := a.eval(in)
				out := matrix{a.cols, a.rows, make([]float64, len(m.v))}
				for i := range a.rows {
					for j := range a.cols {
						out.v[j*a.rows+i] = m.v[i*a.cols+j]
					}
				}
				return out
			})
		case 5: // an activation of a reshape
			if a.operand {
				continue
			}
			a.viewed = true
			n := a.rows * a.cols
			rows := []int{1, 2, n}[rng.IntN(3)]
			if n%rows != 0 {
				continue
			}
			v := must(gorgonia.Reshape(a.node, tensor.Shape{rows, n / rows}))
			activate(v, rows, n/rows, func(in []float64) matrix { return matrix{rows, n / rows, a.eval(in).v} })
		case 6: // an activation of a slice of rows
			if a.operand || a.rows < 3 {
				continue
			}
			a.viewed = true
			v := must(gorgonia.Slice(a.node, gorgonia.S(0, 2)))
			activate(v, 2, a.cols, func(in []float64) matrix { return matrix{2, a.cols, a.eval(in).v[:2*a.cols]} })
		case 7:
			if a.viewed {
				continue
			}
			rowwise(a, gorgonia.Tanh, func(row []float64) {
				for i, v := range row {
					row[i] = math.Tanh(v)
				}
			})
		case 8:
			rowwise(a, func(a node) (node, error) { return gorgonia.SoftMax(a, 1) }, func(row []float64) {
				top, sum := slices.Max(row), 0.0
				for i, v := range row {
					row[i] = math.Exp(v - top)
					sum += row[i]
				}
				for i := range row {
					row[i] /= sum
				}
			})
		case 9:
			into := new(gorgonia.Value)
			gorgonia.Read(a.node, into)
			reads = append(reads, func(in []float64) {
				for i, want := range a.eval(in).v {
					if got := elements[float64](t, *into)[i]; !(math.Abs(got-want) <= 1e-9*(1+math.Abs(want))) {
						t.Errorf("Read: element %d is %v, plain Go %v", i, got, want)
					}
				}
			})
		case 10: // a difference that goes into a Set and overwrites a
			if a.viewed || a.needed {
				continue
			}
			a.gone = true
			c := input(g, name("c", states), dense(random[float64](rng, a.rows*a.cols), a.rows, a.cols))
			state := input(g, name("state", states), dense(make([]float64, a.rows*a.cols), a.rows, a.cols))
			gorgonia.Set(state, must(gorgonia.Sub(a.node, c)))
			states++
		}
	}

	// The cost is the sum of activations of all expressions. So the graph has
	// one root and no unused nodes.
	var cost node
	var terms []*expression
	for _, e := range pool[:inputs] { // slope 3 occurs only here, so that every input has a gradient
		terms = append(terms, activateWith(3, e.node, e.rows, e.cols, e.eval))
	}
	mayRefuse := false
	for _, e := range slices.Clone(pool) {
		if e.gone {
			mayRefuse = mayRefuse || e.activated
			continue
		}
		if term := activate(e.node, e.rows, e.cols, e.eval); !term.gone {
			terms = append(terms, term)
		}
	}
	for _, e := range terms {
		s := must(gorgonia.Sum(e.node))
		if cost == nil {
			cost = s
		} else {
			cost = must(gorgonia.Add(cost, s))
		}
	}
	f := func(in []float64) float64 {
		sum := 0.0
		for _, e := range terms {
			for _, v := range e.eval(in).v {
				sum += v
			}
		}
		return sum
	}

	want := f(values)
	if margin < 1e-3 || math.Abs(want) > 1e5 {
		return 0, nil
	}
	ds, err := gorgonia.Grad(cost, wrt...)
	if err != nil {
		if !mayRefuse || !strings.Contains(err.Error(), "overwrites") {
			t.Error(err)
		}
		return 0, err
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	numeric := fd.Gradient(nil, f, values, &fd.Settings{Formula: fd.Central, Step: 1e-6})
	scale := 1.0
	for _, d := range numeric {
		scale = max(scale, math.Abs(d))
	}
	for run := range 2 {
		runAll(t, vm)
		if got := cost.Value().Data().(float64); !(math.Abs(got-want) <= 1e-12*(1+math.Abs(want))*float64(len(terms))) {
			t.Errorf("run %d: value %v, plain Go %v", run, got, want)
		}
		for i, d := range ds {
			for j, got := range elements[float64](t, d.Value()) {
				if want := numeric[i*size+j]; !(math.Abs(got-want) <= 1e-5*scale) {
					t.Errorf("run %d: gradient of in%d[%d] is %v, central difference %v", run, i, j, got, want)
				}
			}
			sameBits(t, name("in", i), memory[float64](bound[i]), values[i*size:(i+1)*size])
		}
		for _, compare := range reads {
			compare(values)
		}
		vm.Reset()
	}
	return len(values), nil
}
