package gradcheck

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// A Machine is one of Gorgonia's two ways to run and differentiate a graph.
type Machine int

// The machines, in the order in which they are checked.
const (
	Tape Machine = iota + 1 // symbolic differentiation: operators' SymDiff
	Lisp                    // automatic differentiation: operators' DoDiff
)

// String returns the machine's name in a sentence.
func (m Machine) String() string {
	switch m {
	case Tape:
		return "tape machine"
	case Lisp:
		return "Lisp machine"
	}
	return fmt.Sprintf("Machine(%d)", int(m))
}

// An Option changes how [Check] and [CheckSecond] work.
type Option func(*config)

type config struct {
	eps, atol, rtol float64 // NaN: the dtype's default
	nondetTol       float64
	machines        []Machine
	wrt             []int // nil: every float input
	exclude         func(input int, x float64) bool
	seed            uint64
	sample          int // 0: every entry
	directions      int // 0: entries, not directions
}

// Eps sets the step of the central differences. The default is 1e-6 for float64
// and 5e-3 for float32.
func Eps(h float64) Option { return func(c *config) { c.eps = h } }

// Atol sets the absolute tolerance. The default is 1e-5 for float64 and 1e-3
// for float32.
func Atol(tol float64) Option { return func(c *config) { c.atol = tol } }

// Rtol sets the tolerance relative to the central difference. The default is
// 1e-3 for float64 and 1e-2 for float32.
func Rtol(tol float64) Option { return func(c *config) { c.rtol = tol } }

// NondetTol sets how much two runs with the same inputs may differ. The default
// is 0. Set it for operators that add in a different order in each run, as with
// several threads. Central differences divide this noise by twice the step, so
// tol has to be much smaller than Eps times Atol.
func NondetTol(tol float64) Option { return func(c *config) { c.nondetTol = tol } }

// Machines sets the machines whose gradients are checked. The default is both.
func Machines(m ...Machine) Option { return func(c *config) { c.machines = m } }

// Inputs sets which inputs are differentiated, by index. The default is all
// inputs of float64 and float32.
func Inputs(i ...int) Option {
	return func(c *config) { c.wrt = append(make([]int, 0, len(i)), i...) }
}

// Exclude leaves out the entries x of an input for which skip returns true. Use
// it where the expression has a kink. It does not leave out entries of the
// upstream gradient. If no entry of an input remains, the check fails with
// [NothingChecked].
func Exclude(skip func(input int, x float64) bool) Option {
	return func(c *config) { c.exclude = skip }
}

// Seed sets the seed of all random choices. The default is 1.
func Seed(s uint64) Option { return func(c *config) { c.seed = s } }

// Sample checks at most n random entries of each input. Use it for large
// inputs: a check takes two runs for each entry.
func Sample(n int) Option { return func(c *config) { c.sample = n } }

// Directions checks the derivatives along n random directions through each
// input, instead of each entry. This takes 2n runs for each input. The error
// does not say which entry is wrong.
//
// Along a direction, each entry moves by Eps times a factor, which is drawn
// between 0.5 and 1.5 with a random sign. The tolerance is Atol plus Rtol times
// the root mean square of the gradient's entries. It does not grow with the
// number of entries. So one wrong entry is found if its error is larger than
// twice the tolerance. If the difference is larger than the tolerance, steps of
// up to 256·Eps are tried too. The difference between their results is added to
// the tolerance, up to a quarter of the root mean square. So rounding in a long
// sum, and curvature, are not reported as faults.
//
// Errors that cancel along all n directions are missed. Two equal and opposite
// errors that are 1000 times as large as the tolerance cancel along one
// direction with a probability of 1 in 1000, and along two directions with 1 in
// a million.
func Directions(n int) Option { return func(c *config) { c.directions = n } }

func newConfig(opts []Option) (*config, error) {
	c := &config{
		eps: math.NaN(), atol: math.NaN(), rtol: math.NaN(),
		machines: []Machine{Tape, Lisp},
		seed:     1,
	}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("gradcheck: option %d is nil", i)
		}
		opt(c)
	}
	switch {
	case c.eps <= 0 || math.IsInf(c.eps, 0):
		return nil, fmt.Errorf("gradcheck: Eps(%v): expected a positive step", c.eps)
	case c.atol < 0 || math.IsInf(c.atol, 0):
		return nil, fmt.Errorf("gradcheck: Atol(%v): expected a tolerance of 0 or more", c.atol)
	case c.rtol < 0 || math.IsInf(c.rtol, 0):
		return nil, fmt.Errorf("gradcheck: Rtol(%v): expected a tolerance of 0 or more", c.rtol)
	case !(c.nondetTol >= 0) || math.IsInf(c.nondetTol, 0):
		return nil, fmt.Errorf("gradcheck: NondetTol(%v): expected a tolerance of 0 or more", c.nondetTol)
	case c.wrt != nil && len(c.wrt) == 0:
		return nil, fmt.Errorf("gradcheck: Inputs(): expected the index of an input")
	case c.sample < 0:
		return nil, fmt.Errorf("gradcheck: Sample(%d): expected a number of entries", c.sample)
	case c.directions < 0:
		return nil, fmt.Errorf("gradcheck: Directions(%d): expected a number of directions", c.directions)
	case c.sample > 0 && c.directions > 0:
		return nil, fmt.Errorf("gradcheck: Sample(%d) and Directions(%d): expected one of them", c.sample, c.directions)
	case len(c.machines) == 0:
		return nil, fmt.Errorf("gradcheck: Machines(): expected Tape, Lisp or both")
	}
	for _, m := range c.machines {
		if m != Tape && m != Lisp {
			return nil, fmt.Errorf("gradcheck: Machines(%v): expected Tape, Lisp or both", m)
		}
	}
	return c, nil
}

// setDefaults fills in the step and the tolerances that were not set.
func (c *config) setDefaults(dt tensor.Dtype) {
	eps, atol, rtol := 1e-6, 1e-5, 1e-3 // as in PyTorch
	if dt == tensor.Float32 {
		// The cube root of the unit roundoff balances rounding and truncation.
		eps, atol, rtol = 5e-3, 1e-3, 1e-2
	}
	for _, p := range []struct {
		set *float64
		to  float64
	}{{&c.eps, eps}, {&c.atol, atol}, {&c.rtol, rtol}} {
		if math.IsNaN(*p.set) {
			*p.set = p.to
		}
	}
}
