// Package leakyrelu is the LeakyReLU activation as one operator for Gorgonia:
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
// number of times. The gradient is the upstream gradient where x > 0, and α
// times the upstream gradient elsewhere (also at x = 0 and NaN), as in PyTorch
// and TensorFlow. Values and gradients equal those of PyTorch's leaky_relu to
// the bit.
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
// Alpha may be negative or above 1. It is rounded once to the dtype of x. A NaN,
// an infinity, and a number too large for the dtype of x are errors. A node that
// is nil, has another dtype, or has no shape is an error too.
func Apply(x *gorgonia.Node, alpha float64, opts ...Option) (*gorgonia.Node, error) {
	op, err := New(alpha, opts...)
	if err != nil {
		return nil, err
	}
	return op.apply(x)
}

// ApplyGrad returns the gradient of LeakyReLU at x for the upstream gradient
// dy, as a node: dy where x > 0, alpha·dy elsewhere. Both nodes are in one graph
// and have the same dtype and shape, and so has the result. Alpha is as in
// [Apply].
//
// gorgonia.Grad builds this node by itself. Call ApplyGrad to write a gradient
// into a loss, as the gradient penalties of WGAN-GP and R1 do. One gorgonia.Grad
// then differentiates the whole loss. (A second gorgonia.Grad over the results
// of a first one skips nodes, and gives wrong numbers without an error.)
//
// The result is differentiable with respect to dy. Its derivative with respect
// to x is zero wherever it exists.
func ApplyGrad(x, dy *gorgonia.Node, alpha float64, opts ...Option) (*gorgonia.Node, error) {
	op, err := NewGrad(alpha, opts...)
	if err != nil {
		return nil, err
	}
	return op.apply(x, dy)
}

// Activation returns Apply with a fixed slope and fixed options. Use it where a
// model takes its activation as a function. A wrong alpha is reported when that
// function is called.
func Activation(alpha float64, opts ...Option) func(*gorgonia.Node) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) { return Apply(x, alpha, opts...) }
}

// Gain returns √(2/(1+alpha²)). Weights drawn with this gain keep the size of
// the signal from layer to layer:
//
//	gorgonia.WithInit(gorgonia.HeN(leakyrelu.Gain(0.2)))
//
// (gorgonia.HeN makes float64 weights only. For float32, use gorgonia.GlorotN,
// which draws the same for a square matrix.)
//
// The formula is equation 15 of He, Zhang, Ren and Sun, "Delving Deep into
// Rectifiers" (arXiv:1502.01852). PyTorch's calculate_gain gives the same.
func Gain(alpha float64) float64 { return math.Sqrt(2 / (1 + alpha*alpha)) }

// An Option changes how an operator runs. It never changes what the operator
// computes.
type Option func(*options)

type options struct{ inPlace bool }

// InPlace lets the operator write over its input x, and lets its gradient write
// over the upstream gradient dy. This saves the memory of both, and the time to
// allocate it. It is a request: where another node could notice, the result goes
// into a new tensor, as without InPlace. Inputs, weights and constants are never
// overwritten. Neither is anything that another node shares memory with.
//
// It is granted after a matrix product, a convolution, BatchNorm, or arithmetic.
// It is not granted where x also goes to Reshape, Slice, Dropout, or an operator
// from another package, nor where x is the result of one of these: they may
// share memory with x. It is not granted for a negative alpha, whose gradient
// needs x. [New] with gorgonia.ApplyOp never works in place.
//
// With InPlace, mind two things:
//
//   - After a run, Value of the node x may be the overwritten tensor. This is so
//     with many of Gorgonia's own operators. Use gorgonia.Read, which copies.
//   - ExprGraph.Clone shares the operators with the original graph. Do not put
//     the activation into a Set in the clone only.
func InPlace() Option { return func(o *options) { o.inPlace = true } }
