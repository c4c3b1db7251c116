package leakyrelu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// Every wrong argument gives an error that says what was given and what was
// expected. The operator writes nothing before the error.

func TestErrors(t *testing.T) {
	vec := func(n int) *tensor.Dense { return dense(make([]float64, n), n) }
	masked := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}, []bool{true, false}))
	sparse := tensor.CSRFromCoord(tensor.Shape{2, 2}, []int{0}, []int{1}, []float64{1})
	far := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2), tensor.WithEngine(farEngine{}))
	ints := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 2}))
	nothing, err := dense(make([]float64, 12), 3, 4).Slice(nil, tensor.S(2, 2)) // package tensor says that its shape is (3)
	if err != nil {
		t.Fatal(err)
	}
	one := newOp(t, 0.2)
	two := newGrad(t, 0.2)
	big := newOp(t, 1e300)
	for _, c := range []struct {
		name   string
		op     *leakyrelu.Op
		inputs []gorgonia.Value
		words  []string // the message must contain these
	}{
		{"no input", one, nil, []string{"0 inputs", "expected 1"}},
		{"two inputs", one, []gorgonia.Value{vec(2), vec(2)}, []string{"2 inputs", "expected 1"}},
		{"one input of two", two, []gorgonia.Value{vec(2)}, []string{"1 inputs", "expected 2"}},
		{"nil", one, []gorgonia.Value{nil}, []string{"x is nil"}},
		{"nil dy", two, []gorgonia.Value{vec(2), nil}, []string{"dy is nil"}},
		{"nil Dense", one, []gorgonia.Value{(*tensor.Dense)(nil)}, []string{"x", "nil *tensor.Dense"}},
		{"nil F32", one, []gorgonia.Value{(*gorgonia.F32)(nil)}, []string{"x", "nil *gorgonia.F32"}},
		{"nil F64", one, []gorgonia.Value{(*gorgonia.F64)(nil)}, []string{"x", "nil *gorgonia.F64"}},
		{"zero Dense", one, []gorgonia.Value{new(tensor.Dense)}, []string{"x", "without a dtype", "float32 or float64"}},
		{"int tensor", one, []gorgonia.Value{ints}, []string{"x", "int", "float32 or float64"}},
		{"int scalar", one, []gorgonia.Value{gorgonia.NewI(3)}, []string{"x", "*gorgonia.I", "*gorgonia.F64"}},
		{"masked", one, []gorgonia.Value{masked}, []string{"x", "masked"}},
		{"sparse", one, []gorgonia.Value{sparse}, []string{"x", "*tensor.CS", "*tensor.Dense"}},
		{"far memory", one, []gorgonia.Value{far}, []string{"x", "memory", "main memory"}},
		{"slice of nothing", one, []gorgonia.Value{nothing.(*tensor.Dense)}, []string{"x", "(3)", "8 elements", "at least 9"}},
		{"slice of nothing for dy", two, []gorgonia.Value{vec(3), nothing.(*tensor.Dense)}, []string{"dy", "(3)", "8 elements", "at least 9"}},
		{"dtypes differ", two, []gorgonia.Value{vec(2), dense([]float32{1, 2}, 2)}, []string{"dy", "float32", "float64"}},
		{"shapes differ", two, []gorgonia.Value{dense(make([]float64, 6), 2, 3), dense(make([]float64, 6), 3, 2)}, []string{"dy", "(3, 2)", "(2, 3)"}},
		{"vector and matrix", two, []gorgonia.Value{vec(4), dense(make([]float64, 4), 2, 2)}, []string{"dy", "(2, 2)", "(4)"}},
		{"alpha beyond float32", big, []gorgonia.Value{dense([]float32{1}, 1)}, []string{"alpha", "1e+300", "float32"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.op.Do(c.inputs...)
			names(t, "Do", err, c.words...)
			dst := dense([]float64{7, 7}, 2)
			_, err = c.op.UsePreallocDo(dst, c.inputs...)
			names(t, "UsePreallocDo", err, c.words...)
			names(t, "IncrDo", c.op.IncrDo(dst, c.inputs...), c.words...)
			sameBits(t, "destination", dst.Data().([]float64), []float64{7, 7})
		})
	}
}

