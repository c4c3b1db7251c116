package nn

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gonum.org/v1/gonum/blas"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A matrix product that keeps its memory.
//
// The tape machine forgets the memory of all results between two runs. With
// Gorgonia's own product, each step allocates every product again, clears it,
// and leaves it to the garbage collector. In a step on points, this is 90% of
// the allocated memory. The operator below keeps the memory of its result for
// the next run.
//
// It also adds a bias in the same call of BLAS, and multiplies by a
// transposed matrix without making a copy. Gorgonia has an operator for
// products with a transpose, but does not export it.
//
// With OpenBLAS, this operator and LeakyReLU in place next to it reduce the
// memory of a step on points from 3.0 to 0.34 MB. The step takes 0.71 of the time.
// In pure Go, it takes 0.81.

// affine returns x·weights with the bias, a matrix of one row, added to each row.
func affine(x, weights, bias *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(&product{bias: true}, x, weights, bias)
}

// times returns a·b.
func times(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(&product{}, a, b)
}

// transposedTimes returns aᵀ·b.
func transposedTimes(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(&product{transA: true}, a, b)
}

// timesTransposed returns a·bᵀ.
func timesTransposed(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(&product{transB: true}, a, b)
}

// product is a product of two matrices, with or without a bias, as an operator.
// At most one of the factors is transposed.
//
// Each node needs its own product. The value of the node is valid until the next
// run, also one on a clone of the graph. gorgonia.Read copies it. Do not pass it
// to Let.
type product struct {
	transA, transB bool
	bias           bool          // the third input
	result         *tensor.Dense // nil before the first run
}

// Arity is 2, or 3 with a bias.
func (op *product) Arity() int {
	if op.bias {
		return 3
	}
	return 2
}

// Type returns the type: from matrices to a matrix.
func (op *product) Type() hm.Type {
	t := gorgonia.TensorType{Dims: 2, Of: hm.TypeVariable('a')}
	if op.bias {
		return hm.NewFnType(t, t, t, t)
	}
	return hm.NewFnType(t, t, t)
}

// InferShape returns the shape of the result for the shapes of the inputs.
func (op *product) InferShape(inputs ...gorgonia.DimSizer) (tensor.Shape, error) {
	shapes, err := gorgonia.DimSizersToShapes(inputs)
	if err != nil {
		return nil, err
	}
	m, n, _, err := op.sizes(shapes)
	return tensor.Shape{m, n}, err
}

// sizes returns the rows m and the columns n of the result, and the number k of
// terms in each of its sums.
func (op *product) sizes(shapes []tensor.Shape) (m, n, k int, err error) {
	if len(shapes) != op.Arity() {
		return 0, 0, 0, fmt.Errorf("%v of %d inputs, expected %d", op, len(shapes), op.Arity())
	}
	for _, s := range shapes {
		if len(s) != 2 {
			return 0, 0, 0, fmt.Errorf("%v of shapes %v, expected matrices", op, shapes)
		}
	}
	a, b := shapes[0], shapes[1]
	m, k, n = a[0], a[1], b[1]
	terms := b[0]
	if op.transA {
		m, k = k, m
	}
	if op.transB {
		n, terms = terms, n
	}
	if k != terms {
		return 0, 0, 0, fmt.Errorf("%v of shapes %v and %v, expected equal inner dimensions, not %d and %d", op, a, b, k, terms)
	}
	if op.bias && !shapes[2].Eq(tensor.Shape{1, n}) {
		return 0, 0, 0, fmt.Errorf("%v with a bias of shape %v, expected %v", op, shapes[2], tensor.Shape{1, n})
	}
	return m, n, k, nil
}

// DiffWRT is true for all inputs.
func (op *product) DiffWRT(inputs int) []bool {
	all := make([]bool, inputs)
	for i := range all {
		all[i] = true
	}
	return all
}

// SymDiff returns the gradients, which are products too.
func (op *product) SymDiff(inputs gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	a, b := inputs[0], inputs[1]
	grads := make(gorgonia.Nodes, len(inputs))
	var errA, errB, errBias error
	switch {
	case op.transA:
		grads[0], errA = timesTransposed(b, dy)
		grads[1], errB = times(a, dy)
	case op.transB:
		grads[0], errA = times(dy, b)
		grads[1], errB = transposedTimes(dy, a)
	default:
		grads[0], errA = timesTransposed(dy, b)
		grads[1], errB = transposedTimes(a, dy)
	}
	if op.bias {
		grads[2], errBias = transposedTimes(Ones(dy, dy.Shape()[0], 1), dy)
	}
	return grads, errors.Join(errA, errB, errBias)
}

