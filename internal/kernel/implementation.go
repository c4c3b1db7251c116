package kernel

// An implementation is one way to compute gate. Each architecture has a file
// that lists its implementations. The fastest is first.
type implementation struct {
	name      string
	supported bool // by this processor
	float32s  forms[float32]
	float64s  forms[float64]
}

// forms has one function for each way to store gate(x, g).
type forms[T Float] struct {
	gate       form[T] // dst = gate(x, g)
	gateStream form[T] // the same with streaming stores; dst begins at a cache line
	gateAdd    form[T] // dst += gate(x, g)
}

// A form computes dst. The slices have the same length.
type form[T Float] func(dst, x, g []T, alpha T)

var goLoop = implementation{"generic", true,
	forms[float32]{genericGate[float32], genericGate[float32], genericGateAdd[float32]},
	forms[float64]{genericGate[float64], genericGate[float64], genericGateAdd[float64]},
}

// chosen is the best implementation that this processor supports.
var chosen = func() implementation {
	for _, impl := range implementations {
		if impl.supported {
			return impl
		}
	}
	return goLoop
}()

// chosenFor returns the forms of the chosen implementation for T.
func chosenFor[T Float]() *forms[T] {
	if f, ok := any(&chosen.float32s).(*forms[T]); ok {
		return f
	}
	return any(&chosen.float64s).(*forms[T])
}
