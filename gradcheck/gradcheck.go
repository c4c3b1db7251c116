// Package gradcheck checks the gradients of Gorgonia expressions against
// central differences, as torch.autograd.gradcheck and gradgradcheck do for
// PyTorch.
//
//	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Tanh(in[0]) }
//	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{-2, -1, -.5, .5, 1, 2}))
//	err := gradcheck.Check(f, []*tensor.Dense{x})       // the gradient of f, on both machines
//	err = gradcheck.CheckSecond(f, []*tensor.Dense{x})  // the gradient of that gradient
//
// A nil means that at these inputs, on the machines chosen, each entry of each
// gradient agrees with its central difference, within the tolerances and for one
// random upstream gradient; that gradients have the shape and dtype of their
// inputs, are the same in every run, and are added to those that are there; and
// that no operator failed, panicked or changed an input.
//
// A nil does not mean
//   - that f computes what it should: its gradients are those of what it does
//     compute. Two operators that Gorgonia takes for one, because their hashes
//     agree, pass;
//   - that the gradients are right at other inputs, in other shapes or dtypes, or
//     in entries that Exclude, Sample, Inputs or Machines leave out;
//   - that errors below the tolerances are not there, nor, with [Directions],
//     those that cancel along every direction;
//   - that an operator is right for values that are transposed or slices of
//     others: inputs are copied, in row-major order;
//   - that an operator is safe in other graphs if it overwrites an input or the
//     gradient of its output, or if its result is memory of an input's, or memory
//     that it keeps; nor that UsePreallocDo was run. Check f with the operator
//     between others, too.
//
// An error is an [*Error]. It names the operator, the machine, the input and the
// entry, what was given and what was expected, and the likely cause.
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
// may overwrite its input. [Directions] has a rule of its own.
//
// Before gradients are compared, these faults are looked for, each with its own
// [Fault]: a panic or an error inside an operator, a result that has not the
// shape or dtype that was inferred, an operator without SymDiff (tape) or
// DoDiff (Lisp) between inputs and output, a gradient that is missing or of
// another shape or dtype than its input, a changed input, an input that f does
// not use, an output that is not finite, two runs that differ in a bit (or by more than [NondetTol]), and a
// gradient that is not zero though the upstream gradient is. Each machine runs at
// other inputs first, so that what an operator keeps from them shows. Afterwards,
// on the Lisp machine, a second run without clearing the gradients must double
// them: DoDiff accumulates. On the tape machine, a run without gradients, in which
// operators may overwrite more, must give the same outputs.
//
// Gorgonia's own Repeat, which broadcasts use, loses a dimension of size 1 in its
// gradient. From Gorgonia's operators such gradients of intermediate values are
// accepted, not those of inputs.
//
// # Gradients inside an expression
//
// If f calls [gorgonia.Grad], as a loss with a gradient penalty may, a program
// that differentiates f calls Grad a second time on one graph. Gorgonia then
// skips the nodes that have a derivative already, and often gives wrong numbers
// without an error. Check compares f's true gradients with those that this
// second Grad gives on f's own graph, and reports a difference as [SecondGrad].
// What counts as right depends on what is differentiated: choose with [Inputs]
// what the program gives to Grad. On the Lisp machine and at second order, the
// expression is checked on a fresh graph only.
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
package gradcheck

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Func builds the expression under test from its inputs, on the inputs' graph.
// It is called once per check. The node it returns may have any shape, of
// float64 or float32. It may call [gorgonia.Grad].
type Func func(inputs ...*gorgonia.Node) (*gorgonia.Node, error)

// Check compares the gradients of f at inputs with central differences, on
// every machine chosen, and returns nil if they agree. Inputs are dense tensors
// of any shape and layout; float64 and float32 ones are differentiated, others
// (such as indices) passed on. They are copied, in row-major order, never changed.
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
