package nn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

var windowsToTry = []Windows{
	{Height: 1, Width: 1, Channels: 1, Side: 1, Stride: 1},
	{Height: 3, Width: 3, Channels: 2, Side: 3, Stride: 1},
	{Height: 2, Width: 5, Channels: 1, Side: 2, Stride: 1},
	{Height: 4, Width: 3, Channels: 2, Side: 1, Stride: 2},
	{Height: 5, Width: 4, Channels: 3, Side: 2, Stride: 2}, // the last row has no window
	{Height: 4, Width: 4, Channels: 1, Side: 3, Stride: 2, Margin: 1},
	{Height: 2, Width: 3, Channels: 2, Side: 3, Stride: 1, Margin: 2},
	{Height: 5, Width: 7, Channels: 1, Side: 3, Stride: 3, Margin: 2},
	{Height: 1, Width: 2, Channels: 2, Side: 1, Stride: 1, Margin: 2}, // some windows contain no pixel
}

// numbers returns different numbers, beginning with 1.
func numbers(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(1 + i)
	}
	return v
}

// tensorOf returns a matrix of dtype dt.
func tensorOf(dt tensor.Dtype, rows, columns int, v []float64) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(slices.Clone(v)))
	}
	single := make([]float32, len(v))
	for i, x := range v {
		single[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(single))
}

// elementsOf returns the elements of a matrix.
func elementsOf(t *testing.T, v gorgonia.Value) []float64 {
	t.Helper()
	switch data := v.Data().(type) {
	case []float64:
		return data
	case []float32:
		out := make([]float64, len(data))
		for i, x := range data {
			out[i] = float64(x)
		}
		return out
	}
	t.Fatalf("%T, expected floats", v.Data())
	return nil
}

// eachElement calls f for every element of every window over n pictures. The
// arguments are the element's index in the unfolded matrix and its index in the
// pictures, or -1 outside the pictures.
func (w Windows) eachElement(n int, f func(patch, picture int)) {
	at := 0
	for i := range n {
		for top := -w.Margin; top+w.Side <= w.Height+w.Margin; top += w.Stride {
			for left := -w.Margin; left+w.Side <= w.Width+w.Margin; left += w.Stride {
				for y := top; y < top+w.Side; y++ {
					for x := left; x < left+w.Side; x++ {
						for c := range w.Channels {
							if y < 0 || y >= w.Height || x < 0 || x >= w.Width {
								f(at, -1)
							} else {
								f(at, ((i*w.Height+y)*w.Width+x)*w.Channels+c)
							}
							at++
						}
					}
				}
			}
		}
	}
}

