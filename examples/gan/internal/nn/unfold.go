package nn

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A convolution that can be differentiated any number of times.
//
// Gorgonia's Conv2d can be differentiated only once: the gradient of its im2col
// has no gradient, and a second differentiation ends the program. Gradient
// penalties (WGAN-GP, R1) need the second one. Unfold and Fold, below, are im2col
// and col2im as a pair of linear operators. Each is the gradient of the other.
// With them a convolution is a product with one weight matrix:
//
//	patches, err := Unfold(x, w) // a row for each place of the window
//	y, err := gorgonia.Mul(patches, weights) // w.Inputs() rows, a column for each output channel
//
// This file does not depend on the rest of this package. You can copy it.
//
// Pictures are matrices with the channels last: a row is a pixel, a column is a
// channel. The matrix has the pixels of the first picture, row by row, then those
// of the next picture. So the y above has the same layout. A row of a window is
// contiguous in the picture, so one copy moves all of it.

// Windows are square windows over a picture, with equal distances between them.
type Windows struct {
	Height, Width, Channels int // of the picture
	Side                    int // of a window, in pixels
	Stride                  int // from one window to the next, in pixels
	Margin                  int // of zeros around the picture, in pixels
}

// Places returns the number of windows along the height and along the width.
func (w Windows) Places() (rows, columns int) {
	return (w.Height+2*w.Margin-w.Side)/w.Stride + 1, (w.Width+2*w.Margin-w.Side)/w.Stride + 1
}

// Inputs returns the number of elements in a window.
func (w Windows) Inputs() int { return w.Side * w.Side * w.Channels }

// picture and patches are the number of elements in a picture and in all its
// windows.
func (w Windows) picture() int { return w.Height * w.Width * w.Channels }

func (w Windows) patches() int {
	rows, columns := w.Places()
	return rows * columns * w.Inputs()
}

// check returns an error if w is not valid.
func (w Windows) check() error {
	switch {
	case w.Height < 1 || w.Width < 1 || w.Channels < 1 || w.Side < 1 || w.Stride < 1 || w.Margin < 0:
		return fmt.Errorf("windows are %+v, expected a margin of at least 0 and at least 1 for all other fields", w)
	case min(w.Height, w.Width)+2*w.Margin < w.Side:
		return fmt.Errorf("windows are %+v, expected a side no larger than the picture with its margins", w)
	}
	return nil
}

// Unfold returns the windows over the pictures x, one row for each window. The
// rows follow place by place within a picture, and picture by picture. A row
// has the elements of the window, pixel by pixel. Elements outside the picture
// are 0.
//
// The node x is a float32 or float64 matrix with one row for each pixel and one
// column for each channel. It may also have one row for each picture: the
// elements and their order are the same.
func Unfold(x *gorgonia.Node, w Windows) (*gorgonia.Node, error) {
	if err := checkMatrix("Unfold", x, w); err != nil {
		return nil, err
	}
	return gorgonia.ApplyOp(newUnfolding(w, x.Shape()[1]), x)
}

// Fold is the transpose of Unfold, and its gradient. Its input y has windows in
// the form that Unfold returns. It returns pictures, with one row for each
// pixel. A pixel of the result is the sum of all elements of the windows that
// show this pixel.
func Fold(y *gorgonia.Node, w Windows) (*gorgonia.Node, error) {
	if err := checkMatrix("Fold", y, w); err != nil {
		return nil, err
	}
	return gorgonia.ApplyOp(newUnfolding(w, w.Channels).transpose(), y)
}

