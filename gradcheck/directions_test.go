package gradcheck_test

import (
	"testing"

	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// misplaced is x², whose DoDiff adds error to the gradient, once it is right.
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

// Errors that are equal and opposite don't cancel along a random direction.
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

// One wrong entry shows among a million.
func TestDirectionsFindOneEntry(t *testing.T) {
	x := []*tensor.Dense{dense(0.4, 1000, 1000)}
	right := of(square())
	halved := of(misplaced(func(dx, _ []float64) { dx[123456] /= 2 }))
	options := []gradcheck.Option{gradcheck.Directions(1), gradcheck.Machines(gradcheck.Lisp)}
	if err := gradcheck.Check(right, x, options...); err != nil {
		t.Error(err)
	}
	if gradcheck.Check(halved, x, options...) == nil {
		t.Error("one entry of a million is half of what it should be: not found")
	}
}