// TestUnfold compares values with those of a plain loop, with new memory and
// with used memory.
func TestUnfold(t *testing.T) {
	for _, w := range windowsToTry {
		for _, n := range []int{1, 3} {
			for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
				pictures := numbers(n * w.Height * w.Width * w.Channels)
				var unfolded []float64
				w.eachElement(n, func(patch, picture int) {
					unfolded = append(unfolded, 0)
					if picture >= 0 {
						unfolded[patch] = pictures[picture]
					}
				})
				rows, columns := w.Places()
				if got := rows * columns * w.Inputs() * n; got != len(unfolded) {
					t.Fatalf("%+v: %d elements in the windows, want %d", w, got, len(unfolded))
				}
				folded := make([]float64, len(pictures))
				patches := numbers(len(unfolded))
				w.eachElement(n, func(patch, picture int) {
					if picture >= 0 {
						folded[picture] += patches[patch]
					}
				})

				pixels := tensorOf(dt, n*w.Height*w.Width, w.Channels, pictures)
				whole := tensorOf(dt, n, w.Height*w.Width*w.Channels, pictures)
				windows := tensorOf(dt, n*rows*columns, w.Inputs(), patches)
				for _, test := range []struct {
					name  string
					f     func(*gorgonia.Node, Windows) (*gorgonia.Node, error)
					x     *tensor.Dense
					shape tensor.Shape
					want  []float64
				}{
					{"Unfold", Unfold, pixels, tensor.Shape{n * rows * columns, w.Inputs()}, unfolded},
					{"Unfold", Unfold, whole, tensor.Shape{n * rows * columns, w.Inputs()}, unfolded},
					{"Fold", Fold, windows, tensor.Shape{n * w.Height * w.Width, w.Channels}, folded},
				} {
					before := slices.Clone(elementsOf(t, test.x))
					node, err := test.f(matrixNode(test.x), w)
					if err != nil {
						t.Fatal(err)
					}
					op := node.Op().(interface {
						gorgonia.Op
						gorgonia.UsePreallocDoer
					})
					fresh, err := op.Do(test.x)
					if err != nil {
						t.Fatal(err)
					}
					used := tensorOf(dt, test.shape[0], test.shape[1], numbers(len(test.want)))
					reused, err := op.UsePreallocDo(used, test.x)
					if err != nil || reused != gorgonia.Value(used) {
						t.Fatalf("%v into preallocated memory: %v, %v", op, reused, err)
					}
					for _, got := range []gorgonia.Value{fresh, reused} {
						if !slices.Equal(got.Shape(), test.shape) || got.Dtype() != dt || !slices.Equal(elementsOf(t, got), test.want) {
							t.Errorf("%v of %v:\n%v of shape %v, want\n%v of shape %v", op, test.x, got, got.Shape(), test.want, test.shape)
						}
					}
					if !slices.Equal(node.Shape(), test.shape) {
						t.Errorf("%v: the node has shape %v, want %v", op, node.Shape(), test.shape)
					}
					if !slices.Equal(elementsOf(t, test.x), before) {
						t.Errorf("%v changed its input", op)
					}
				}
			}
		}
	}
}

// matrixNode returns a node of a new graph that reads x.
func matrixNode(x *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewMatrix(gorgonia.NewGraph(), x.Dtype(), gorgonia.WithName("x"), gorgonia.WithShape(x.Shape()...), gorgonia.WithValue(x))
}

// TestUnfoldGradients checks gradients of both orders on both machines. Both
// operators are linear, so their second gradients are 0. So the test squares the
// results.
func TestUnfoldGradients(t *testing.T) {
	squared := func(f func(*gorgonia.Node, Windows) (*gorgonia.Node, error), w Windows) gradcheck.Func {
		return func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := f(in[0], w)
			if err != nil {
				return nil, err
			}
			return gorgonia.HadamardProd(y, y)
		}
	}
	const n = 2
	rng := rand.New(rand.NewPCG(1, 2))
	for _, w := range windowsToTry {
		rows, columns := w.Places()
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for _, test := range []struct {
				name string
				f    func(*gorgonia.Node, Windows) (*gorgonia.Node, error)
				x    *tensor.Dense
			}{
				{"Unfold of pixels", Unfold, random(rng, dt, n*w.Height*w.Width, w.Channels)},
				{"Unfold of pictures", Unfold, random(rng, dt, n, w.Height*w.Width*w.Channels)},
				{"Fold", Fold, random(rng, dt, n*rows*columns, w.Inputs())},
			} {
				f := squared(test.f, w)
				for name, err := range map[string]error{
					"first order":  gradcheck.Check(f, []*tensor.Dense{test.x}),
					"second order": gradcheck.CheckSecond(f, []*tensor.Dense{test.x}),
				} {
					if err != nil {
						t.Errorf("%s, %v, %+v, %s: %v", test.name, dt, w, name, err)
					}
				}
			}
		}
	}
}

func random(rng *rand.Rand, dt tensor.Dtype, rows, columns int) *tensor.Dense {
	v := make([]float64, rows*columns)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return tensorOf(dt, rows, columns, v)
}

