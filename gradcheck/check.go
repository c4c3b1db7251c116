package gradcheck

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"gorgonia.org/tensor"
)

func check(order int, f Func, inputs []*tensor.Dense, opts []Option) error {
	err := safely(func() error {
		return withoutPool(func() error { return checkEach(order, f, inputs, opts) })
	})
	if p, ok := err.(*panicError); ok {
		return locate(order, 0, func() error { return p })
	}
	return err
}

// checkEach checks on one machine after the other.
func checkEach(order int, f Func, inputs []*tensor.Dense, opts []Option) error {
	c, err := newConfig(opts)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(c.seed, 0))
	p, err := c.newProblem(order, f, inputs)
	if err == nil && order == 2 {
		err = locate(order, 0, func() (err error) {
			p, err = p.gradient(random)
			return err
		})
	}
	if err != nil {
		return err
	}
	var w *want
	err = locate(order, 0, func() (err error) {
		w, err = c.plan(p, random)
		return err
	})
	if err != nil {
		return err
	}
	if err := locate(order, Tape, func() error { return c.measure(p, w) }); err != nil {
		return err
	}
	var errs []error
	for _, m := range c.machines {
		errs = append(errs, locate(order, m, func() error { return c.compare(m, p, w) }))
	}
	return errors.Join(errs...)
}

// locate runs f and makes whatever goes wrong in it an Error of that order and
// machine.
func locate(order int, m Machine, f func() error) error {
	err := safely(f)
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Fault: Failed, Err: err}
		if p, ok := err.(*panicError); ok {
			e.Fault, e.Op = Panicked, p.op
		}
	}
	e.Order = order
	if e.Machine == 0 {
		e.Machine = m
	}
	return e
}

// A want is what every machine should arrive at.
type want struct {
	upstream [][]float64 // weights of the outputs
	outputs  [][]float64
	probes   []probe
	numeric  []float64 // central difference of each probe
	excluded int
}

// plan chooses what to measure.
func (c *config) plan(p *problem, random *rand.Rand) (*want, error) {
	w := new(want)
	for _, n := range p.out {
		w.upstream = append(w.upstream, weights(n.Dtype(), n.Shape().TotalSize(), random))
	}
	for k := range p.wrt {
		op := p.operand(k)
		probes, excluded := c.probes(k, op, random)
		if len(probes) == 0 {
			return nil, &Error{Fault: NothingChecked, Detail: fmt.Sprintf("all of input %d", op.input), Excluded: excluded}
		}
		for _, d := range probes {
			if !(d.step(op, c.eps) > 0) {
				return nil, fmt.Errorf("Eps(%v) is too small to be seen next to %v, in input %d", c.eps, op.data[d.moves[0]], op.input)
			}
		}
		w.probes = append(w.probes, probes...)
		w.excluded += excluded
	}
	return w, nil
}

// measure evaluates p and its central differences.
func (c *config) measure(p *problem, w *want) error {
	t := newTape(p.expression, nil, true)
	reference, err := t.run(p.point)
	if err != nil {
		return err
	}
	again, err := t.run(p.point)
	if err != nil {
		return err
	}
	if e := p.sameRuns(again, reference); e != nil {
		return e
	}
	w.outputs = reference.out
	for _, d := range w.probes {
		x, err := d.difference(t, p, w.upstream, c.eps)
		if err != nil {
			return err
		}
		w.numeric = append(w.numeric, x)
	}
	return nil
}

// weights draws an upstream gradient, away from 0 so that every output counts.
func weights(dt tensor.Dtype, n int, random *rand.Rand) []float64 {
	op := operand{dtype: dt}
	u := make([]float64, n)
	for i := range u {
		u[i] = op.round((0.5 + random.Float64()) * float64(1-2*random.IntN(2)))
	}
	return u
}

// A backward runs an expression forward and backward on one machine. If keep is
// set, gradients are added to those of the run before where the machine does
// that.
type backward func(upstream [][]float64, keep bool) (*run, error)

// compare runs p on a machine and looks for one fault after the other.
func (c *config) compare(m Machine, p *problem, w *want) error {
	newBackward := newTapeBackward
	if m == Lisp {
		newBackward = newLispBackward
	}
	runs, err := newBackward(p)
	if err != nil {
		return err
	}
	first, err := runs(w.upstream, false)
	if err != nil {
		return err
	}
	// The values of the run before are still in the graph.
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
		p.sameRuns(second, first),
		p.allZero(stopped),
		c.sameGradients(p, first, w),
	}
	if m == Lisp {
		faults = append(faults, c.accumulated(p, kept, second))
	}
	for _, e := range faults {
		if e != nil {
			return e
		}
	}
	return nil
}
