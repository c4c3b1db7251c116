// Package leakyrelu is the LeakyReLU activation as one operator for Gorgonia:
//
//	LeakyReLU(x) = x     if x > 0
//	               α·x   otherwise
//
// Apply puts it into a graph and takes the place of gorgonia.LeakyRelu:
//
//	y, err := leakyrelu.Apply(x, leakyrelu.DefaultAlpha)
//
// It works on float32 and float64 scalars and tensors of every rank and layout,
// on the tape machine and on the Lisp machine, and can be differentiated any
// number of times. The gradient is the upstream gradient where x > 0 and α
// times it elsewhere, x = 0 and NaN included, as in PyTorch and TensorFlow.
// Values are bit for bit those of PyTorch's leaky_relu.
//
// The activation is due to Maas, Hannun and Ng, "Rectifier Nonlinearities
// Improve Neural Network Acoustic Models", ICML 2013.
package leakyrelu

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"slices"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// DefaultAlpha is the customary slope for inputs that are not positive: the
// default of PyTorch, ONNX and JAX.
const DefaultAlpha = 0.01

// An Option changes how the operator runs, never what it computes.
type Option func(*Op)

// InPlace lets the operator write over its input x, and its gradient write over
// the upstream gradient dy, which saves the memory of both and the time to
// allocate it. It is a request: where something else in the graph could notice,
// the result goes into a new tensor as it does without InPlace. Inputs, weights
// and constants are never overwritten, nor what another node has a view of.
//
// Two things the structure of a graph can't show. The Value of the node x, or
// of a node whose gradient dy is, after a run may be the overwritten one, as with
// Gorgonia's own operators: get it with gorgonia.Read. And a clone of the graph
// (ExprGraph.Clone) shares its operators with the original, so don't add to the
// clone a view (Reshape, Slice) of a node that is overwritten in the original,
// nor a Set of what overwrites it.
func InPlace() Option {
	return func(op *Op) { op.inPlace = true }
}

// Apply returns LeakyReLU(x), with slope alpha where x is not positive. The
// node x is float32 or float64, a scalar or a tensor of any rank, and the
// result has its dtype and shape.
//
// Alpha may also be negative or above 1. It is rounded to the dtype of x, and
// refused if it is NaN or infinite, before or after rounding.
func Apply(x *gorgonia.Node, alpha float64, opts ...Option) (*gorgonia.Node, error) {
	op, err := New(alpha, opts...)
	if err != nil {
		return nil, err
	}
	return op.apply(x)
}

// ApplyGrad returns the gradient of LeakyReLU at x for the upstream gradient
// dy: dy where x > 0, alpha·dy elsewhere. The two nodes have the same dtype and
// shape, and so has the result; alpha is as in Apply. Where alpha ≥ 0, the
// node LeakyReLU(x) does as well as x.
//
// gorgonia.Grad finds this by itself. Call it to write a gradient into a loss,
// as gradient penalties do (WGAN-GP, R1): one gorgonia.Grad then differentiates
// the whole, where a second one over the results of a first goes wrong. The
// result is differentiable with respect to dy; with respect to x its derivative
// is zero wherever there is one.
func ApplyGrad(x, dy *gorgonia.Node, alpha float64, opts ...Option) (*gorgonia.Node, error) {
	op, err := New(alpha, opts...)
	if err != nil {
		return nil, err
	}
	return op.gradient().apply(x, dy)
}

// Activation returns Apply with its slope and options filled in, for model
// builders that take an activation function. An unusable alpha is reported when
// the function is called.
func Activation(alpha float64, opts ...Option) func(*gorgonia.Node) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) { return Apply(x, alpha, opts...) }
}

// Op is LeakyReLU as a gorgonia.Op: of x, or, as the gradient that Grad and
// ApplyGrad put into a graph, of x and the upstream gradient dy. Running an Op
// changes nothing in it, so one Op may serve many nodes, graphs and machines at
// the same time.
type Op struct {
	alpha   float64
	grad    bool // whether this is the gradient, of x and dy
	inPlace bool
	node    atomic.Pointer[gorgonia.Node] // what it was made for, if it serves no other
}

