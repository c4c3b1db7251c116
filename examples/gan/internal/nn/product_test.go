package nn

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// products are the four products, each with the shapes of its inputs for a
// result of m rows and n columns, and sums of k terms.
var products = []struct {
	name   string
	build  func(in ...*gorgonia.Node) (*gorgonia.Node, error)
	shapes func(m, n, k int) [][2]int
	// a and b are the indexes of the factors of term l in row i, column j.
	a, b func(m, n, k, i, j, l int) int
}{
	{
		"a·b", func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return times(in[0], in[1]) },
		func(m, n, k int) [][2]int { return [][2]int{{m, k}, {k, n}} },
		func(m, n, k, i, j, l int) int { return i*k + l },
		func(m, n, k, i, j, l int) int { return l*n + j },
	},
	{
		"aᵀ·b", func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return transposedTimes(in[0], in[1]) },
		func(m, n, k int) [][2]int { return [][2]int{{k, m}, {k, n}} },
		func(m, n, k, i, j, l int) int { return l*m + i },
		func(m, n, k, i, j, l int) int { return l*n + j },
	},
	{
		"a·bᵀ", func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return timesTransposed(in[0], in[1]) },
		func(m, n, k int) [][2]int { return [][2]int{{m, k}, {n, k}} },
		func(m, n, k, i, j, l int) int { return i*k + l },
		func(m, n, k, i, j, l int) int { return j*k + l },
	},
	{
		"a·b+bias", func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return affine(in[0], in[1], in[2]) },
		func(m, n, k int) [][2]int { return [][2]int{{m, k}, {k, n}, {1, n}} },
		func(m, n, k, i, j, l int) int { return i*k + l },
		func(m, n, k, i, j, l int) int { return l*n + j },
	},
}

var sizesToTry = [][3]int{{1, 1, 1}, {2, 3, 4}, {4, 3, 2}, {1, 5, 3}, {5, 1, 3}, {3, 5, 1}, {20, 17, 9}}

// TestProduct compares values with those of a plain loop. Each operator runs
// twice, with different inputs. The second result lies in the memory of the
// first.
func TestProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, p := range products {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for _, size := range sizesToTry {
				m, n, k := size[0], size[1], size[2]
				shapes := p.shapes(m, n, k)
				g := gorgonia.NewGraph()
				var nodes gorgonia.Nodes
				for i, s := range shapes {
					nodes = append(nodes, Input(g, string(rune('a'+i)), tensorOf(dt, s[0], s[1], numbers(s[0]*s[1]))))
				}
				y, err := p.build(nodes...)
				if err != nil {
					t.Fatal(err)
				}
				if !y.Shape().Eq(tensor.Shape{m, n}) {
					t.Errorf("%s: the node has shape %v, want (%d, %d)", p.name, y.Shape(), m, n)
				}
				var results []gorgonia.Value
				for range 2 {
					var in []gorgonia.Value
					var v [][]float64
					for _, s := range shapes {
						x := random(rng, dt, s[0], s[1])
						in, v = append(in, x), append(v, slices.Clone(elementsOf(t, x)))
					}
					got, err := y.Op().Do(in...)
					if err != nil {
						t.Fatal(err)
					}
					results = append(results, got)
					tolerance := 1e-14
					if dt == tensor.Float32 {
						tolerance = 1e-5
					}
					for i := range m {
						for j := range n {
							var want, size float64
							if len(v) == 3 {
								want = v[2][j]
							}
							for l := range k {
								term := v[0][p.a(m, n, k, i, j, l)] * v[1][p.b(m, n, k, i, j, l)]
								want += term
								size += math.Abs(term)
							}
							if got := elementsOf(t, got)[i*n+j]; math.Abs(got-want) > tolerance*(1+size) {
								t.Fatalf("%s, %v, %v: element (%d, %d) is %v, want %v", p.name, dt, size, i, j, got, want)
							}
						}
					}
					for i, x := range in {
						if !slices.Equal(elementsOf(t, x), v[i]) {
							t.Errorf("%s changed input %d", p.name, i)
						}
					}
				}
				if results[0].Uintptr() != results[1].Uintptr() {
					t.Errorf("%s: the second run uses new memory", p.name)
				}
			}
		}
	}
}

