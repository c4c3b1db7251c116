package kernel

import (
	"os"
	"testing"
)

// forEachImplementation runs test as a subtest for each implementation that
// this processor supports.
func forEachImplementation(t *testing.T, test func(t *testing.T)) {
	best := chosen
	defer func() { chosen = best }()
	for _, chosen = range implementations {
		t.Run(chosen.name, func(t *testing.T) {
			if !chosen.supported {
				t.Skip("not supported by this processor")
			}
			test(t)
		})
	}
}

// LEAKYRELU_WANT names the implementation that must be chosen. Without this
// test, a processor that lacks it would skip its tests silently.
func TestWantedImplementation(t *testing.T) {
	want := os.Getenv("LEAKYRELU_WANT")
	if want == "" {
		t.Skipf("LEAKYRELU_WANT is not set; chosen: %s", chosen.name)
	}
	if chosen.name != want {
		t.Errorf("the implementation %s is chosen, expected %s, from LEAKYRELU_WANT", chosen.name, want)
	}
}
