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

// Eps sets the step of the central differences: 1e-6 for float64, 5e-3 for
// float32 if it is not set.
func Eps(h float64) Option { return func(c *config) { c.eps = h } }

// Atol sets the absolute tolerance: 1e-5 for float64, 1e-3 for float32 if it is
// not set.
func Atol(tol float64) Option { return func(c *config) { c.atol = tol } }

// Rtol sets the tolerance relative to the central difference: 1e-3 for float64,
// 1e-2 for float32 if it is not set.
func Rtol(tol float64) Option { return func(c *config) { c.rtol = tol } }

// NondetTol sets by how much two runs with the same inputs may differ: not at all
// if it is not set. It is for operators that add in another order each time, as
// on several threads. Central differences divide such noise by twice the step:
// it has to be much smaller than Eps times Atol.
func NondetTol(tol float64) Option { return func(c *config) { c.nondetTol = tol } }

// Machines sets the machines whose gradients are checked: both if it is not
// set.
func Machines(m ...Machine) Option { return func(c *config) { c.machines = m } }

// Inputs sets which inputs are differentiated, by index: all of a float dtype
// if it is not set.
func Inputs(i ...int) Option {
	return func(c *config) { c.wrt = append(make([]int, 0, len(i)), i...) }
}

// Exclude leaves out the entries x of an input for which skip returns true,
// because the expression has a kink there. Upstream gradients are never left
// out. If nothing remains of an input, the check fails with [NothingChecked].
func Exclude(skip func(input int, x float64) bool) Option {
	return func(c *config) { c.exclude = skip }
}

// Seed sets the seed of all random choices: 1 if it is not set.
func Seed(s uint64) Option { return func(c *config) { c.seed = s } }

// Sample checks at most n random entries of each input, for inputs so large
// that two runs per entry take too long.
func Sample(n int) Option { return func(c *config) { c.sample = n } }

// Directions checks derivatives along n random directions through each input,
// instead of its entries one by one, at the cost of 2n runs. It does not tell
// which entry is wrong.
//
// Each entry moves by its own share of Eps, drawn between 0.5 and 1.5 and of
// either sign. What is allowed is Atol plus Rtol times the root mean square of
// the gradient's entries. It does not grow with the number of entries, so that a
// single wrong one shows as it would alone, if it is wrong by more than twice
// that. Where the difference is larger, steps of up to 256·Eps are tried as well,
// and what they differ by is allowed, too, up to a quarter of the root mean
// square: rounding in a long sum, and curvature, are no faults.
//
// What can be missed are errors that cancel along all n directions. Two equal and
// opposite ones, 1000 times as large as what is allowed, cancel along one
// direction with a probability of 1 in 1000, along two with 1 in a million.
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
