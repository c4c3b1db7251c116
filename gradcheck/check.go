package gradcheck

import (
	"errors"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

func check(order int, f Func, inputs []*tensor.Dense, opts []Option) error {
	err := safely(func() error {
		return withoutPool(func() error { return checkEach(order, f, inputs, opts) })
	})
	if p, ok := err.(*panicError); ok {
		return reportAs(order, 0, func() error { return p })
	}
	return err
}

// checkEach checks on each machine, one after the other.
func checkEach(order int, f Func, inputs []*tensor.Dense, opts []Option) error {
	c, err := newConfig(opts)
	if err != nil {
		return err
	}
	random := newRandom(c.seed)
	p, err := c.newProblem(order, f, inputs)
	if err == nil && order == 2 {
		err = reportAs(order, 0, func() (err error) {
			p, err = p.gradient(random)
			return err
		})
	}
	if err != nil {
		return err
	}
	var w *want
	err = reportAs(order, 0, func() (err error) {
		w, err = c.plan(p, random)
		return err
	})
	if err != nil {
		return err
	}
	explained := func(m Machine, err error) error {
		if e, ok := err.(*Error); ok {
			// Ignore errors in explain: they are not the fault.
			safely(func() error { c.explain(e, m, p); return nil })
		}
		return err
	}
	if err := reportAs(order, Tape, func() error { return explained(Tape, c.measure(p, w)) }); err != nil {
		return err
	}
	var errs []error
	found := make(map[Machine]*Error)
	for _, m := range c.machines {
		err := reportAs(order, m, func() error { return explained(m, c.compare(m, p, w)) })
		found[m], _ = err.(*Error)
		errs = append(errs, err)
	}
	tape, lisp := found[Tape], found[Lisp]
	switch {
	case len(found) < 2 || tape == nil && lisp == nil:
	case lisp == nil:
		tape.acquitDo()
	case tape == nil:
		lisp.acquitDo()
	default:
		suspectDo(tape, lisp)
	}
	return errors.Join(errs...)
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// reportAs runs f. It turns an error or a panic in f into an Error of that
// order and machine.
func reportAs(order int, m Machine, f func() error) error {
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
	var p *panicError
	if errors.As(e.Err, &p) && e.Hint == "" {
		e.Hint = p.hint()
	}
	e.Order = order
	if e.Machine == 0 {
		e.Machine = m
	}
	return e
}