// TestProductGradients checks gradients of both orders. The squares give the
// second order more to check. In float32, the order of gonum's sums depends on
// where a tensor begins. Tensors of 4, 8, 16 or 32 elements always begin at a
// multiple of 16 bytes.
func TestProductGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	sizes := map[tensor.Dtype][][3]int{tensor.Float64: sizesToTry[:6], tensor.Float32: {{4, 8, 2}, {8, 4, 4}}}
	tape := gradcheck.Machines(gradcheck.Tape)
	for _, p := range products {
		squared := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := p.build(in...)
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(y)
		}
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for _, size := range sizes[dt] {
				var in []*tensor.Dense
				for _, s := range p.shapes(size[0], size[1], size[2]) {
					in = append(in, random(rng, dt, s[0], s[1]))
				}
				for name, err := range map[string]error{
					"first order":           gradcheck.Check(p.build, in, tape),
					"second order":          gradcheck.CheckSecond(p.build, in, tape),
					"first order, squared":  gradcheck.Check(squared, in, tape),
					"second order, squared": gradcheck.CheckSecond(squared, in, tape),
				} {
					if err != nil {
						t.Errorf("%s, %v, %v, %s: %v", p.name, dt, size, name, err)
					}
				}
			}
		}
	}
}

// TestProductKeepsMemory runs a layer with LeakyReLU in place three times on a
// machine. All results lie in the same memory.
func TestProductKeepsMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	const m, n, k, alpha = 3, 4, 2, 0.2
	g := gorgonia.NewGraph()
	in := []*tensor.Dense{random(rng, tensor.Float64, m, k), random(rng, tensor.Float64, k, n), random(rng, tensor.Float64, 1, n)}
	h := Must(affine(Input(g, "x", in[0]), Input(g, "weights", in[1]), Input(g, "bias", in[2])))
	y := Must(leakyrelu.Apply(h, alpha, leakyrelu.InPlace()))
	var got gorgonia.Value
	gorgonia.Read(y, &got)
	machine := NewMachine(g)
	var memory uintptr
	for run := range 3 {
		for _, x := range in {
			Set(x, elementsOf(t, random(rng, tensor.Float64, x.Shape()[0], x.Shape()[1])))
		}
		machine.Reset()
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			memory = h.Value().Uintptr()
		}
		if h.Value().Uintptr() != memory || y.Value().Uintptr() != memory {
			t.Errorf("run %d: the product or the activation uses new memory", run)
		}
		x, weights, bias := elementsOf(t, in[0]), elementsOf(t, in[1]), elementsOf(t, in[2])
		for i := range m {
			for j := range n {
				want := bias[j]
				for l := range k {
					want += x[i*k+l] * weights[l*n+j]
				}
				if want < 0 {
					want *= alpha
				}
				if v := elementsOf(t, got)[i*n+j]; math.Abs(v-want) > 1e-14 {
					t.Errorf("run %d: element (%d, %d) is %v, want %v", run, i, j, v, want)
				}
			}
		}
	}
}

// TestProductAllocates checks that later runs of a machine allocate less than
// one result.
func TestProductAllocates(t *testing.T) {
	const n, runs = 200, 10
	g := gorgonia.NewGraph()
	x := Input(g, "x", tensorOf(tensor.Float64, n, n, numbers(n*n)))
	machine := NewMachine(Must(times(x, x)).Graph())
	run := func() uint64 {
		var stats runtime.MemStats
		machine.Reset()
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&stats)
		return stats.TotalAlloc
	}
	before, after := run(), uint64(0)
	for range runs {
		after = run()
	}
	if got := (after - before) / runs; got >= 8*n*n {
		t.Errorf("a run allocates %d bytes, want less than the %d of a result", got, 8*n*n)
	}
}

