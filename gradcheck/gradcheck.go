// Package gradcheck checks the gradients of Gorgonia expressions against
// central differences, as torch.autograd.gradcheck and gradgradcheck do for
// PyTorch.
//
//	f := func(in ...*gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Tanh(in[0]) }
//	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{-2, -1, -.5, .5, 1, 2}))
//	err := gradcheck.Check(f, []*tensor.Dense{x})       // the gradient of f, on both machines
//	err = gradcheck.CheckSecond(f, []*tensor.Dense{x})  // the gradient of that gradient
//
// If the result is nil, these statements hold at these inputs, on the chosen
// machines, for one random upstream gradient:
//   - Each entry of each gradient agrees with its central difference within the
//     tolerances.
//   - The gradients have the shape and dtype of their inputs. They are the same
//     in every run. On the Lisp machine, they are added to earlier gradients.
//   - No operator failed, panicked or changed an input.
//
// A nil does not show
//   - that f computes the right function. The gradient of a wrong function can be
//     right. So the check passes if Gorgonia merges two different operators
//     because their hashes agree.
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
// entry. It says what was found, what was expected, and the likely cause.
//
// # What is compared
//
// The outputs y of an expression are weighted with a random upstream gradient
// u, drawn once from a fixed seed. A gradient entry is right if
//
//	|analytic − numeric| ≤ atol + rtol·|numeric|
//	numeric = Σⱼ uⱼ·(yⱼ(x + eps) − yⱼ(x − eps)) / 2·eps
//
// Each output is subtracted before the sum is taken. So only outputs that
// depend on the entry add rounding errors. A tape machine computes the outputs
// for numeric on a separate graph, in which no operator may overwrite its
// input. [Directions] has its own rule.
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
// On the Lisp machine, one more run follows, without clearing the gradients. It
// must double them, because DoDiff has to add to the gradients.
//
// There is one exception to the check of shapes. Gorgonia's own Repeat, which
// broadcasts use, loses a dimension of size 1 in its gradient. The check
// accepts this for intermediate values of Gorgonia's operators, but not for
// inputs.
//
// # Gradients inside an expression
//
// f may call [gorgonia.Grad], for example in a loss with a gradient penalty. A
// program that differentiates f then calls Grad a second time on one graph. In
// the second call, Gorgonia skips the nodes that have a derivative already, and
// often gives wrong numbers without an error. Check calls this second Grad on
// f's own graph too, compares with f's true gradients, and reports a difference
// as [SecondGrad]. Use [Inputs] to choose the same inputs that the program
// gives to Grad, because the result depends on them. On the Lisp machine and at
// second order, the expression is checked on a fresh graph only.
//
// # Kinks
//
// Central differences are useless within eps of a point where the function has
// no derivative. Choose inputs away from such points, or exclude them with
// [Exclude].
//
// # Single precision
//
// If an input that is differentiated is float32, the defaults of eps, atol and
// rtol are 5e-3, 1e-3 and 1e-2. They are large compared with rounding errors,
// and small enough for smooth functions of inputs around 1.
//
// # Limits
//
// A panic is recovered if it is on the caller's goroutine, or in the Do,
// UsePreallocDo or DoDiff of an operator. The machines run on their own
// goroutines, and a panic in a machine itself cannot be recovered. Neither can
// a panic on a goroutine that an operator starts: CheckSecond of Conv2d ends
// the program for this reason.
//
// Do not use Gorgonia in other goroutines during a check. Building graphs
// concurrently is a data race inside Gorgonia, and a check switches off package
// tensor's pool of freed tensors while it runs.
//
// CheckSecond runs the expression of a gradient alone. So it cannot check an
// operator whose gradient reads more than its inputs and output, such as
// BatchNorm: the gradient of BatchNorm reads data that BatchNorm stored when it
// ran.
package gradcheck

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Func builds the expression under test from its inputs, on the inputs' graph.
// A check calls it once. It returns a node of float64 or float32, of any shape.
// It may call [gorgonia.Grad].
type Func func(inputs ...*gorgonia.Node) (*gorgonia.Node, error)

// Check compares the gradients of f at inputs with central differences, on
// every machine chosen, and returns nil if they agree. Inputs are dense tensors
// of any shape and layout; float64 and float32 ones are differentiated, others
// (such as indices) passed on. They are copied, in row-major order, never changed.
//
// If f is wrong on one machine, the error is an [*Error]. If f is wrong on both
// machines, the error is two of them joined by [errors.Join]. Any other error
// means that the arguments of Check are wrong.
func Check(f Func, inputs []*tensor.Dense, opts ...Option) error {
	return check(1, f, inputs, opts)
}

// CheckSecond compares the gradients of f's gradient with central differences:
// with x the inputs that are differentiated, u the upstream gradient and g(x,
// u) = ∂Σuⱼ·f(x)ⱼ/∂x, it checks ∂Σvₖ·gₖ/∂x and ∂Σvₖ·gₖ/∂u for random v. The
// differences are those of the symbolic g. CheckSecond does not check g itself,
// so call [Check] too. Inputs and errors are as for Check. The upstream
// gradient is the input [Upstream].
//
// A second [gorgonia.Grad] on one graph gives wrong results without an error,
// because it skips nodes that have a derivative already. So CheckSecond copies
// the expression of g to a fresh graph and differentiates it there.
//
// On the Lisp machine, CheckSecond checks the DoDiff of the operators in the
// expression of g. These are the operators that the SymDiff methods of f's
// operators return. If they have no DoDiff, use Machines(Tape).
func CheckSecond(f Func, inputs []*tensor.Dense, opts ...Option) error {
	return check(2, f, inputs, opts)
}
