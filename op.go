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

// Op is LeakyReLU, or its gradient, as a gorgonia.Op. LeakyReLU has one input,
// x. Its gradient has two, x and the upstream gradient dy. [New] and [NewGrad]
// make them. [Apply], [ApplyGrad] and gorgonia.Grad put them into a graph.
//
// A run does not change the Op. So one Op may be in many nodes, graphs and
// machines at the same time.
type Op struct {
	kind
	alpha   float64
	inPlace bool
	node    atomic.Pointer[gorgonia.Node] // the only node that has this Op, if known
}

var (
	_ gorgonia.SDOp            = (*Op)(nil)
	_ gorgonia.ADOp            = (*Op)(nil)
	_ gorgonia.UsePreallocDoer = (*Op)(nil)
	_ gorgonia.IncrDoer        = (*Op)(nil)
)

// New returns the operator LeakyReLU with slope alpha. It works on values
// without a graph:
//
//	y, err := op.Do(x)
//
// It also works with gorgonia.ApplyOp. But prefer [Apply]: it reports a wrong
// dtype, and an alpha too large for float32, when it makes the node.
// gorgonia.ApplyOp does not tell the operator the dtype. So the error comes
// later, from gorgonia.Grad or from the run. Only Apply and ApplyGrad make
// operators that can work in place.
//
// Alpha is as in Apply. A NaN or infinite alpha is an error.
func New(alpha float64) (*Op, error) { return newOp(forward, alpha, nil) }

// NewGrad returns the operator that [ApplyGrad] puts into a graph. Its inputs
// are x and the upstream gradient dy. Everything else is as in [New].
//
//	dx, err := op.Do(x, dy)
func NewGrad(alpha float64) (*Op, error) { return newOp(backward, alpha, nil) }

// A kind says whether an operator is LeakyReLU or its gradient.
type kind struct {
	name  string // in hashes and messages
	arity int    // number of inputs: x, or x and dy
}

var (
	forward  = kind{"LeakyReLU", 1}
	backward = kind{"LeakyReLUGrad", 2}
)

func newOp(k kind, alpha float64, opts []Option) (*Op, error) {
	if math.IsNaN(alpha) || math.IsInf(alpha, 0) {
		return nil, fmt.Errorf("leakyrelu: alpha is %v, expected a finite number", alpha)
	}
	var o options
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("leakyrelu: option %d is nil, expected an Option", i)
		}
		opt(&o)
	}
	return &Op{kind: k, alpha: alpha, inPlace: o.inPlace && childrenOffset != 0}, nil
}

// gradient returns the gradient operator of op. It is linear in dy, so the
// gradient of the gradient operator is the same operator again.
func (op *Op) gradient() *Op {
	return &Op{kind: backward, alpha: op.alpha, inPlace: op.inPlace}
}

// apply checks the inputs and calls gorgonia.ApplyOp. Gorgonia omits some of
// these checks, and panics in others.
func (op *Op) apply(inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	x := inputs[0]
	for i, n := range inputs {
		if err := checkNode(roles[i], n); err != nil {
			return nil, err
		}
		switch {
		case n.Graph() != x.Graph() && n.Graph() != nil && x.Graph() != nil: // a constant may have no graph
			return nil, fmt.Errorf("leakyrelu: node %s (%s) is in another graph than x (%s), expected one graph", roles[i], n.Name(), x.Name())
		case n.Dtype() != x.Dtype():
			return nil, fmt.Errorf("leakyrelu: node %s (%s) has dtype %v, expected %v, the dtype of x", roles[i], n.Name(), n.Dtype(), x.Dtype())
		}
		if err := checkShape("node "+roles[i], n.Shape(), x.Shape()); err != nil {
			return nil, err
		}
	}
	if x.Dtype() == tensor.Float32 {
		if err := op.checkAlpha(float64(float32(op.alpha))); err != nil {
			return nil, err
		}
	}
	if last := inputs[len(inputs)-1]; x.Graph() == nil && last.Graph() == nil {
		return nil, fmt.Errorf("leakyrelu: node x (%s) is in no graph, expected a node of a graph", x.Name())
	}
	y, err := gorgonia.ApplyOp(op, inputs...)
	if err != nil {
		return nil, fmt.Errorf("leakyrelu: %w", err)
	}
	op.node.Store(y)
	return y, nil
}

