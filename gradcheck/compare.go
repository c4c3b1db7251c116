package gradcheck

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// compare runs p on machine m and returns the first fault that it finds.
func (c *config) compare(m Machine, p *problem, w *want) error {
	newBackward := newTapeBackward
	if m == Lisp {
		newBackward = newLispBackward
	}
	before := warmUp(newBackward, p, w)
	runs, err := newBackward(p)
	if err != nil {
		return err
	}
	first, err := runs(w.upstream, false)
	if err != nil {
		return err
	}
	// In these runs, the values of the run before are still in the graph.
	again := func(upstream [][]float64, keep bool) (*run, error) {
		r, err := runs(upstream, keep)
		var e *Error
		if errors.As(err, &e) {
			e.Detail = strings.TrimSuffix("in a second run of the graph: "+e.Detail, ": ")
		}
		return r, err
	}
	second, err := again(w.upstream, false)
	if err != nil {
		return err
	}
	kept, err := again(w.upstream, true)
	if err != nil {
		return err
	}
	zero := make([][]float64, len(w.upstream))
	for i, u := range w.upstream {
		zero[i] = make([]float64, len(u))
	}
	stopped, err := again(zero, false)
	if err != nil {
		return err
	}
	faults := []*Error{
		c.sameOutputs(p, first, w),
		c.sameRuns(p, second, first),
		p.allZero(stopped, first),
		c.sameGradients(p, first, w, before),
	}
	if m == Lisp {
		faults = append(faults, c.accumulated(p, kept, second))
	}
	for _, e := range faults {
		if e != nil {
			return e
		}
	}
	if m == Tape && !p.neverOverwrite {
		if err := c.sameForward(p, w); err != nil {
			return err
		}
	}
	if m == Tape && p.program != nil {
		if e := c.sameInProgram(p, first, w); e != nil {
			return e
		}
	}
	return nil
}

// warmUp runs p forward and backward at other inputs, on a graph of its own, so
// that an operator which keeps something of its first run is wrong in the runs
// that are compared. It returns that run, nil if it failed: other inputs may not
// suit the operators.
func warmUp(newBackward func(*problem) (backward, error), p *problem, w *want) (r *run) {
	other := *p
	err := safely(func() error {
		other.point, other.expression = p.otherPoint(), p.copy(sameOp)
		runs, err := newBackward(&other)
		if err == nil {
			r, err = runs(w.upstream, false)
		}
		return err
	})
	if err != nil {
		return nil
	}
	return r
}

// sameForward compares a run of the tape machine without gradients, in which
// operators may overwrite more than with them, with the outputs that the central
// differences rest on.
func (c *config) sameForward(p *problem, w *want) error {
	r, err := newTape(p.expression, nil, false).run(p.point)
	if err != nil {
		return err
	}
	if e := c.sameOutputs(p, r, w); e != nil {
		e.Detail = "the output is not the same when operators may overwrite their inputs"
		return e
	}
	return nil
}

// allowed returns how far a value may be from x.
func (c *config) allowed(x float64) float64 { return c.atol + c.rtol*math.Abs(x) }

// sameOutputs compares a run's outputs with those from which the central
// differences are computed.
func (c *config) sameOutputs(p *problem, r *run, w *want) *Error {
	var t tally
	for i, out := range w.outputs {
		shape := p.out[i].Shape()
		if t.same(r.out[i], out) {
			continue
		}
		for j, x := range out {
			t.addUnlessSame(Entry{Output: true, Analytic: r.out[i][j], Numeric: x, Allowed: c.allowed(x)}, shape, j)
		}
	}
	e := t.fault(NotDeterministic)
	if e != nil {
		e.Detail = "the output differs from that of a run without gradients"
		e.Hint = "an operator gives another result when it overwrites its input, or it overwrites memory that is still needed: see its OverwritesInput and UsePreallocDo"
	}
	return e
}