func checkMatrix(name string, x *gorgonia.Node, w Windows) error {
	if x == nil {
		return fmt.Errorf("%s of a nil node, expected a matrix", name)
	}
	if err := w.check(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if x.Dims() != 2 {
		return fmt.Errorf("%s of a node of shape %v, expected a matrix", name, x.Shape())
	}
	if dt := x.Dtype(); dt != tensor.Float32 && dt != tensor.Float64 {
		return fmt.Errorf("%s of a %v matrix, expected float32 or float64", name, dt)
	}
	return nil
}

// unfolding is Unfold or Fold as an operator. Its methods do not change it.
type unfolding struct {
	Windows
	columns int  // of the pictures
	fold    bool // true for Fold, from windows to pictures
	spans   []span
}

// span is a range of elements that is contiguous both in a picture and in its
// windows.
type span struct{ picture, patches, length int }

func newUnfolding(w Windows, columns int) *unfolding {
	op := &unfolding{Windows: w, columns: columns}
	rows, places := w.Places()
	for place := range rows * places {
		top, left := place/places*w.Stride-w.Margin, place%places*w.Stride-w.Margin
		from, to := max(0, left), min(w.Width, left+w.Side)
		for y := max(0, top); y < min(w.Height, top+w.Side) && from < to; y++ {
			op.spans = append(op.spans, span{
				picture: (y*w.Width + from) * w.Channels,
				patches: place*w.Inputs() + ((y-top)*w.Side+from-left)*w.Channels,
				length:  (to - from) * w.Channels,
			})
		}
	}
	return op
}

// transpose is the operator in the other direction.
func (op *unfolding) transpose() *unfolding {
	t := *op
	t.fold = !op.fold
	return &t
}

// outputs returns the shape of the result for an input of the given shape.
func (op *unfolding) outputs(input tensor.Shape) (tensor.Shape, error) {
	from, to, columns := op.picture(), op.patches(), op.Inputs()
	expected := fmt.Sprintf("%d or %d columns and whole pictures", op.Channels, op.picture())
	fits := len(input) == 2 && (input[1] == op.Channels || input[1] == op.picture())
	if op.fold {
		from, to, columns = to, from, op.columns
		expected = fmt.Sprintf("%d columns and whole pictures", op.Inputs())
		fits = len(input) == 2 && input[1] == op.Inputs()
	}
	if !fits || input.TotalSize()%from != 0 {
		return nil, fmt.Errorf("%v of shape %v, expected %s", op, input, expected)
	}
	return tensor.Shape{input.TotalSize() / from * to / columns, columns}, nil
}

// Arity is 1.
func (op *unfolding) Arity() int { return 1 }

// Type returns the type: from matrix to matrix.
func (op *unfolding) Type() hm.Type {
	t := gorgonia.TensorType{Dims: 2, Of: hm.TypeVariable('a')}
	return hm.NewFnType(t, t)
}

// InferShape returns the shape of the result for the shape of the one input.
func (op *unfolding) InferShape(inputs ...gorgonia.DimSizer) (tensor.Shape, error) {
	shapes, err := gorgonia.DimSizersToShapes(inputs)
	if err != nil {
		return nil, err
	}
	if len(shapes) != 1 {
		return nil, fmt.Errorf("%v of %d inputs, expected 1", op, len(shapes))
	}
	return op.outputs(shapes[0])
}

// DiffWRT is true for the one input.
func (op *unfolding) DiffWRT(inputs int) []bool { return []bool{true} }

// SymDiff returns the operator in the other direction, applied to the upstream
// gradient.
func (op *unfolding) SymDiff(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	dx, err := gorgonia.ApplyOp(op.transpose(), grad)
	return gorgonia.Nodes{dx}, err
}

// DoDiff adds to the input's gradient. The added part comes from the output's
// gradient.
func (op *unfolding) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if len(inputs) != 1 {
		return fmt.Errorf("%v of %d inputs, expected 1", op, len(inputs))
	}
	upstream, err := output.Grad()
	if err != nil {
		return err
	}
	d, err := inputs[0].Grad()
	if err != nil {
		return err
	}
	return op.transpose().write(d, upstream, false)
}

// Do returns the result in a new tensor.
func (op *unfolding) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	x, shape, err := op.input(inputs)
	if err != nil {
		return nil, err
	}
	y := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(shape...), tensor.WithEngine(x.Engine()))
	if err := op.write(y, x, true); err != nil {
		return nil, err
	}
	return y, nil
}

// UsePreallocDo writes the result into prealloc and returns it.
func (op *unfolding) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	x, shape, err := op.input(inputs)
	if err != nil {
		return nil, err
	}
	y, err := dense(prealloc)
	if err != nil {
		return nil, fmt.Errorf("%v into %w", op, err)
	}
	if y == x {
		return nil, fmt.Errorf("%v into its own input, expected another tensor", op)
	}
	if y.Dtype() != x.Dtype() || len(y.Shape()) != 2 || !y.Shape().Eq(shape) {
		return nil, fmt.Errorf("%v into a %v tensor of shape %v, expected %v of shape %v", op, y.Dtype(), y.Shape(), x.Dtype(), shape)
	}
	y.Zero()
	return y, op.write(y, x, true)
}