// TestProductOfResult checks what the caller may do with a result before the
// next run: make it an input, or change its shape.
func TestProductOfResult(t *testing.T) {
	b := tensorOf(tensor.Float64, 2, 2, []float64{0, 1, 1, 1})
	op := &product{}
	do := func(a, b gorgonia.Value, want []float64) *tensor.Dense {
		t.Helper()
		y, err := op.Do(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if got := elementsOf(t, y); !slices.Equal(got, want) {
			t.Errorf("%v times %v is %v, want %v", a, b, got, want)
		}
		return y.(*tensor.Dense)
	}
	y := do(tensorOf(tensor.Float64, 2, 2, numbers(4)), b, []float64{2, 3, 4, 7})
	y = do(y, b, []float64{3, 5, 7, 11})
	y = do(b, y, []float64{7, 11, 10, 16})
	if err := y.T(); err != nil {
		t.Fatal(err)
	}
	y = do(tensorOf(tensor.Float64, 2, 2, numbers(4)), b, []float64{2, 3, 4, 7})
	if err := y.Reshape(4, 1); err != nil {
		t.Fatal(err)
	}
	do(tensorOf(tensor.Float64, 2, 2, numbers(4)), b, []float64{2, 3, 4, 7})
	y = do(tensorOf(tensor.Float64, 1, 2, numbers(2)), b, []float64{2, 3})
	if err := y.Reshape(2); err != nil {
		t.Fatal(err)
	}
	y = do(tensorOf(tensor.Float64, 1, 2, numbers(2)), b, []float64{2, 3})
	if !slices.Equal(y.Shape(), tensor.Shape{1, 2}) {
		t.Errorf("shape %v, want (1, 2)", y.Shape())
	}
	do(tensorOf(tensor.Float32, 1, 2, numbers(2)), tensorOf(tensor.Float32, 2, 2, []float64{0, 1, 1, 1}), []float64{2, 3})
}

// TestProductOnLisp checks that a gradient on the Lisp machine is an error.
func TestProductOnLisp(t *testing.T) {
	g := gorgonia.NewGraph()
	x := Input(g, "x", tensorOf(tensor.Float64, 2, 2, numbers(4)))
	Must(gorgonia.Sum(Must(times(x, x))))
	if err := gorgonia.NewLispMachine(g).RunAll(); err == nil {
		t.Error("no error")
	}
}

// TestProductsDiffer checks that the hash contains everything that changes the
// result. Otherwise Gorgonia would merge two different nodes.
func TestProductsDiffer(t *testing.T) {
	hashes := map[uint32]*product{}
	for _, op := range []*product{{}, {transA: true}, {transB: true}, {bias: true}} {
		if other, ok := hashes[op.Hashcode()]; ok {
			t.Errorf("%v has the hash of %v", op, other)
		}
		hashes[op.Hashcode()] = op
	}
}

// TestProductRefuses checks for errors when the node is made and when it runs.
func TestProductRefuses(t *testing.T) {
	g := gorgonia.NewGraph()
	matrix := func(rows, columns int) *gorgonia.Node {
		return Input(g, "x", tensorOf(tensor.Float64, rows, columns, numbers(rows*columns)))
	}
	vector := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("v"))
	for name, err := range map[string]error{
		"inner dimensions":             second(times(matrix(2, 3), matrix(2, 3))),
		"inner dimensions, transposed": second(transposedTimes(matrix(2, 3), matrix(3, 2))),
		"a vector":                     second(times(matrix(2, 3), vector)),
		"columns of the bias":          second(affine(matrix(2, 3), matrix(3, 4), matrix(1, 3))),
		"rows of the bias":             second(affine(matrix(2, 3), matrix(3, 4), matrix(2, 4))),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}

	a, b := tensorOf(tensor.Float64, 2, 3, numbers(6)), tensorOf(tensor.Float64, 3, 2, numbers(6))
	transposed := tensorOf(tensor.Float64, 2, 3, numbers(6))
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]gorgonia.Value{
		"no input":   nil,
		"one input":  {a},
		"scalar":     {a, gorgonia.NewF64(1)},
		"dtypes":     {a, tensorOf(tensor.Float32, 3, 2, numbers(6))},
		"shapes":     {a, a},
		"transposed": {a, transposed},
		"ints":       {tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2, 3)), tensor.New(tensor.Of(tensor.Int), tensor.WithShape(3, 2))},
	} {
		op := &product{}
		before, err := op.Do(a, b)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(elementsOf(t, before))
		if _, err := op.Do(in...); err == nil {
			t.Errorf("%s: no error", name)
		}
		if !slices.Equal(elementsOf(t, before), want) {
			t.Errorf("%s: it has written something", name)
		}
	}
}