// sameRuns compares two runs of one machine.
func (c *config) sameRuns(p *problem, later, earlier *run) *Error {
	var t tally
	for i, out := range earlier.out {
		shape := p.out[i].Shape()
		if t.same(later.out[i], out) {
			continue
		}
		for j, x := range out {
			t.addUnlessSame(Entry{Output: true, Analytic: later.out[i][j], Numeric: x, Allowed: c.nondetTol}, shape, j)
		}
	}
	for k, grad := range earlier.grad {
		op := p.operand(k)
		if t.same(later.grad[k], grad) {
			continue
		}
		for j, x := range grad {
			t.addUnlessSame(Entry{Input: op.input, Analytic: later.grad[k][j], Numeric: x, Allowed: c.nondetTol}, op.shape, j)
		}
	}
	e := t.fault(NotDeterministic)
	if e != nil {
		e.Detail = "two runs with the same inputs"
		e.Hint = nondeterminism(t.failed)
	}
	return e
}

// allZero checks that all gradients are 0 in run r, whose upstream gradients
// were 0. It ignores a gradient that is not finite in an ordinary run:
// sameGradients reports that.
func (p *problem) allZero(r, ordinary *run) *Error {
	var t tally
	for k, grad := range r.grad {
		op := p.operand(k)
		if t.same(grad, make([]float64, len(grad))) {
			continue
		}
		for j, x := range grad {
			if y := ordinary.grad[k][j]; !math.IsNaN(y) && !math.IsInf(y, 0) {
				t.add(Entry{Input: op.input, Analytic: x}, op.shape, j)
			}
		}
	}
	e := t.fault(NonzeroGradient)
	if e != nil {
		e.Hint = "a gradient is a sum of products with the upstream gradient: SymDiff has to multiply by the node grad, DoDiff by the gradient of its output"
	}
	return e
}

// sameGradients compares a run's gradients with the central differences.
func (c *config) sameGradients(p *problem, r *run, w *want, before *run) *Error {
	var t tally
	var misses []miss
	for i, d := range w.probes {
		op, s := p.operand(d.wrt), w.slopes[i]
		analytic, typical := d.along(r.grad[d.wrt], op, c.eps)
		e := Entry{Input: op.input, Analytic: analytic, Numeric: s.central, Allowed: c.allowed(s.central)}
		failed := len(t.failed)
		if d.direction == nil {
			t.add(e, op.shape, d.entries[0])
		} else {
			// The tolerance is relative to one entry, not to the sum of all
			// entries, because only one may be wrong.
			e.Allowed = c.allowed(typical)
			if math.Abs(analytic-s.central) > e.Allowed {
				var step float64
				if s, step = c.refine(d, p, w); step > 0 {
					e.Analytic, typical = d.along(r.grad[d.wrt], op, step)
					e.Numeric, e.Allowed = s.central, c.allowed(typical)+math.Min(s.rounding, typical/4)
				}
			}
			t.add(e, nil, 0)
		}
		if len(t.failed) > failed {
			misses = append(misses, miss{d, s, e.Analytic, e.Allowed, nil})
		}
	}
	e := t.fault(WrongGradient)
	if e != nil {
		e.Excluded = w.excluded
		c.interpret(e, p, r, w, misses)
		if !e.explained && e.Detail == "" && before != nil && slices.EqualFunc(before.grad, r.grad, sameBits) {
			e.Detail = "the gradients are those of an earlier run, at other inputs: does an operator keep something of it?"
		}
	}
	return e
}

// interpret says of e what the misses tell.
func (c *config) interpret(e *Error, p *problem, r *run, w *want, misses []miss) {
	c.measureFar(misses, p, w)
	if e.Hint = c.coarse(p, misses); e.Hint != "" {
		return // the operator is still to be named
	}
	e.Hint = c.meaningless(p, misses)
	if e.Hint == "" {
		var kinks, others []miss
		for _, m := range misses {
			if c.atKink(m) {
				kinks = append(kinks, m)
			} else {
				others = append(others, m)
			}
		}
		if len(others) == 0 {
			others, kinks = misses, nil
		}
		e.Detail = pattern(p, r, w, others)
		e.Hint = p.deniedByDiffWRT(r, others)
		e.facts = p.whereWrong(w, others, kinks)
		e.flat = !slices.ContainsFunc(others, func(m miss) bool { return m.moved > 0 || math.IsNaN(m.analytic) || math.IsInf(m.analytic, 0) })
	}
	e.explained = e.Hint != ""
}