// checkNode returns an error if n can't be an input.
func checkNode(role string, n *gorgonia.Node) error {
	if n == nil {
		return fmt.Errorf("leakyrelu: node %s is nil, expected a float32 or float64 node", role)
	}
	dt, ok := n.Type().(tensor.Dtype)
	if t, isTensor := n.Type().(gorgonia.TensorType); isTensor {
		dt, ok = t.Of.(tensor.Dtype)
	}
	switch {
	case !ok || dt != tensor.Float32 && dt != tensor.Float64:
		return fmt.Errorf("leakyrelu: node %s (%s) has type %v, expected float32 or float64", role, n.Name(), n.Type())
	case n.Shape().Dims() != n.Dims():
		return fmt.Errorf("leakyrelu: node %s (%s) has %d dimensions but no shape, expected a node made with a shape", role, n.Name(), n.Dims())
	}
	return nil
}

// checkAlpha returns an error if alpha, rounded to the dtype of x, is infinite.
func (op *Op) checkAlpha(rounded float64) error {
	if math.IsInf(rounded, 0) {
		return fmt.Errorf("leakyrelu: alpha is %v, expected a number that fits the float32 of x", op.alpha)
	}
	return nil
}

// roles are the names of the inputs in messages.
var roles = [...]string{"x", "dy"}

// checkShape compares the shapes dimension by dimension. Shape.Eq does not: for
// it, a vector of n elements equals an n×1 matrix.
func checkShape(role string, s, x tensor.Shape) error {
	if !slices.Equal(s, x) {
		return errShape(role, s, x)
	}
	return nil
}

func errShape(role string, s, x tensor.Shape) error {
	return fmt.Errorf("leakyrelu: %s has shape %v, expected %v, the shape of x", role, s, x)
}

// made reports whether New or NewGrad made op. The methods of any other Op,
// such as nil, return an error or a zero value.
func (op *Op) made() bool { return op != nil && op.arity > 0 }

// checkArity returns an error if op can't take n inputs.
func (op *Op) checkArity(n int) error {
	switch {
	case !op.made():
		return errors.New("leakyrelu: the Op is nil or empty, expected one made by New or NewGrad")
	case n != op.arity:
		return fmt.Errorf("leakyrelu: %s got %d inputs, expected %d", op.String(), n, op.arity)
	}
	return nil
}

// Alpha returns the slope that was given to [New] or [NewGrad].
func (op *Op) Alpha() float64 {
	if !op.made() {
		return 0
	}
	return op.alpha
}

// Arity returns the number of inputs: 1 for LeakyReLU, 2 for its gradient.
func (op *Op) Arity() int {
	if !op.made() {
		return -1 // for Gorgonia, any number of inputs: it goes on to InferShape, which returns an error
	}
	return op.arity
}

// Type returns a → a for LeakyReLU, and a → a → a for its gradient.
func (op *Op) Type() hm.Type {
	a := hm.TypeVariable('a')
	if op.Arity() == 2 {
		return hm.NewFnType(a, a, a)
	}
	return hm.NewFnType(a, a)
}

// InferShape returns the shape of x. The shape of dy must be the same.
func (op *Op) InferShape(inputs ...gorgonia.DimSizer) (tensor.Shape, error) {
	if err := op.checkArity(len(inputs)); err != nil {
		return nil, err
	}
	// Gorgonia calls InferShape when it makes a node. If op already has a node,
	// op is now in two.
	op.node.Store(nil)
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

// ReturnsPtr is true: the result is a value on the heap.
func (op *Op) ReturnsPtr() bool { return true }

// CallsExtern is false: the operator uses no cgo and no other device.
func (op *Op) CallsExtern() bool { return false }

// WriteHash writes the name of the operator and all bits of alpha. Gorgonia
// merges nodes with equal hashes, so everything that changes the result must be
// in the hash.
func (op *Op) WriteHash(h hash.Hash) {
	if op.made() {
		fmt.Fprintf(h, "gorgonia.org/leakyrelu %s alpha=%016x", op.name, math.Float64bits(op.alpha))
	}
}

// Hashcode returns the 32-bit FNV-1a hash of what WriteHash writes.
func (op *Op) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// String returns the name and the slope, such as LeakyReLU{alpha=0.01}.
func (op *Op) String() string {
	if !op.made() {
		return "LeakyReLU{}"
	}
	return fmt.Sprintf("%s{alpha=%v}", op.name, op.alpha)
}