var (
	_ gorgonia.SDOp            = (*Op)(nil)
	_ gorgonia.ADOp            = (*Op)(nil)
	_ gorgonia.UnaryOp         = (*Op)(nil)
	_ gorgonia.UsePreallocDoer = (*Op)(nil)
	_ gorgonia.UnsafeDoer      = (*Op)(nil)
	_ gorgonia.IncrDoer        = (*Op)(nil)
)

// New returns the operator with slope alpha, for gorgonia.ApplyOp and for use
// on values without a graph:
//
//	y, err := op.Do(x)
//
// Alpha is as in Apply.
func New(alpha float64, opts ...Option) (*Op, error) {
	if math.IsNaN(alpha) || math.IsInf(alpha, 0) {
		return nil, fmt.Errorf("leakyrelu: alpha is %v, expected a finite number", alpha)
	}
	op := &Op{alpha: alpha}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("leakyrelu: option %d is nil, expected an Option", i)
		}
		opt(op)
	}
	return op, nil
}

// gradient is the operator for the gradient of op, which is the same for the
// gradient of that gradient: both are linear in dy with the slopes of op.
func (op *Op) gradient() *Op {
	return &Op{alpha: op.alpha, grad: true, inPlace: op.inPlace}
}

// apply is gorgonia.ApplyOp after the checks that Gorgonia doesn't make, or
// makes with a panic.
func (op *Op) apply(inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	var dt tensor.Dtype
	for i, n := range inputs {
		d, err := checkNode(roles[i], n)
		if err != nil {
			return nil, err
		}
		if i > 0 && d != dt {
			return nil, fmt.Errorf("leakyrelu: node %s (%s) has dtype %v, expected %v, the dtype of x", roles[i], n.Name(), d, dt)
		}
		dt = d
	}
	if dt == tensor.Float32 {
		if err := op.checkAlpha(float64(float32(op.alpha))); err != nil {
			return nil, err
		}
	}
	y, err := gorgonia.ApplyOp(op, inputs...)
	if err != nil {
		return nil, fmt.Errorf("leakyrelu: %w", err)
	}
	op.node.Store(y)
	return y, nil
}

// checkNode returns the dtype of n, or why n can't be an input.
func checkNode(role string, n *gorgonia.Node) (tensor.Dtype, error) {
	if n == nil {
		return tensor.Dtype{}, fmt.Errorf("leakyrelu: node %s is nil, expected a float32 or float64 node", role)
	}
	dt, ok := n.Type().(tensor.Dtype)
	if t, isTensor := n.Type().(gorgonia.TensorType); isTensor {
		dt, ok = t.Of.(tensor.Dtype)
	}
	if !ok || dt != tensor.Float32 && dt != tensor.Float64 {
		return dt, fmt.Errorf("leakyrelu: node %s (%s) has type %v, expected float32 or float64", role, n.Name(), n.Type())
	}
	if dims := n.Dims(); n.Shape().Dims() != dims {
		return dt, fmt.Errorf("leakyrelu: node %s (%s) has %d dimensions but no shape, expected one made with a shape", role, n.Name(), dims)
	}
	return dt, nil
}

// checkAlpha says whether alpha is a number in the dtype that it was rounded to.
func (op *Op) checkAlpha(rounded float64) error {
	if math.IsInf(rounded, 0) {
		return fmt.Errorf("leakyrelu: alpha is %v, expected a number that fits the float32 of x", op.alpha)
	}
	return nil
}

// roles are what messages call the inputs.
var roles = [...]string{"x", "dy"}

// Arity is the number of inputs: 1, and 2 for the gradient.
func (op *Op) Arity() int {
	if op.grad {
		return 2
	}
	return 1
}

// IsUnary says whether the operator has one input: all but the gradient do.
func (op *Op) IsUnary() bool { return !op.grad }

// Type is a → a, and a → a → a for the gradient.
func (op *Op) Type() hm.Type {
	a := hm.TypeVariable('a')
	if op.grad {
		return hm.NewFnType(a, a, a)
	}
	return hm.NewFnType(a, a)
}

