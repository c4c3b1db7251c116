package leakyrelu_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// These tests check the list of operators in memory.go, entry by entry: which
// of them own their result, and whether InPlace works next to them.

// A neighbour is an operator next to an activation. Its input h has the given
// shape.
type neighbour struct {
	name  string
	shape tensor.Shape
	build func(must check, h node) node
	owns  bool // the result shares no memory with h, and InPlace relies on this

	// The type of the operator that is its gradient, "" if it has none.
	diff string
}

var (
	row   = tensor.Shape{3, 4}
	image = tensor.Shape{1, 2, 4, 4}
)

// weights returns an input node with random values, in the graph of n.
func weights(n node, label string, shape ...int) node {
	return input(n.Graph(), label, dense(random[float64](rand.New(rand.NewPCG(31, 32)), tensor.Shape(shape).TotalSize()), shape...))
}

var neighbours = []neighbour{
	{"elemUnaryOp", row, func(must check, h node) node { return must(gorgonia.Square(h)) }, true, "elemBinOp"},
	{"elemBinOp", row, func(must check, h node) node { return must(gorgonia.Add(h, weights(h, "c", 3, 4))) }, true, "elemBinOp"},
	{"minBetween", row, func(must check, h node) node { return must(gorgonia.MinBetween(h, weights(h, "c", 3, 4))) }, true, ""},
	{"maxBetween", row, func(must check, h node) node { return must(gorgonia.MaxBetween(h, weights(h, "c", 3, 4))) }, true, ""},
	{"linAlgBinOp", row, func(must check, h node) node { return must(gorgonia.Mul(h, weights(h, "w", 4, 2))) }, true, "linAlgBinOp"},
	{"transposeOp", row, func(must check, h node) node { return must(gorgonia.Transpose(h)) }, true, "transposeOp"},
	{"transposeOp of a column", tensor.Shape{4, 1}, func(must check, h node) node { return must(gorgonia.Transpose(h)) }, true, "transposeOp"},
	{"sumOp", row, func(must check, h node) node { return must(gorgonia.Sum(h, 1)) }, true, "repeatOp"},
	{"sumOp along a dimension of 1", tensor.Shape{4, 1}, func(must check, h node) node { return must(gorgonia.Sum(h, 1)) }, true, "repeatOp"},
	{"maxOp", row, func(must check, h node) node { return must(gorgonia.Max(h, 1)) }, true, "elemBinOp"},
	{"maxOp along a dimension of 1", tensor.Shape{4, 1}, func(must check, h node) node { return must(gorgonia.Max(h, 1)) }, true, "elemBinOp"},
	{"sizeOp", row, func(must check, h node) node { return must(gorgonia.Mean(h)) }, true, "repeatOp"},
	{"repeatOp, of a bias", row, func(must check, h node) node {
		return must(gorgonia.BroadcastAdd(h, weights(h, "b", 1, 4), nil, []byte{0}))
	}, true, "elemBinOp"},
	{"concatOp", row, func(must check, h node) node { return must(gorgonia.Concat(0, h, weights(h, "c", 3, 4))) }, true, "sliceOp"},
	{"im2colOp", image, func(must check, h node) node {
		return must(gorgonia.Im2Col(h, tensor.Shape{1, 1}, tensor.Shape{0, 0}, tensor.Shape{1, 1}, tensor.Shape{1, 1}))
	}, true, "col2imOp"},
	{"Conv2d", image, func(must check, h node) node {
		return must(gorgonia.Conv2d(h, weights(h, "w", 2, 2, 1, 1), tensor.Shape{1, 1}, []int{0, 0}, []int{1, 1}, []int{1, 1}))
	}, true, "col2imOp"},
	{"maxPoolOp", image, func(must check, h node) node {
		return must(gorgonia.MaxPool2D(h, tensor.Shape{1, 1}, []int{0, 0}, []int{1, 1}))
	}, true, "maxPoolDiffOp"},
	{"avgPoolOp", image, func(must check, h node) node {
		return must(gorgonia.AveragePool2D(h, tensor.Shape{1, 1}, []int{0, 0}, []int{1, 1}))
	}, true, "avgPoolDiffOp"},
	{"globalAveragePoolOp", tensor.Shape{1, 2, 1, 1}, func(must check, h node) node { return must(gorgonia.GlobalAveragePool2D(h)) }, true, ""},
	{"upsampleOp", image, func(must check, h node) node { return must(gorgonia.Upsample2D(h, 1)) }, true, "upsampleDiffOp"},
	{"BatchNormOp", image, func(must check, h node) node {
		n, _, _, _, err := gorgonia.BatchNorm(h, nil, nil, 0.9, 1e-5)
		return must(n, err)
	}, true, "batchnormDiffOp"},
	{"GroupNormOp", image, func(must check, h node) node {
		n, err := gorgonia.GroupNorm(h, weights(h, "scale", 1, 2, 1, 1), weights(h, "bias", 1, 2, 1, 1), 1, 2, 1e-5)
		return must(n, err)
	}, true, ""},
	{"softmaxOp", row, func(must check, h node) node { return must(gorgonia.SoftMax(h, 1)) }, true, "softmaxDiffOp"},

	{"another package's, says that it owns its result", row, func(must check, h node) node { return must(gorgonia.ApplyOp(copying{}, h)) }, true, "copying"},
	{"another package's, says that it owns its result and may overwrite its input", row, func(must check, h node) node { return must(gorgonia.ApplyOp(overwriting{}, h)) }, true, "overwriting"},

	{"another package's, says nothing", row, func(must check, h node) node { return must(gorgonia.ApplyOp(identity{}, h)) }, false, ""},
	{"another package's, says that it does not own its result", row, func(must check, h node) node { return must(gorgonia.ApplyOp(sharing{}, h)) }, false, ""},
	{"Iop", row, func(must check, h node) node { return must(gorgonia.ApplyOp(gorgonia.Iop{}, h)) }, false, ""},
	{"reshapeOp", row, func(must check, h node) node { return must(gorgonia.Reshape(h, tensor.Shape{12})) }, false, "reshapeOp"},
	{"sliceOp", row, func(must check, h node) node { return must(gorgonia.Slice(h, gorgonia.S(0, 2))) }, false, "sliceIncrOp"},
	{"dropoutOp with p = 0", row, func(must check, h node) node { return must(gorgonia.Dropout(h, 0)) }, false, "dropoutDiffOp"},
}

