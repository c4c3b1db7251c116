package gradcheck

import "math"

// allowed returns how far a value may be from x.
func (c *config) allowed(x float64) float64 { return c.atol + c.rtol*math.Abs(x) }

// ofGradient makes an entry of the gradient of p's k-th differentiated input.
func (p *problem) ofGradient(k, j int, analytic, numeric, allowed float64) Entry {
	op := p.point[p.wrt[k]]
	return Entry{Input: op.input, Index: unravel(j, op.shape), Analytic: analytic, Numeric: numeric, Allowed: allowed}
}

// ofOutput makes an entry of p's i-th output.
func (p *problem) ofOutput(i, j int, analytic, numeric, allowed float64) Entry {
	return Entry{Output: true, Index: unravel(j, p.out[i].Shape()), Analytic: analytic, Numeric: numeric, Allowed: allowed}
}

// sameOutputs compares a run's outputs with those that the central differences
// rest on.
func (c *config) sameOutputs(p *problem, r *run, w *want) *Error {
	var t tally
	for i, out := range w.outputs {
		for j, x := range out {
			t.addUnlessSame(p.ofOutput(i, j, r.out[i][j], x, c.allowed(x)))
		}
	}
	return t.fault(NotDeterministic, "the output is not that of a run without gradients")
}

// sameRuns compares two runs of one machine.
func (p *problem) sameRuns(later, earlier *run) *Error {
	var t tally
	for i, out := range earlier.out {
		for j, x := range out {
			t.addUnlessSame(p.ofOutput(i, j, later.out[i][j], x, 0))
		}
	}
	for k, grad := range earlier.grad {
		for j, x := range grad {
			t.addUnlessSame(p.ofGradient(k, j, later.grad[k][j], x, 0))
		}
	}
	return t.fault(NotDeterministic, "two runs with the same inputs")
}

// allZero checks the gradients of a run whose upstream gradients were 0.
func (p *problem) allZero(r *run) *Error {
	var t tally
	for k, grad := range r.grad {
		for j, x := range grad {
			t.add(p.ofGradient(k, j, x, 0, 0))
		}
	}
	return t.fault(NonzeroGradient, "")
}

// sameGradients compares a run's gradients with the central differences.
func (c *config) sameGradients(p *problem, r *run, w *want) *Error {
	var t tally
	for i, d := range w.probes {
		numeric := w.numeric[i]
		e := p.ofGradient(d.wrt, d.moves[0], d.along(r.grad[d.wrt]), numeric, c.allowed(numeric))
		if !d.single {
			e.Index = nil
		}
		t.add(e)
	}
	e := t.fault(WrongGradient, ratio(t.failed))
	if e != nil {
		e.Excluded = w.excluded
	}
	return e
}

// accumulated checks that kept, a run that kept the gradients of the run once,
// doubled them.
func (c *config) accumulated(p *problem, kept, once *run) *Error {
	var t tally
	for k, grad := range once.grad {
		for j, x := range grad {
			t.add(p.ofGradient(k, j, kept.grad[k][j], 2*x, c.allowed(2*x)))
		}
	}
	return t.fault(NotAccumulated, ratio(t.failed))
}
