package kernel

// genericGate is the implementation for processors without assembly here.
func genericGate[T Float](dst, x, g []T, alpha T) {
	x, g = x[:len(dst)], g[:len(dst)]
	for i := range dst {
		dst[i] = Element(x[i], g[i], alpha)
	}
}

func genericGateAdd[T Float](dst, x, g []T, alpha T) {
	x, g = x[:len(dst)], g[:len(dst)]
	for i := range dst {
		dst[i] += Element(x[i], g[i], alpha)
	}
}

// Element returns gate(x, g). It looks the result up in a table. With random
// signs, the processor would mispredict a branch half of the time, and the loop
// would take 6 times as long.
func Element[T Float](x, g, alpha T) T {
	results := [2]T{T(alpha * g), g} // the conversion keeps Go from fusing the product with a later sum
	positive := 0
	if x > 0 {
		positive = 1
	}
	return results[positive&1]
}
