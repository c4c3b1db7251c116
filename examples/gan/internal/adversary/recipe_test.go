package adversary

import (
	"math"
	"testing"
)

func TestSchedule(t *testing.T) {
	r := Recipe{Rate: 0.3, FirstWeight: 16, LastWeight: 1}
	soon, late := r, r
	soon.Fall = Cosine
	late.Fall, late.Hold = Geometric, 0.5
	for _, want := range []struct {
		Recipe
		done, rate, weight float64
	}{
		{soon, 0, 0.3, 16},
		{soon, 0.25, 0.3, 8},
		{soon, 0.5, 0.3, 4},
		{soon, 0.75, 0.1515, 2},
		{soon, 1, 0.003, 1},
		{late, 0.25, 0.3, 16},
		{late, 0.5, 0.3, 16},
		{late, 0.75, 0.03, 4},
		{late, 1, 0.003, 1},
	} {
		rate, weight := want.at(want.done)
		if math.Abs(rate/want.rate-1) > 1e-12 {
			t.Errorf("hold %v, share of the steps %v: rate %v, want %v", want.Hold, want.done, rate, want.rate)
		}
		if math.Abs(weight/want.weight-1) > 1e-12 {
			t.Errorf("hold %v, share of the steps %v: weight of the penalty %v, want %v", want.Hold, want.done, weight, want.weight)
		}
	}
	if _, weight := (Recipe{Rate: 1, Fall: Cosine}).at(0); weight != 0 {
		t.Errorf("without a first weight: weight of the penalty %v, want none", weight)
	}
}
