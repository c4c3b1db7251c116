package kernel

import (
	"os"
	"testing"
)

// An implementation is one way to compute all forms on this architecture.
// implementations, in a file for each architecture, lists them from the best
// down to the Go loop.
type implementation struct {
	name      string
	supported bool   // by this processor, after GODEBUG
	use       func() // makes run choose it
}

// selected is the implementation that run chooses by itself: the best one.
func selected() implementation {
	for _, impl := range implementations {
		if impl.supported {
			return impl
		}
	}
	panic("the Go loop runs everywhere")
}

// forEachImplementation runs test as a subtest for each implementation that
// this processor can run.
func forEachImplementation(t *testing.T, test func(t *testing.T)) {
	t.Cleanup(selected().use)
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			if !impl.supported {
				t.Skip("not supported by this processor")
			}
			impl.use()
			test(t)
		})
	}
}

// LEAKYRELU_WANT names the implementation that a run of the tests promises to
// be about: without this test, a machine that lacks it would skip in silence.
func TestPromisedImplementation(t *testing.T) {
	want := os.Getenv("LEAKYRELU_WANT")
	if want == "" {
		t.Skipf("LEAKYRELU_WANT is not set; selected: %s", selected().name)
	}
	if got := selected().name; got != want {
		t.Errorf("selected %s, LEAKYRELU_WANT=%s", got, want)
	}
}
