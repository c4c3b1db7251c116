package gradcheck

import "math"

// allowed returns how far a value may be from x.
func (c *config) allowed(x float64) float64 { return c.atol + c.rtol*math.Abs(x) }

// sameOutputs compares a run's outputs with those that the central differences
// rest on.
func (c *config) sameOutputs(p *problem, r *run, w *want) *Error {
	var t tally
	for i, out := range w.outputs {
		shape := p.out[i].Shape()
		for j, x := range out {
			t.addUnlessSame(Entry{Output: true, Analytic: r.out[i][j], Numeric: x, Allowed: c.allowed(x)}, shape, j)
		}
	}
	return t.fault(NotDeterministic, "the output is not that of a run without gradients")
}

// sameRuns compares two runs of one machine.
func (p *problem) sameRuns(later, earlier *run) *Error {
	var t tally
	for i, out := range earlier.out {
		shape := p.out[i].Shape()
		for j, x := range out {
			t.addUnlessSame(Entry{Output: true, Analytic: later.out[i][j], Numeric: x}, shape, j)
		}
	}
	for k, grad := range earlier.grad {
		op := p.operand(k)
		for j, x := range grad {
			t.addUnlessSame(Entry{Input: op.input, Analytic: later.grad[k][j], Numeric: x}, op.shape, j)
		}
	}
	return t.fault(NotDeterministic, "two runs with the same inputs")
}

// allZero checks the gradients of a run whose upstream gradients were 0.
func (p *problem) allZero(r *run) *Error {
	var t tally
	for k, grad := range r.grad {
		op := p.operand(k)
		for j, x := range grad {
			t.add(Entry{Input: op.input, Analytic: x}, op.shape, j)
		}
	}
	return t.fault(NonzeroGradient, "")
}

// sameGradients compares a run's gradients with the central differences.
func (c *config) sameGradients(p *problem, r *run, w *want) *Error {
	var t tally
	for i, d := range w.probes {
		op, numeric := p.operand(d.wrt), w.numeric[i]
		e := Entry{Input: op.input, Analytic: d.along(r.grad[d.wrt]), Numeric: numeric, Allowed: c.allowed(numeric)}
		if d.single {
			t.add(e, op.shape, d.moves[0])
		} else {
			t.add(e, nil, 0)
		}
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
		op := p.operand(k)
		for j, x := range grad {
			t.add(Entry{Input: op.input, Analytic: kept.grad[k][j], Numeric: 2 * x, Allowed: c.allowed(2 * x)}, op.shape, j)
		}
	}
	return t.fault(NotAccumulated, ratio(t.failed))
}