// farEngine says that Go can't access the memory of its tensors, as with a GPU.
type farEngine struct{ tensor.StdEng }

func (farEngine) AllocAccessible() bool { return false }

func TestDestinationErrors(t *testing.T) {
	whole := dense([]float64{1, -2, 3, -4, 5, -6}, 6)
	part := func(from, to int) *tensor.Dense {
		v, err := whole.Slice(tensor.S(from, to))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*tensor.Dense)
	}
	x := part(0, 4)
	nothing, err := dense(make([]float64, 16), 4, 4).Slice(nil, tensor.S(1, 1)) // package tensor says that its shape is (4)
	if err != nil {
		t.Fatal(err)
	}
	square := dense([]float64{1, -2, 3, -4}, 2, 2)
	transposed := square.ShallowClone()
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		x, dst gorgonia.Value
		words  []string
	}{
		{"nil", x, nil, []string{"nil"}},
		{"nil Dense", x, (*tensor.Dense)(nil), []string{"nil *tensor.Dense"}},
		{"another dtype", x, dense([]float32{7, 7, 7, 7}, 4), []string{"float32", "expected float64, the dtype of x"}},
		{"another shape", x, dense([]float64{7, 7}, 2), []string{"(2)", "(4)"}},
		{"a matrix for a vector", x, dense([]float64{7, 7, 7, 7}, 2, 2), []string{"(2, 2)", "(4)"}},
		{"a scalar for a vector", x, gorgonia.NewF64(7), []string{"()", "(4)"}},
		{"slice of nothing", x, nothing.(*tensor.Dense), []string{"(4)", "12 elements", "at least 13"}},
		{"shifted view of the input", x, part(1, 5), []string{"shares memory with x"}},
		{"shifted view before the input", part(1, 5), part(0, 4), []string{"shares memory with x"}},
		{"transpose of the input", square, transposed, []string{"shares memory with x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			op := newOp(t, 0.2)
			_, err := op.UsePreallocDo(c.dst, c.x)
			names(t, "UsePreallocDo", err, append(c.words, "prealloc")...)
			names(t, "IncrDo", op.IncrDo(c.dst, c.x), append(c.words, "toIncr")...)
			sameBits(t, "memory", memory[float64](whole), []float64{1, -2, 3, -4, 5, -6})
			sameBits(t, "memory", memory[float64](square), []float64{1, -2, 3, -4})
			if d, ok := c.dst.(*tensor.Dense); ok && d != nil && d.Dtype() == tensor.Float32 {
				sameBits(t, "destination", memory[float32](d), []float32{7, 7, 7, 7})
			}
		})
	}
}

// The destination overlaps dy, but not x.
func TestDestinationOverlapsUpstreamGradient(t *testing.T) {
	whole := dense([]float64{1, -2, 3}, 3)
	dy, err := whole.Slice(tensor.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	dst, err := whole.Slice(tensor.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	op, x := newGrad(t, 0.2), dense([]float64{-1, -1}, 2)
	_, err = op.UsePreallocDo(dst.(*tensor.Dense), x, dy.(*tensor.Dense))
	names(t, "UsePreallocDo", err, "prealloc shares memory with dy")
	names(t, "IncrDo", op.IncrDo(dst.(*tensor.Dense), x, dy.(*tensor.Dense)), "toIncr shares memory with dy")
	sameBits(t, "memory", memory[float64](whole), []float64{1, -2, 3})
}

func TestNewErrors(t *testing.T) {
	for _, alpha := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := leakyrelu.New(alpha)
		names(t, "New", err, "alpha", name(alpha), "finite")
	}
	for _, alpha := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := leakyrelu.NewGrad(alpha)
		names(t, "NewGrad", err, "alpha", name(alpha), "finite")
	}
	x := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("x"))
	_, err := leakyrelu.Apply(x, 0.2, leakyrelu.InPlace(), nil)
	names(t, "Apply", err, "option 1", "nil")
	_, err = leakyrelu.ApplyGrad(x, x, 0.2, nil)
	names(t, "ApplyGrad", err, "option 0", "nil")
}