// A Read keeps h alive. The result of an operator shares memory with h exactly
// if the operator does not own its result.
func TestOwnsResult(t *testing.T) {
	for _, n := range neighbours {
		if n.name == "sliceOp" {
			continue // copies on the tape machine in v0.9.18
		}
		t.Run(n.name, func(t *testing.T) {
			must := must(t)
			g := gorgonia.NewGraph()
			xs := random[float64](rand.New(rand.NewPCG(33, 34)), n.shape.TotalSize())
			h := must(gorgonia.Neg(input(g, "x", dense(xs, n.shape...))))
			z := n.build(must, h)
			var later gorgonia.Value
			gorgonia.Read(h, &later)
			runTape(t, g)
			if got := overlap(z.Value(), h.Value()); got == n.owns {
				t.Errorf("result and input share memory: %t, want %t", got, !n.owns)
			}
			for i := range xs {
				xs[i] = -xs[i]
			}
			sameBits(t, "input", elements[float64](t, later), xs)
		})
	}
}

// overlap reports whether two values share memory.
func overlap(a, b gorgonia.Value) bool {
	return a.Uintptr() < b.Uintptr()+b.MemSize() && b.Uintptr() < a.Uintptr()+a.MemSize()
}

// viewsOfGradients are gradient operators that do not own their result.
var viewsOfGradients = []string{"sliceOp", "sliceIncrOp", "reshapeOp"}

func opName(n node) string {
	op := reflect.TypeOf(n.Op())
	if op.Kind() == reflect.Pointer {
		op = op.Elem()
	}
	return op.Name()
}

// The activation comes after each operator, before it, or beside it with the
// same input. It works in place exactly if the operator owns its result.
func TestInPlaceNextToOperators(t *testing.T) {
	sameMemory := func(a, b node) bool { return a.Value().Uintptr() == b.Value().Uintptr() }
	for _, n := range neighbours {
		t.Run(n.name, func(t *testing.T) {
			must := must(t)
			start := func() node {
				x := input(gorgonia.NewGraph(), "x", dense(random[float64](rand.New(rand.NewPCG(33, 34)), n.shape.TotalSize()), n.shape...))
				return must(gorgonia.Neg(x))
			}
			h := start()
			z := n.build(must, h)
			y := must(leakyrelu.Apply(z, 0.2, leakyrelu.InPlace()))
			runTape(t, y.Graph())
			if got := sameMemory(y, z); got != n.owns {
				t.Errorf("after it, in place: %t, want %t", got, n.owns)
			}

			h = start()
			n.build(must, h)
			y = must(leakyrelu.Apply(h, 0.2, leakyrelu.InPlace()))
			runTape(t, y.Graph())
			if got := sameMemory(y, h); got != n.owns {
				t.Errorf("beside it, in place: %t, want %t", got, n.owns)
			}

			h = start()
			y = must(leakyrelu.Apply(h, 0.2, leakyrelu.InPlace()))
			z = n.build(must, y)
			if n.diff == "" {
				return
			}
			grad(t, must(gorgonia.Sum(must(gorgonia.Square(z)))), h.Graph().Inputs()[0])
			runTape(t, y.Graph())
			if got := sameMemory(y, h); got != n.owns {
				t.Errorf("before it, in place: %t, want %t", got, n.owns)
			}
			if got := opName(y.Deriv()); got != n.diff {
				t.Errorf("the upstream gradient is from %s, want %s", got, n.diff)
			}
			if got, want := sameMemory(h.Deriv(), y.Deriv()), !slices.Contains(viewsOfGradients, n.diff); got != want {
				t.Errorf("gradient in place over the result of %s: %t, want %t", n.diff, got, want)
			}
		})
	}
}
