package gradcheck_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// misplaced is x² with a wrong DoDiff: it computes the right gradient, and then
// wrong changes it.
func misplaced(wrong func(dx, dy []float64)) *adOperator {
	op := square()
	right := op.doDiff
	op.doDiff = func(in nodes, out node) error {
		before := append([]float64(nil), gradient(in[0])...)
		err := right(in, out)
		dx := gradient(in[0])
		for i := range dx {
			dx[i] -= before[i]
		}
		wrong(dx, gradient(out))
		for i := range dx {
			dx[i] += before[i]
		}
		return err
	}
	return op
}

// Two equal and opposite errors do not cancel along a random direction.
func TestDirectionsFindSwappedEntries(t *testing.T) {
	swapped := of(misplaced(func(dx, _ []float64) { dx[3], dx[4] = dx[4], dx[3] }))
	x := []*tensor.Dense{dense(0.4, 4, 5)}
	for _, n := range []int{1, 2, 3} {
		missed := 0
		for seed := uint64(1); seed <= 50; seed++ {
			if gradcheck.Check(swapped, x, gradcheck.Directions(n), gradcheck.Seed(seed), gradcheck.Machines(gradcheck.Lisp)) == nil {
				missed++
			}
		}
		if missed > 0 {
			t.Errorf("%d directions: missed with %d of 50 seeds", n, missed)
		}
	}
}

// One wrong entry among 200,000 is found, also if a long sum makes rounding so
// large that larger steps are needed. A right gradient passes.
func TestDirectionsFindOneEntry(t *testing.T) {
	x := []*tensor.Dense{dense(0.4, 400, 500)}
	halved := of(misplaced(func(dx, _ []float64) { dx[123456] /= 2 }))
	summed := func(f gradcheck.Func) gradcheck.Func {
		return func(in ...node) (node, error) { return gorgonia.Sum(must(f(in...))) }
	}
	options := []gradcheck.Option{gradcheck.Directions(1), gradcheck.Machines(gradcheck.Lisp)}
	for name, f := range map[string]func(gradcheck.Func) gradcheck.Func{
		"alone": func(f gradcheck.Func) gradcheck.Func { return f }, "summed": summed,
	} {
		if err := gradcheck.Check(f(of(square())), x, options...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if gradcheck.Check(f(halved), x, options...) == nil {
			t.Errorf("%s: one entry of 200,000 is half of the right value, expected an error", name)
		}
	}
	if err := gradcheck.Check(summed(unary(gorgonia.Square)), x, gradcheck.Directions(2), gradcheck.Machines(gradcheck.Tape)); err != nil {
		t.Error(err)
	}
}