// TestNodeErrors calls Apply with nodes that can't be an input, and with alphas
// that don't fit.
func TestNodeErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	good := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("good"))
	var into gorgonia.Value
	for _, c := range []struct {
		name  string
		x     *gorgonia.Node
		alpha float64
		words []string
	}{
		{"nil", nil, 0.2, []string{"x is nil", "float32 or float64"}},
		{"no node", new(gorgonia.Node), 0.2, []string{"x", "type", "float32 or float64"}},
		{"int", gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(3), gorgonia.WithName("ints")), 0.2, []string{"x", "ints", "int", "float32 or float64"}},
		{"bool", gorgonia.NewScalar(g, tensor.Bool, gorgonia.WithName("yes")), 0.2, []string{"x", "yes", "bool", "float32 or float64"}},
		{"a statement", gorgonia.Read(good, &into), 0.2, []string{"x", "float32 or float64"}},
		{"no shape", gorgonia.NewTensor(g, tensor.Float64, 2, gorgonia.WithName("vague")), 0.2, []string{"x", "vague", "2 dimensions", "shape"}},
		{"no graph", gorgonia.NewConstant(1.0), 0.2, []string{"x", "in no graph"}},
		{"NaN", good, math.NaN(), []string{"alpha", "NaN", "finite"}},
		{"Inf", good, math.Inf(1), []string{"alpha", "+Inf", "finite"}},
		{"-Inf", good, math.Inf(-1), []string{"alpha", "-Inf", "finite"}},
		{"beyond float32", good, 1e39, []string{"alpha", "1e+39", "float32"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := leakyrelu.Apply(c.x, c.alpha)
			names(t, "Apply", err, c.words...)
			_, err = leakyrelu.ApplyGrad(c.x, c.x, c.alpha)
			names(t, "ApplyGrad", err, c.words...)
			_, err = leakyrelu.Activation(c.alpha)(c.x)
			names(t, "Activation", err, c.words...)
		})
	}
	// The largest float32 is a valid slope.
	if _, err := leakyrelu.Apply(good, math.MaxFloat32); err != nil {
		t.Error(err)
	}
	if _, err := leakyrelu.Apply(gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("s")), 1e39); err != nil {
		t.Error(err)
	}
}

// A constant is in no graph until a node uses it. ApplyGrad accepts a constant
// and a node of a graph together.
func TestConstantInputs(t *testing.T) {
	for _, m := range machines {
		must := must(t)
		g := gorgonia.NewGraph()
		x := input(g, "x", dense([]float64{1, -2}, 2))
		c := gorgonia.NewConstant(dense([]float64{3, -4}, 2))
		a := must(leakyrelu.ApplyGrad(x, c, 0.5))                                 // 3, -2
		b := must(leakyrelu.ApplyGrad(c, must(gorgonia.HadamardProd(x, x)), 0.5)) // 1, 2
		y := must(gorgonia.HadamardProd(a, b))
		var got gorgonia.Value
		read := gorgonia.Read(y, &got)
		m.run(t, must(gorgonia.Sum(y)), read, x)
		near(t, m.name+": value", elements[float64](t, got), []float64{3, -4})
		near(t, m.name+": gradient", gradOf[float64](t, x), []float64{3 * 2, -2 * 0.5 * -4})
	}
}

