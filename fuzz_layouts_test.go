package leakyrelu_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// FuzzLayouts places operands of the same shape in one block of memory, the
// arena. The fuzzer chooses their positions and layouts. They may overlap. The
// test computes by itself where each element lies. It applies the definition
// element by element and compares the whole arena.
func FuzzLayouts(f *testing.F) {
	for seed := range uint64(200) {
		choices := make([]byte, 64)
		random := rand.New(rand.NewPCG(seed, 17))
		for i := range choices {
			choices[i] = byte(random.Uint64())
		}
		f.Add(seed, choices)
	}
	f.Fuzz(func(t *testing.T, seed uint64, choices []byte) {
		c := chooser(choices)
		if c.next(2) == 0 {
			fuzzLayout[float32](t, seed, &c)
		} else {
			fuzzLayout[float64](t, seed, &c)
		}
	})
}

// A chooser makes choices from the fuzzer's bytes, one byte for each choice. If
// no bytes are left, the choice is 0.
type chooser []byte

// next returns a number below n.
func (c *chooser) next(n int) int {
	if len(*c) == 0 {
		return 0
	}
	b := int((*c)[0])
	*c = (*c)[1:]
	return b % n
}

// arena is the size of the memory for all operands, in elements.
const arena = 1 << 14

// An operand is a value in the arena. Its memory is from, …, end-1. The element
// with row-major index i is at at[i].
type operand struct {
	value     gorgonia.Value
	from, end int
	at        []int
}

func fuzzLayout[T float](t *testing.T, seed uint64, c *chooser) {
	alpha := slopes[c.next(len(slopes))]
	op, arity := newOp(t, alpha), 1
	if c.next(2) == 1 {
		op, arity = newGrad(t, alpha), 2
	}
	shape := make(tensor.Shape, c.next(6))
	for d := range shape {
		shape[d] = []int{1, 2, 3, 4, 5, 0, 2, 3}[c.next(8)]
	}
	if n := shape.TotalSize(); len(shape) > 0 && n > 0 && n < 5 {
		shape[c.next(len(shape))] *= 150 // longer than a vector block of the kernels
	}

	memory, free := make([]T, arena), 0
	var operands []operand // the inputs, then a destination
	for range arity + 1 {
		from := free
		if len(operands) > 0 && c.next(3) == 0 {
			from = operands[c.next(len(operands))].from + c.next(8) // may overlap an earlier operand
		}
		o := cut(t, c, memory, from, shape)
		if o.value == nil {
			t.Skip("package tensor makes another tensor of it")
		}
		free = max(free, o.end)
		operands = append(operands, o)
	}
	inputs, dst := operands[:arity], operands[arity]
	if k := c.next(4); k < arity {
		dst = inputs[k] // in place
	}
	x, g := inputs[0], inputs[arity-1]

	random, special := rand.New(rand.NewPCG(seed, 18)), specials[T]()
	for i := range memory[:free] {
		memory[i] = T(random.NormFloat64())
		if random.IntN(4) == 0 {
			memory[i] = special[random.IntN(len(special))]
		}
	}
	results := make([]T, len(x.at))
	for i := range results {
		results[i] = gate(memory[x.at[i]], memory[g.at[i]], alpha)
	}
	before := slices.Clone(memory)

	var vs []gorgonia.Value
	for _, in := range inputs {
		vs = append(vs, in.value)
	}
	method := c.next(3)
	if method == 0 {
		got, err := op.Do(vs...)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Shape(), shape) || got.Dtype() != dtypeOf[T]() {
			t.Errorf("Do: %v of shape %v, want %v of shape %v", got.Dtype(), got.Shape(), dtypeOf[T](), shape)
		}
		stride := shape.TotalSize()
		for d, n := range shape {
			if stride == 0 {
				break
			}
			stride /= n
			if got := got.(*tensor.Dense).Strides()[d]; got != stride {
				t.Errorf("Do: stride %d of dimension %d in shape %v, want %d, row-major order", got, d, shape, stride)
			}
		}
		sameBits(t, "Do", elements[T](t, got), results)
		sameBits(t, "Do: memory", memory, before)
		return
	}

	var err error
	var got gorgonia.Value
	switch method {
	case 1:
		got, err = op.UsePreallocDo(dst.value, vs...)
	case 2:
		got, err = dst.value, op.IncrDo(dst.value, vs...)
	}
	mayRefuse, mustRefuse := false, false
	for _, in := range inputs {
		may, must := collide(dst, in)
		mayRefuse, mustRefuse = mayRefuse || may, mustRefuse || must
	}
	switch {
	case err != nil && !mayRefuse:
		t.Fatalf("method %d: %v", method, err)
	case err != nil:
		names(t, name("method ", method), err, "shares memory")
		sameBits(t, "memory after an error", memory, before)
	case mustRefuse:
		t.Errorf("method %d: no error where the destination lies shifted over an input", method)
	default:
		if got != dst.value {
			t.Errorf("method %d: returned another value than the destination", method)
		}
		for i, at := range dst.at {
			if method == 2 {
				before[at] += results[i]
			} else {
				before[at] = results[i]
			}
		}
		sameBits(t, name("memory after method ", method), memory, before)
	}
}