// DoDiff returns an error: on the Lisp machine, the product has no gradient.
func (op *product) DoDiff(gorgonia.ExecutionContext, gorgonia.Nodes, *gorgonia.Node) error {
	return fmt.Errorf("gradient of %v, expected the tape machine", op)
}

// Do returns the result, in the memory of the last result.
func (op *product) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	var matrices []*tensor.Dense
	var shapes []tensor.Shape
	for _, v := range inputs {
		t, err := dense(v)
		if err != nil {
			return nil, fmt.Errorf("%v of %w", op, err)
		}
		matrices, shapes = append(matrices, t), append(shapes, t.Shape())
	}
	m, n, k, err := op.sizes(shapes)
	if err != nil {
		return nil, err
	}
	dt := matrices[0].Dtype()
	for _, t := range matrices {
		if t.Dtype() != dt || dt != tensor.Float32 && dt != tensor.Float64 {
			return nil, fmt.Errorf("%v of dtypes %v and %v, expected only float32 or only float64", op, dt, t.Dtype())
		}
	}
	if !op.keeps(dt, tensor.Shape{m, n}, matrices) {
		op.result = tensor.New(tensor.Of(dt), tensor.WithShape(m, n))
	}
	if dt == tensor.Float32 {
		multiply(op, gorgonia.WhichBLAS().Sgemm, (*tensor.Dense).Float32s, m, n, k, matrices)
	} else {
		multiply(op, gorgonia.WhichBLAS().Dgemm, (*tensor.Dense).Float64s, m, n, k, matrices)
	}
	return op.result, nil
}

// keeps reports whether the last result can hold the next one. The caller may
// have changed its shape, or made it an input.
func (op *product) keeps(dt tensor.Dtype, shape tensor.Shape, inputs []*tensor.Dense) bool {
	y, err := dense(op.result)
	if err != nil || y.Dtype() != dt || y.Dims() != len(shape) || !y.Shape().Eq(shape) {
		return false
	}
	for _, x := range inputs {
		if x.Uintptr() == y.Uintptr() {
			return false
		}
	}
	return true
}

// gemm is the signature of a matrix product in BLAS: c becomes alpha·a·b +
// beta·c.
type gemm[T any] func(transA, transB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

// multiply writes the product into op.result.
func multiply[T float32 | float64](op *product, gemm gemm[T], elements func(*tensor.Dense) []T, m, n, k int, inputs []*tensor.Dense) {
	transA, lda := blas.NoTrans, k
	if op.transA {
		transA, lda = blas.Trans, m
	}
	transB, ldb := blas.NoTrans, n
	if op.transB {
		transB, ldb = blas.Trans, k
	}
	y, beta := elements(op.result), T(0)
	if op.bias {
		beta = 1
		for row := range m {
			copy(y[row*n:], elements(inputs[2]))
		}
	}
	gemm(transA, transB, m, n, k, 1, elements(inputs[0]), lda, elements(inputs[1]), ldb, beta, y, n)
}

// OwnsResult is true: the result shares no memory with an input.
func (op *product) OwnsResult() bool { return true }

// ReturnsPtr is true: the result is on the heap.
func (op *product) ReturnsPtr() bool { return true }

// CallsExtern is false. If it were true, the tape machine would allocate memory
// for each result.
func (op *product) CallsExtern() bool { return false }

// OverwritesInput is -1: none.
func (op *product) OverwritesInput() int { return -1 }

// WriteHash writes all fields that affect the result.
func (op *product) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "gorgonia.org/leakyrelu/examples product %t %t %t", op.transA, op.transB, op.bias)
}

// Hashcode is the FNV-1a hash of what WriteHash writes.
func (op *product) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

func (op *product) String() string {
	switch {
	case op.bias:
		return "a·b+bias"
	case op.transA:
		return "aᵀ·b"
	case op.transB:
		return "a·bᵀ"
	}
	return "a·b"
}
