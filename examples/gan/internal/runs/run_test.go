package runs

import (
	"math"
	"strings"
	"testing"
)

// TestDivergence sets a weight that makes every sample NaN.
func TestDivergence(t *testing.T) {
	r := started(t, Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 5, Seed: 13})
	r.trainUntil(t, 2)
	average := arrays(t, r)[0]
	average.Float32s()[0] = float32(math.NaN())
	if _, err := r.Draw(); err == nil || !strings.Contains(err.Error(), "diverged before step 3") {
		t.Errorf("got error %v, want one that says training diverged", err)
	}
}
