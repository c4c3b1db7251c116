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

// LEAKYRELU_WANT names the implementation that a run of the tests promises to
// be about: without this test, a machine that lacks it would skip in silence.
func TestPromisedImplementation(t *testing.T) {
	want := os.Getenv("LEAKYRELU_WANT")
	if want == "" {
		t.Skipf("LEAKYRELU_WANT is not set; chosen: %s", chosen.name)
	}
	if chosen.name != want {
		t.Errorf("chosen: %s, LEAKYRELU_WANT=%s", chosen.name, want)
	}
}