// InferShape returns the shape of x. That of dy must be the same.
func (op *Op) InferShape(inputs ...gorgonia.DimSizer) (tensor.Shape, error) {
	// This is how an operator learns that it is being applied, here to another
	// node than the one it was made for.
	op.node.Store(nil)
	if len(inputs) != op.Arity() {
		return nil, op.errArity(len(inputs))
	}
	shapes, err := gorgonia.DimSizersToShapes(inputs)
	if err != nil {
		return nil, fmt.Errorf("leakyrelu: %w", err)
	}
	for i, s := range shapes {
		if err := checkShape(roles[i], s, shapes[0]); err != nil {
			return nil, err
		}
	}
	return shapes[0].Clone(), nil
}

// DiffWRT says with respect to which inputs the operator can be differentiated:
// x, and for the gradient dy only, as its derivative with respect to x is zero
// wherever there is one.
func (op *Op) DiffWRT(inputs int) []bool {
	wrt := make([]bool, max(0, inputs))
	if inputs > 0 {
		wrt[inputs-1] = true
	}
	return wrt
}

// SymDiff returns the nodes of the gradients with respect to the inputs, for
// the upstream gradient grad; nil for the input that has none.
func (op *Op) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if len(inputs) != op.Arity() {
		return nil, op.errArity(len(inputs))
	}
	d, err := op.gradient().apply(op.signOf(inputs[0], output), grad)
	if err != nil {
		return nil, err
	}
	wrt := make(gorgonia.Nodes, len(inputs))
	wrt[len(inputs)-1] = d
	return wrt, nil
}

// signOf is where the gradient finds the sign of x: in x itself or, for α ≥ 0,
// in y = LeakyReLU(x), so that x need not outlive the forward pass. It is not
// in y if y has a view: Gorgonia's operators write over views that are no
// longer used, and so over y. (A view that is added after Grad meets y the way
// it meets the result of Gorgonia's Tanh, whose gradient also reads it.)
func (op *Op) signOf(x, y *gorgonia.Node) *gorgonia.Node {
	if op.grad || !(op.alpha >= 0) || y == nil || y.Graph() == nil || !unviewed(y) {
		return x
	}
	return y
}

// DoDiff adds to the gradient of the input the one that arrived at the output.
func (op *Op) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if len(inputs) != op.Arity() {
		return op.errArity(len(inputs))
	}
	x, wrt := inputs[0], inputs[len(inputs)-1]
	if x == nil || wrt == nil || output == nil {
		return errors.New("leakyrelu: DoDiff of a nil node, expected the nodes of a graph that ran")
	}
	upstream, err := output.Grad()
	if err != nil {
		return fmt.Errorf("leakyrelu: upstream gradient: %w", err)
	}
	d, err := wrt.Grad()
	if err != nil {
		return fmt.Errorf("leakyrelu: gradient of the input: %w", err)
	}
	return op.gradient().IncrDo(inShapeOf(x.Value(), d), x.Value(), upstream)
}

// inShapeOf returns the gradient d in the shape of the value x. The Lisp
// machine's Reshape passes a gradient on by reshaping that very tensor, so that
// from the second run on it meets its node in the shape of another one.
func inShapeOf(x, d gorgonia.Value) gorgonia.Value {
	t, ok := d.(*tensor.Dense)
	if !ok || t == nil || x == nil || t.Dtype() != x.Dtype() || slices.Equal(t.Shape(), x.Shape()) || t.RequiresIterator() {
		return d
	}
	same := t.ShallowClone()
	if err := same.Reshape(x.Shape()...); err != nil {
		return d // of another size, which IncrDo refuses
	}
	return same
}

// ReturnsPtr is true: the result is a value on the heap.
func (op *Op) ReturnsPtr() bool { return true }

// CallsExtern is false: no cgo, no other device.
func (op *Op) CallsExtern() bool { return false }

// WriteHash writes the kind and all bits of alpha. Gorgonia merges nodes whose
// hashes agree, so whatever makes a difference to the result belongs in here.
func (op *Op) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "gorgonia.org/leakyrelu grad=%t alpha=%016x", op.grad, math.Float64bits(op.alpha))
}

// Hashcode is the FNV-1a hash of what WriteHash writes.
func (op *Op) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// String is the name and the slope, such as LeakyReLU{alpha=0.01}.
func (op *Op) String() string {
	if op.grad {
		return fmt.Sprintf("LeakyReLUGrad{alpha=%v}", op.alpha)
	}
	return fmt.Sprintf("LeakyReLU{alpha=%v}", op.alpha)
}