// collide reports whether the operator may refuse dst because of the input, and
// whether it must. It may if their memory overlaps. It must if a write to one
// element of dst changes another element of the input.
func collide(dst, in operand) (may, must bool) {
	if dst.value == in.value || len(in.at) == 0 {
		return false, false
	}
	index := make(map[int]int)
	for i, at := range in.at {
		index[at] = i
	}
	for i, at := range dst.at {
		if j, ok := index[at]; ok && i != j {
			must = true
		}
	}
	return dst.from < in.end && in.from < dst.end, must
}

// cut makes a value of this shape from the memory that begins at from. The
// chooser chooses the layout. The value is nil if package tensor makes a tensor
// with other elements.
func cut[T float](t *testing.T, c *chooser, memory []T, from int, shape tensor.Shape) operand {
	o := operand{from: from, end: from + 1}
	if len(shape) == 0 && c.next(2) == 0 { // a gorgonia.Scalar
		o.at = []int{from}
		switch p := any(&memory[from]).(type) {
		case *float32:
			o.value = (*gorgonia.F32)(p)
		case *float64:
			o.value = (*gorgonia.F64)(p)
		}
		return o
	}

	// The base is a larger tensor. Its dimensions are those of the shape in
	// another order. Some have margins or a step. There may be one more
	// dimension.
	type dim struct {
		of                 int // dimension of the shape, -1 for the additional one
		size, before, step int
		stride             int
	}
	var dims []dim
	room := arena / 8 // by which factor the base may be larger
	for d, n := range shape {
		dims = append(dims, dim{of: d, size: n, step: 1})
		room /= max(n, 1)
	}
	empty := shape.TotalSize() == 0 // package tensor can't slice these, nor make them column-major
	for i := range dims {
		j := i + c.next(len(dims)-i)
		dims[i], dims[j] = dims[j], dims[i]
		if m := &dims[i]; c.next(3) == 0 && m.size > 1 && room > 8 && !empty {
			m.before, m.step = c.next(3), 1+c.next(2)
			m.size = m.before + m.step*m.size + c.next(2)
			room /= 8
		}
	}
	if len(shape) < 5 && c.next(3) == 0 && room > 3 && !empty {
		size := 2 + c.next(2)
		dims = slices.Insert(dims, c.next(len(dims)+1), dim{-1, size, c.next(size), 1, 0})
	}
	size, baseShape := 1, make([]int, len(dims))
	colMajor := c.next(3) == 0 && !empty && len(dims) > 0
	for k := range dims {
		if !colMajor {
			k = len(dims) - 1 - k
		}
		dims[k].stride, baseShape[k] = size, dims[k].size
		size *= dims[k].size
	}
	o.end = from + size
	options := []tensor.ConsOpt{tensor.WithShape(baseShape...), tensor.WithBacking(memory[from:o.end:o.end])}
	if colMajor {
		options = append(options, tensor.AsFortran(nil))
	}
	indices(shape, func(index []int) {
		at := from
		for _, m := range dims {
			at += m.stride * m.before
			if m.of >= 0 {
				at += m.stride * m.step * index[m.of]
			}
		}
		o.at = append(o.at, at)
	})

	// The value is the base, transposed and sliced, in either order.
	v := tensor.New(options...)
	// T and Slice panic for column-major vectors, because these lack strides.
	strideless := func() bool { return len(v.Strides()) < len(dims) }
	reorder := func() {
		axes := make([]int, len(dims))
		for k := range axes {
			axes[k] = k
		}
		slices.SortStableFunc(axes, func(a, b int) int { return dims[a].of - dims[b].of })
		if slices.IsSorted(axes) || strideless() {
			return
		}
		if err := v.T(axes...); err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(dims, func(a, b dim) int { return a.of - b.of })
	}
	trim := func() {
		var cuts []tensor.Slice
		whole := true
		for _, m := range dims {
			switch {
			case m.of < 0:
				cuts, whole = append(cuts, tensor.S(m.before)), false
			case m.size == shape[m.of]:
				cuts = append(cuts, nil)
			default:
				cuts, whole = append(cuts, tensor.S(m.before, m.before+m.step*shape[m.of], m.step)), false
			}
		}
		if whole || strideless() {
			return
		}
		s, err := v.Slice(cuts...)
		if err != nil {
			t.Fatal(err)
		}
		v = s.(*tensor.Dense)
		dims = slices.DeleteFunc(dims, func(m dim) bool { return m.of < 0 })
	}
	if c.next(2) == 0 {
		reorder()
		trim()
	} else {
		trim()
		reorder()
	}
	if !slices.Equal(v.Shape(), shape) {
		return operand{}
	}
	for i := range memory {
		memory[i] = T(i)
	}
	for i, e := range elements[T](t, v) {
		if e != T(o.at[i]) {
			return operand{}
		}
	}
	o.value = v
	return o
}
