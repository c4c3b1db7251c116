// Package gradcheck checks the gradients of Gorgonia expressions against
// central differences, as torch.autograd.gradcheck and gradgradcheck do for
// PyTorch. It needs nothing of an operator but that it can be applied to nodes:
//
//	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{-2, -1, -.5, .5, 1, 2}))
//	err := gradcheck.Check(func(in ...*gorgonia.Node) (*gorgonia.Node, error) {
//		return gorgonia.Tanh(in[0])
//	}, []*tensor.Dense{x})
//
// [Check] compares the gradients of the tape machine (SymDiff) and of the Lisp
// machine (DoDiff) with central differences. [CheckSecond] does the same with
// the gradient of the gradient. An operator is right when both return nil.
//
// # What is compared
//
// The outputs y of an expression are weighted with a random upstream gradient
// u, drawn once from a fixed seed. A gradient entry is right if
//
//	|analytic − numeric| ≤ atol + rtol·|numeric|
//	numeric = Σⱼ uⱼ·(yⱼ(x + eps) − yⱼ(x − eps)) / 2·eps
//
// The differences of the outputs are taken before they are summed, so that only
// outputs which the entry moves bring rounding errors. The outputs for numeric
// are computed by a tape machine on a graph of their own, in which no operator
// may overwrite its input.
//
// Before gradients are compared, these faults are looked for, each with its own
// [Fault]: a panic or an error inside an operator, a result that has not the
// shape or dtype that was inferred, an operator without SymDiff (tape) or
// DoDiff (Lisp) between inputs and output, a changed input, two runs that
// differ in a bit, and a gradient that is not zero though the upstream gradient
// is. Afterwards, on the Lisp machine, a second run without clearing the
// gradients must double them: DoDiff accumulates.
//
// # Kinks
//
// Central differences mean nothing within eps of a point where the function has
// no derivative. Choose inputs away from such points, or exclude them with
// [Exclude].
//
// # Single precision
//
// If an input that is differentiated is float32, eps, atol and rtol are 5e-3,
// 1e-3 and 1e-2 unless set: large enough to drown rounding, small enough for
// smooth functions of inputs around 1.
//
// # Limits
//
// A panic is recovered in everything that runs on the caller's goroutine and in
// every operator's Do, UsePreallocDo and DoDiff. One in the machines
// themselves, which run on goroutines of their own, cannot be recovered.
// Conv2d's operators start goroutines of their own too, and CheckSecond of it
// ends the program.
//
// Checks must not run at the same time as anything else that uses Gorgonia:
// building graphs concurrently is a data race inside Gorgonia, and a check
// switches tensor's pool of freed tensors off while it runs.
//
// CheckSecond runs the expression of a gradient alone. An operator whose
// gradient needs what the operator kept in memory when it ran, and not its
// inputs and output only, as BatchNorm's does, cannot be checked so.
//
// Whether an expression computes what it should is not checked, only that its
// gradients are those of what it computes.
package gradcheck

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Func builds the expression under test from its inputs, on the inputs' graph.
// It is called once per check. The node it returns may have any shape, of
// float64 or float32. It may hold gradients taken with [gorgonia.Grad] inside.
type Func func(inputs ...*gorgonia.Node) (*gorgonia.Node, error)

// Check compares the gradients of f at inputs with central differences, on
// every machine chosen, and returns nil if they agree. Inputs are dense tensors
// of any shape and layout; float64 and float32 ones are differentiated, others
// (such as indices) passed on. They are copied, never changed.
//
// What is wrong with f is returned as an [*Error]; if it is wrong on both
// machines, as two of them joined by [errors.Join]. Other errors say that the
// call was wrong.
func Check(f Func, inputs []*tensor.Dense, opts ...Option) error {
	return check(1, f, inputs, opts)
}

// CheckSecond compares the gradients of f's gradient with central differences:
// with x the inputs that are differentiated, u the upstream gradient and
// g(x, u) = ∂Σuⱼ·f(x)ⱼ/∂x, it checks ∂Σvₖ·gₖ/∂x and ∂Σvₖ·gₖ/∂u for random v.
// The differences are those of the symbolic g, which is therefore taken as
// right: call [Check] too. Inputs and errors are as for Check; the upstream
// gradient counts as the input [Upstream].
//
// A second [gorgonia.Grad] on one graph silently gives wrong results, since
// nodes that have a derivative already are skipped. CheckSecond moves the
// expression of g to a fresh graph before differentiating it, and so sees the
// operators' own derivatives.
//
// On the Lisp machine it is the DoDiff of the operators in the expression of g
// that is checked, those that f's operators return from SymDiff. Operators that
// are differentiable only once on that machine are checked with
// Machines(Tape).
func CheckSecond(f Func, inputs []*tensor.Dense, opts ...Option) error {
	return check(2, f, inputs, opts)
}