// accumulated checks that kept, a run that kept the gradients of the run once,
// doubled them.
func (c *config) accumulated(p *problem, kept, once *run) *Error {
	var t tally
	for k, grad := range once.grad {
		op := p.operand(k)
		twice := make([]float64, len(grad))
		for j, x := range grad {
			twice[j] = 2 * x
		}
		if t.same(kept.grad[k], twice) {
			continue
		}
		for j, x := range twice {
			t.add(Entry{Input: op.input, Analytic: kept.grad[k][j], Numeric: x, Allowed: c.allowed(x)}, op.shape, j)
		}
	}
	e := t.fault(NotAccumulated)
	if e != nil {
		e.Hint = "DoDiff has to add to the gradient of its input, because other operators that read this input may have added to it before"
	}
	return e
}

// sameInProgram compares two gradients: those on a fresh graph, which are
// right, and those that gorgonia.Grad returns on the Func's own graph, on which
// Grad was called before.
func (c *config) sameInProgram(p *problem, right *run, w *want) *Error {
	fault := func(e *Error) *Error {
		e.Fault = SecondGrad
		e.Hint = "the operators are right. But a second Grad on one graph is wrong in Gorgonia: it skips the nodes that have a derivative. Write the inner gradient as nodes, with gradient operators such as leakyrelu.ApplyGrad, and call Grad once"
		return e
	}
	var r *run
	err := safely(func() error {
		runs, err := newProgramBackward(p)
		if err != nil {
			return err
		}
		r, err = runs(w.upstream, false)
		return err
	})
	if e, ok := err.(*Error); ok && e.Fault == InputChanged {
		return e // in this run operators may overwrite, as in the program
	}
	if err != nil {
		return fault(&Error{Err: err})
	}
	if e := c.sameOutputs(p, r, w); e != nil {
		return e
	}
	var t tally
	for k, grad := range right.grad {
		op := p.operand(k)
		for j, x := range grad {
			e := Entry{Input: op.input, Numeric: x, Allowed: c.allowed(x)}
			if r.grad[k] != nil {
				e.Analytic = r.grad[k][j]
			}
			t.addUnlessSame(e, op.shape, j)
		}
	}
	if e := t.fault(SecondGrad); e != nil {
		return fault(e)
	}
	return nil
}

// A tally collects the wrong entries.
type tally struct {
	failed  []Entry
	checked int
}

// add checks entry e and sets its Index and Diff. The entry has the row-major
// index i in a tensor of that shape. The shape is nil for a direction.
func (t *tally) add(e Entry, shape tensor.Shape, i int) {
	t.checked++
	e.Diff = math.Abs(e.Analytic - e.Numeric)
	if e.Diff <= e.Allowed && !math.IsInf(e.Diff, 0) {
		return
	}
	// A NaN fails too.
	if shape != nil {
		e.Index = unravel(i, shape)
	}
	t.failed = append(t.failed, e)
}

// same tells whether all entries of two tensors are the same, and counts them if
// they are. It is for speed: add is slow for large inputs.
func (t *tally) same(analytic, numeric []float64) bool {
	if !sameBits(analytic, numeric) {
		return false
	}
	t.checked += len(numeric)
	return true
}

func sameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// addUnlessSame is add for values of which NaN is as good as any.
func (t *tally) addUnlessSame(e Entry, shape tensor.Shape, i int) {
	if math.Float64bits(e.Analytic) == math.Float64bits(e.Numeric) {
		t.checked++
		return
	}
	t.add(e, shape, i)
}

// fault returns an error with the entries that failed. It returns nil if none
// failed.
func (t *tally) fault(f Fault) *Error {
	if len(t.failed) == 0 {
		return nil
	}
	// A NaN counts as worse than any number.
	badness := func(e Entry) float64 {
		if math.IsNaN(e.Diff) {
			return math.Inf(1)
		}
		return e.Diff
	}
	worst := slices.Clone(t.failed)
	slices.SortStableFunc(worst, func(a, b Entry) int { return cmp.Compare(badness(b), badness(a)) })
	return &Error{Fault: f, Entries: worst[:min(len(worst), 5)], Failed: len(worst), Checked: t.checked}
}
