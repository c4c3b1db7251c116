// Package leakyrelu provides the LeakyReLU activation as one operator for
// Gorgonia:
//
//	LeakyReLU(x) = x     if x > 0
//	               α·x   otherwise
//
// [Apply] puts it into a graph, in place of gorgonia.LeakyRelu:
//
//	y, err := leakyrelu.Apply(x, leakyrelu.DefaultAlpha)
//
// It works on float32 and float64 scalars and tensors of any rank and layout,
// on the tape machine and on the Lisp machine. It can be differentiated any
// number of times. The gradient is the upstream gradient where x > 0.
// Elsewhere, also at x = 0 and NaN, it is α times the upstream gradient.
// PyTorch and TensorFlow have the same definition. Values and gradients equal
// those of PyTorch's leaky_relu to the bit. So LeakyReLU(NaN) is NaN,
// LeakyReLU(+Inf) is +Inf, and LeakyReLU(−Inf) is −Inf for α > 0. With α = 0,
// LeakyReLU is ReLU, except that LeakyReLU(−Inf) is 0·∞, which is NaN.
//
// For a loss that contains a gradient, such as a gradient penalty, use
// [ApplyGrad]. Package gradcheck checks the gradients of such a loss. There is
// no GPU kernel: with Gorgonia's cuda tag, the operator runs on the CPU.
//
// The activation comes from Maas, Hannun and Ng, "Rectifier Nonlinearities
// Improve Neural Network Acoustic Models", ICML 2013.
package leakyrelu

import (
	"math"

	"gorgonia.org/gorgonia"
)

// DefaultAlpha is the usual slope for inputs that are not positive. PyTorch,
// ONNX and JAX have the same default.
const DefaultAlpha = 0.01

// Apply returns the node LeakyReLU(x), with slope alpha where x is not positive.
// The node x is a float32 or float64 scalar or tensor of any rank. The result
// has the dtype and shape of x.
//
// Alpha may be negative or above 1. It is rounded once to the dtype of x. Alpha
// must not be NaN, infinite, or too large for the dtype of x. The node must not
// be nil, of another dtype, or without a shape. An option must not be nil. These
// are errors.
func Apply(x *gorgonia.Node, alpha float64, opts ...Option) (*gorgonia.Node, error) {
	op, err := newOp(forward, alpha, opts)
	if err != nil {
		return nil, err
	}
	return op.apply(x)
}

// ApplyGrad returns the gradient of LeakyReLU at x for the upstream gradient
// dy, as a node: dy where x > 0, alpha·dy elsewhere. Both nodes are in one
// graph and have the same dtype and shape. The result has that dtype and shape
// too. Alpha is as in [Apply].
//
// gorgonia.Grad makes this node by itself. Call ApplyGrad if a loss contains a
// gradient, as in the gradient penalties of WGAN-GP and R1. Pass the input of
// the activation as x, and the same alpha. For a critic LeakyReLU(h)·w2 with
// h = x·w1, the gradient with respect to its input is dx:
//
//	dh, err := leakyrelu.ApplyGrad(h, dy, alpha) // dy: ones times w2 transposed
//	dx, err := gorgonia.Mul(dh, w1T)             // w1T: w1 transposed
//
// Then one call of gorgonia.Grad differentiates the whole loss. (A second
// gorgonia.Grad on the same graph skips nodes that have a gradient. It often
// gives wrong numbers, without an error.)
//
// The result is differentiable with respect to dy. Its derivative with respect
// to x is zero wherever it exists.
func ApplyGrad(x, dy *gorgonia.Node, alpha float64, opts ...Option) (*gorgonia.Node, error) {
	op, err := newOp(backward, alpha, opts)
	if err != nil {
		return nil, err
	}
	return op.apply(x, dy)
}

// Activation returns a function that calls Apply with this alpha and these
// options. Use it if a model takes its activation as a function. The returned
// function reports a wrong alpha as an error.
func Activation(alpha float64, opts ...Option) func(*gorgonia.Node) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) { return Apply(x, alpha, opts...) }
}

// Gain returns √(2/(1+alpha²)). If weights are drawn with this gain, the size
// of the signal stays about the same from layer to layer:
//
//	gorgonia.WithInit(gorgonia.HeN(leakyrelu.Gain(0.2)))
//
// gorgonia.HeN panics for float32 weights. For a float32 weight matrix with n
// rows, in the product x·W, use
//
//	gorgonia.WithInit(gorgonia.Gaussian(0, leakyrelu.Gain(0.2)/math.Sqrt(n)))
//
// The formula is equation 15 of He, Zhang, Ren and Sun, "Delving Deep into
// Rectifiers" (arXiv:1502.01852). PyTorch's calculate_gain returns the same
// number.
func Gain(alpha float64) float64 { return math.Sqrt(2 / (1 + alpha*alpha)) }

// An Option changes how an operator runs. It never changes what the operator
// computes.
type Option func(*options)

type options struct{ inPlace bool }

// InPlace lets the operator write its result over its input x, and lets its
// gradient operator write over the upstream gradient dy. This saves two
// allocations. InPlace is a request: if another node could notice, the result
// goes into a new tensor, as without InPlace. The operator does not overwrite
// inputs, weights or constants, nor memory that another node shares.
//
// The operator works in place after a matrix product, a convolution, BatchNorm,
// or arithmetic. It does not work in place in these cases:
//
//   - x also goes to Reshape, Slice, Dropout or an operator from another package
//     (but see OwnsResult below), or x is the result of one of these: they may
//     share memory with x.
//   - alpha is negative: the gradient needs x.
//   - gorgonia.ApplyOp, not Apply or ApplyGrad, put the operator into the
//     graph.
//
// InPlace also works next to an operator from another package if that operator
// has a method OwnsResult() bool that returns true. This promises two things: no
// method returns memory of an input, except that UsePreallocDo returns its
// prealloc; and after a call, the operator does not read an input or the result.
//
// With InPlace, note two things:
//
//   - After a run, x.Value() may return the overwritten tensor. Many of
//     Gorgonia's own operators have the same effect. Use gorgonia.Read, which
//     copies.
//   - ExprGraph.Clone shares the operators with the original graph. Do not add
//     a Set of the activation to the clone only.
func InPlace() Option { return func(o *options) { o.inPlace = true } }