// TestCritic checks the loss of a convolutional critic with its gradient
// penalty (WGAN-GP), with respect to the weights and the pictures. The critic
// uses only unfold.go and the activation.
func TestCritic(t *testing.T) {
	const n, alpha = 2, 0.2
	first := Windows{Height: 5, Width: 5, Channels: 1, Side: 3, Stride: 2, Margin: 1}
	rows, columns := first.Places()
	second := Windows{Height: rows, Width: columns, Channels: 3, Side: 2, Stride: 1}
	rows, columns = second.Places()
	last := rows * columns * 2

	// critic returns the ratings and the gradient of their sum with respect to
	// x.
	critic := func(x, w1, w2, w3 *gorgonia.Node) (ratings, dx *gorgonia.Node) {
		var pre []*gorgonia.Node
		convolve := func(x, weights *gorgonia.Node, w Windows) *gorgonia.Node {
			y := gorgonia.Must(gorgonia.Mul(gorgonia.Must(Unfold(x, w)), weights))
			pre = append(pre, y)
			return gorgonia.Must(leakyrelu.Apply(y, alpha))
		}
		// The last layer is one window over the whole picture.
		all := Windows{Height: rows, Width: columns, Channels: 2, Side: rows, Stride: 1}
		y := convolve(convolve(x, w1, first), w2, second)
		ratings = gorgonia.Must(gorgonia.Mul(gorgonia.Must(Unfold(y, all)), w3))

		ones := gorgonia.NewMatrix(x.Graph(), x.Dtype(), gorgonia.WithName("ones"), gorgonia.WithShape(n, 1), gorgonia.WithInit(gorgonia.Ones()))
		pullBack := func(dy, weights *gorgonia.Node, w Windows) *gorgonia.Node {
			return gorgonia.Must(Fold(gorgonia.Must(gorgonia.Mul(dy, gorgonia.Must(gorgonia.Transpose(weights)))), w))
		}
		d := pullBack(ones, w3, all)
		d = pullBack(gorgonia.Must(leakyrelu.ApplyGrad(pre[1], d, alpha)), w2, second)
		return ratings, pullBack(gorgonia.Must(leakyrelu.ApplyGrad(pre[0], d, alpha)), w1, first)
	}
	loss := func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
		real, generated, between, weights := in[0], in[1], in[2], in[3:]
		ratingReal, _ := critic(real, weights[0], weights[1], weights[2])
		ratingGenerated, _ := critic(generated, weights[0], weights[1], weights[2])
		_, dx := critic(between, weights[0], weights[1], weights[2])
		dx = gorgonia.Must(gorgonia.Reshape(dx, tensor.Shape{n, first.Height * first.Width}))
		norms := gorgonia.Must(gorgonia.Sqrt(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(dx)), 1))))
		excess := gorgonia.Must(gorgonia.Sub(norms, gorgonia.NewConstant(1.0)))
		penalty := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(excess))))
		rated := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Sub(ratingGenerated, ratingReal))))
		return gorgonia.Add(rated, gorgonia.Must(gorgonia.Mul(gorgonia.NewConstant(10.0), penalty)))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	pictures := func() *tensor.Dense { return random(rng, tensor.Float64, n*first.Height*first.Width, 1) }
	err := gradcheck.Check(loss, []*tensor.Dense{
		pictures(), pictures(), pictures(),
		random(rng, tensor.Float64, first.Inputs(), 3), random(rng, tensor.Float64, second.Inputs(), 2), random(rng, tensor.Float64, last, 1),
	}, gradcheck.Machines(gradcheck.Tape))
	if err != nil {
		t.Error(err)
	}
}

// TestUnfoldInPlace checks that LeakyReLU works in place after both operators.
func TestUnfoldInPlace(t *testing.T) {
	w := Windows{Height: 4, Width: 4, Channels: 1, Side: 2, Stride: 2}
	for name, test := range map[string]struct {
		f    func(*gorgonia.Node, Windows) (*gorgonia.Node, error)
		rows int
	}{"Unfold": {Unfold, 16}, "Fold": {Fold, 4}} {
		h := Must(test.f(matrixNode(tensorOf(tensor.Float64, test.rows, 16/test.rows, numbers(16))), w))
		y := Must(leakyrelu.Apply(h, 0.2, leakyrelu.InPlace()))
		if err := NewMachine(h.Graph()).RunAll(); err != nil {
			t.Fatal(err)
		}
		if h.Value().Uintptr() != y.Value().Uintptr() {
			t.Errorf("%s: LeakyReLU uses new memory", name)
		}
	}
}