// input returns the one input and the shape of the result.
func (op *unfolding) input(inputs []gorgonia.Value) (*tensor.Dense, tensor.Shape, error) {
	if len(inputs) != 1 {
		return nil, nil, fmt.Errorf("%v of %d inputs, expected 1", op, len(inputs))
	}
	x, err := dense(inputs[0])
	if err != nil {
		return nil, nil, fmt.Errorf("%v: %w", op, err)
	}
	shape, err := op.outputs(x.Shape())
	return x, shape, err
}

// dense returns v if it is a tensor in row-major order with no gaps.
func dense(v gorgonia.Value) (*tensor.Dense, error) {
	t, ok := v.(*tensor.Dense)
	switch {
	case !ok || t == nil:
		return nil, fmt.Errorf("%T, expected a *tensor.Dense", v)
	case t.RequiresIterator() || t.DataOrder().IsColMajor():
		return nil, errors.New("a transposed, sliced or column-major tensor, expected one in row-major order")
	}
	return t, nil
}

// write adds the result of x to y. If replace is true, y contains only zeros,
// so write may replace them.
func (op *unfolding) write(y, x gorgonia.Value, replace bool) error {
	to, err := dense(y)
	if err != nil {
		return fmt.Errorf("%v into %w", op, err)
	}
	from, err := dense(x)
	if err != nil {
		return fmt.Errorf("%v of %w", op, err)
	}
	switch {
	case to.Dtype() == tensor.Float32 && from.Dtype() == tensor.Float32:
		return writeSpans(op, to.Float32s(), from.Float32s(), replace)
	case to.Dtype() == tensor.Float64 && from.Dtype() == tensor.Float64:
		return writeSpans(op, to.Float64s(), from.Float64s(), replace)
	}
	return fmt.Errorf("%v of a %v tensor into a %v one, expected float32 or float64 for both", op, from.Dtype(), to.Dtype())
}

func writeSpans[T float32 | float64](op *unfolding, to, from []T, replace bool) error {
	pictures, patches := from, to
	if op.fold {
		pictures, patches = to, from
	}
	n := len(pictures) / op.picture()
	if len(pictures) != n*op.picture() || len(patches) != n*op.patches() {
		return fmt.Errorf("%v between %d elements of pictures and %d of windows, expected multiples of %d and %d", op, len(pictures), len(patches), op.picture(), op.patches())
	}
	for range n {
		for _, s := range op.spans {
			picture, patch := pictures[s.picture:][:s.length], patches[s.patches:][:s.length]
			switch {
			case op.fold:
				accumulate(picture, patch)
			case replace:
				copy(patch, picture)
			default:
				accumulate(patch, picture)
			}
		}
		pictures, patches = pictures[op.picture():], patches[op.patches():]
	}
	return nil
}

// accumulate adds x to y. From 16 elements on, gonum's vector instructions are
// faster than the loop, including the call: 96 elements take a third of the
// time. With 3 elements, the call would take twice as long.
func accumulate[T float32 | float64](y, x []T) {
	if n := len(x); n >= 16 {
		switch y := any(y).(type) {
		case []float32:
			gonum.Implementation{}.Saxpy(n, 1, any(x).([]float32), 1, y, 1)
		case []float64:
			gonum.Implementation{}.Daxpy(n, 1, any(x).([]float64), 1, y, 1)
		}
		return
	}
	for i, v := range x {
		y[i] += v
	}
}

// ReturnsPtr is true: the result is on the heap.
func (op *unfolding) ReturnsPtr() bool { return true }

// CallsExtern is false: no cgo, no other device.
func (op *unfolding) CallsExtern() bool { return false }

// OverwritesInput is -1: none.
func (op *unfolding) OverwritesInput() int { return -1 }

// WriteHash writes all fields that affect the result. Gorgonia merges nodes
// that have the same inputs and whose operators have the same hash.
func (op *unfolding) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "%s fold=%t %+v columns=%d", "gorgonia.org/leakyrelu/examples unfold", op.fold, op.Windows, op.columns)
}

// Hashcode is the FNV-1a hash of what WriteHash writes.
func (op *unfolding) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

func (op *unfolding) String() string {
	if op.fold {
		return fmt.Sprintf("Fold%+v", op.Windows)
	}
	return fmt.Sprintf("Unfold%+v", op.Windows)
}

// OwnsResult is true: the result shares no memory with an input.
func (op *unfolding) OwnsResult() bool { return true }