func TestApplyGradErrors(t *testing.T) {
	g, other := gorgonia.NewGraph(), gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	for _, c := range []struct {
		name  string
		dy    *gorgonia.Node
		words []string
	}{
		{"nil", nil, []string{"dy is nil"}},
		{"another shape", gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 2), gorgonia.WithName("a")), []string{"dy", "(3, 2)", "(2, 3)"}},
		{"another rank", gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(6), gorgonia.WithName("b")), []string{"dy", "(6)", "(2, 3)"}},
		{"another dtype", gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("c")), []string{"dy", "float64", "float32"}},
		{"a scalar", gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithName("s")), []string{"dy", "()", "(2, 3)"}},
		{"another graph", gorgonia.NewMatrix(other, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("d")), []string{"dy (d)", "another graph than x (x)"}},
	} {
		_, err := leakyrelu.ApplyGrad(x, c.dy, 0.2)
		names(t, c.name, err, c.words...)
	}
}

// Usually Gorgonia calls SymDiff and DoDiff. With wrong arguments from another
// caller, they return errors and don't panic.
func TestDifferentiationErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	y := must(t)(leakyrelu.Apply(x, 0.2))
	op := y.Op().(*leakyrelu.Op)
	_, err := op.SymDiff(nil, y, x)
	names(t, "SymDiff of nothing", err, "0 inputs", "expected 1")
	_, err = op.SymDiff(gorgonia.Nodes{x}, y, nil)
	names(t, "SymDiff without gradient", err, "dy is nil")
	_, err = op.SymDiff(gorgonia.Nodes{gorgonia.NewConstant(1.0)}, nil, x)
	names(t, "SymDiff of a node without a graph, of another shape", err, "dy", "(3)")
	d := must(t)(leakyrelu.ApplyGrad(x, x, 0.2))
	if ds, err := d.Op().(*leakyrelu.Op).SymDiff(gorgonia.Nodes{x, x}, d, x); err != nil || len(ds) != 2 || ds[0] != nil || ds[1] == nil {
		t.Errorf("SymDiff of the gradient: %v, %v, want a node for dy alone", ds, err)
	}
	names(t, "DoDiff of nothing", op.DoDiff(gorgonia.ExecutionContext{}, nil, y), "0 inputs", "expected 1")
	names(t, "DoDiff of nil", op.DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{nil}, y), "nil node")
	names(t, "DoDiff before a run", op.DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, y), "radient")
}

// A transposed gradient does not have the shape of x. A reshape would give
// wrong numbers, because the memory is in another order.
func TestDoDiffOfTransposedGradient(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	x := input(g, "x", dense(random[float64](rand.New(rand.NewPCG(21, 22)), 12), 3, 4))
	y := must(leakyrelu.Apply(x, 0.2))
	must(gorgonia.Sum(must(gorgonia.Square(y))))
	runLisp(t, g)
	v, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	d := v.(*tensor.Dense)
	if err := d.T(); err != nil {
		t.Fatal(err)
	}
	before := memory[float64](d)
	names(t, "DoDiff", y.Op().(*leakyrelu.Op).DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, y), "(4, 3)", "(3, 4)")
	sameBits(t, "gradient", memory[float64](d), before)
}

// Some of Gorgonia's operators free gradients that the graph still holds.
func TestDoDiffOfFreedGradient(t *testing.T) {
	g := gorgonia.NewGraph()
	x := input(g, "x", dense([]float64{1, -2}, 2))
	y := must(t)(leakyrelu.Apply(x, 0.2))
	must(t)(gorgonia.Sum(y))
	runLisp(t, g)
	d, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	tensor.ReturnTensor(d.(*tensor.Dense))
	names(t, "DoDiff", y.Op().(*leakyrelu.Op).DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, y), "toIncr", "without a dtype", "float64")
}