// TestUnfoldsDiffer checks that the hash contains everything that changes the
// result. Otherwise Gorgonia would merge two different nodes.
func TestUnfoldsDiffer(t *testing.T) {
	hashes := map[uint32]string{}
	add := func(op *unfolding) {
		name := fmt.Sprintf("%v, %d columns", op, op.columns)
		if other, ok := hashes[op.Hashcode()]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		hashes[op.Hashcode()] = name
	}
	base := Windows{Height: 6, Width: 6, Channels: 1, Side: 2, Stride: 1}
	all := []Windows{base}
	for i := range 6 {
		w := base
		*[]*int{&w.Height, &w.Width, &w.Channels, &w.Side, &w.Stride, &w.Margin}[i]++
		all = append(all, w)
	}
	for _, w := range all {
		for _, columns := range []int{w.Channels, w.picture()} {
			add(newUnfolding(w, columns))
			add(newUnfolding(w, columns).transpose())
		}
	}
}

// TestUnfoldRefuses checks for errors when the node is made and when it runs.
// Nothing may be written.
func TestUnfoldRefuses(t *testing.T) {
	good := Windows{Height: 4, Width: 4, Channels: 2, Side: 3, Stride: 1}
	g := gorgonia.NewGraph()
	matrix := func(dt tensor.Dtype, rows, columns int) *gorgonia.Node {
		return gorgonia.NewMatrix(g, dt, gorgonia.WithName(fmt.Sprint(dt, rows, columns)), gorgonia.WithShape(rows, columns))
	}
	change := func(f func(*Windows)) Windows {
		w := good
		f(&w)
		return w
	}
	for name, err := range map[string]error{
		"nil":            second(Unfold(nil, good)),
		"no side":        second(Unfold(matrix(tensor.Float64, 16, 2), change(func(w *Windows) { w.Side = 0 }))),
		"no stride":      second(Unfold(matrix(tensor.Float64, 16, 2), change(func(w *Windows) { w.Stride = 0 }))),
		"no margin":      second(Unfold(matrix(tensor.Float64, 16, 2), change(func(w *Windows) { w.Margin = -1 }))),
		"no pixels":      second(Unfold(matrix(tensor.Float64, 16, 2), change(func(w *Windows) { w.Height = 0 }))),
		"large window":   second(Unfold(matrix(tensor.Float64, 16, 2), change(func(w *Windows) { w.Side = 5 }))),
		"wrong columns":  second(Unfold(matrix(tensor.Float64, 16, 3), good)),
		"half a picture": second(Unfold(matrix(tensor.Float64, 24, 2), good)),
		"vector":         second(Unfold(gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(32), gorgonia.WithName("v")), good)),
		"ints":           second(Unfold(matrix(tensor.Int, 16, 2), good)),
		"fold, columns":  second(Fold(matrix(tensor.Float64, 4, 17), good)),
		"fold, windows":  second(Fold(matrix(tensor.Float64, 3, 18), good)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}

	op := newUnfolding(good, good.Channels)
	x := tensorOf(tensor.Float64, 16, 2, numbers(32))
	transposed := tensorOf(tensor.Float64, 2, 16, numbers(32))
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		prealloc gorgonia.Value
		inputs   []gorgonia.Value
	}{
		"no input":           {tensorOf(tensor.Float64, 4, 18, numbers(72)), nil},
		"scalar":             {tensorOf(tensor.Float64, 4, 18, numbers(72)), []gorgonia.Value{gorgonia.NewF64(1)}},
		"transposed":         {tensorOf(tensor.Float64, 4, 18, numbers(72)), []gorgonia.Value{transposed}},
		"into another shape": {tensorOf(tensor.Float64, 18, 4, numbers(72)), []gorgonia.Value{x}},
		"into another dtype": {tensorOf(tensor.Float32, 4, 18, numbers(72)), []gorgonia.Value{x}},
		"into nothing":       {nil, []gorgonia.Value{x}},
		"into its input":     {x, []gorgonia.Value{x}},
	} {
		if _, err := op.UsePreallocDo(test.prealloc, test.inputs...); err == nil {
			t.Errorf("%s: no error", name)
		}
		if test.prealloc != nil && !slices.Equal(elementsOf(t, test.prealloc), numbers(test.prealloc.Size())) {
			t.Errorf("%s: it has written something", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