// gorgonia.ApplyOp tells an operator the shapes of its inputs, but not their
// dtypes. So the run reports a wrong dtype, and an alpha too large for the
// dtype. Grad reports the alpha before the run. For ints, Grad makes no
// gradient.
func TestApplyOpErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		alpha float64
		value *tensor.Dense
		words []string
	}{
		{"ints", 0.2, tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, -2})), []string{"int", "float32 or float64"}},
		{"alpha beyond float32", 1e300, dense([]float32{1, -2}, 2), []string{"alpha", "1e+300", "float32"}},
	} {
		g := gorgonia.NewGraph()
		x := input(g, "x", c.value)
		y, err := gorgonia.ApplyOp(newOp(t, c.alpha), x)
		if err != nil {
			t.Fatal(err)
		}
		vm := gorgonia.NewTapeMachine(g)
		names(t, c.name+": RunAll", vm.RunAll(), c.words...)
		vm.Close()

		cost, err := gorgonia.Sum(y)
		if err != nil {
			t.Fatal(err)
		}
		ds, err := gorgonia.Grad(cost, x)
		if err != nil {
			names(t, c.name+": Grad", err, c.words...)
		} else if len(ds) > 0 {
			t.Errorf("%s: Grad: %d gradients and no error", c.name, len(ds))
		}
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	_, err := gorgonia.ApplyOp((*leakyrelu.Op)(nil), x)
	names(t, "nil Op", err, "nil or empty", "New or NewGrad")
	_, err = gorgonia.ApplyOp(new(leakyrelu.Op), x)
	names(t, "empty Op", err, "nil or empty", "New or NewGrad")
}

// The methods of an Op that New did not make don't panic.
func TestNilOp(t *testing.T) {
	g := gorgonia.NewGraph()
	n := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(1), gorgonia.WithName("x"))
	v := dense([]float64{-1}, 1)
	for _, op := range []*leakyrelu.Op{nil, new(leakyrelu.Op)} {
		_, err := op.Do(v)
		names(t, "Do", err, "nil or empty")
		_, err = op.UsePreallocDo(v, v)
		names(t, "UsePreallocDo", err, "nil or empty")
		names(t, "IncrDo", op.IncrDo(v, v), "nil or empty")
		_, err = op.SymDiff(gorgonia.Nodes{n}, n, n)
		names(t, "SymDiff", err, "nil or empty")
		names(t, "DoDiff", op.DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{n}, n), "nil or empty")
		_, err = op.InferShape(tensor.Shape{1})
		names(t, "InferShape", err, "nil or empty")
		if a := op.Alpha(); a != 0 {
			t.Errorf("Alpha() is %v", a)
		}
		if i := op.OverwritesInput(); i != -1 {
			t.Errorf("OverwritesInput() is %d", i)
		}
		_, _, _, _, _ = op.Type(), op.String(), op.Hashcode(), op.ReturnsPtr(), op.CallsExtern()
		sameBits(t, "value", memory[float64](v), []float64{-1})
	}
}

// A tensor with strides made by hand can have two elements in one place.
func TestDestinationOverlapsItself(t *testing.T) {
	for _, strides := range [][]int{{0, 1}, {1, 0}, {0, 0}, {1, 1}, {2, 1}, {1, 2}} {
		dst := dense([]float64{7, 7, 7, 7, 7, 7}, 2, 3)
		copy(dst.Strides(), strides)
		op, x := newOp(t, 0.2), dense(make([]float64, 6), 2, 3)
		_, err := op.UsePreallocDo(dst, x)
		if distinct := strides[0] == 1 && strides[1] == 2; distinct {
			if err != nil {
				t.Errorf("strides %v: %v", strides, err)
			}
			continue
		}
		names(t, name("UsePreallocDo, strides ", strides), err, "prealloc", "two elements in one place", name(strides))
		names(t, name("IncrDo, strides ", strides), op.IncrDo(dst, x), "toIncr", "two elements in one place")
		sameBits(t, "destination", dst.Float64s(), []float64{7, 7, 7, 7, 7, 7})
		// As an input, such a tensor is allowed.
		if _, err := op.Do(dst); err != nil {
			t.Errorf("Do, strides %v: %v", strides, err)
		}
	}
	// If there is only one row, its stride may be 0.
	dst := dense(make([]float64, 3), 1, 3)
	dst.Strides()[0] = 0
	if _, err := newOp(t, 0.2).UsePreallocDo(dst, dense([]float64{1, 2, 3}, 1, 3)); err != nil {
		t.Error(err)
	}
}
