package gradcheck

import "gorgonia.org/tensor"

// withoutPool runs f with tensor's pool of freed tensors off.
//
// On the Lisp machine some of Gorgonia's operators free gradients that are
// still in use (scalar − tensor does). The next tensor made anywhere in the
// program is then the same one, and what the check writes there appears in a
// caller's tensor.
func withoutPool(f func() error) error {
	if poolInUse() {
		tensor.DontUsePool()
		defer tensor.UsePool()
	}
	return f()
}

// poolInUse finds out what tensor does not tell: freeing clears a tensor only
// if the pool is in use.
func poolInUse() bool {
	d := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{0}))
	tensor.ReturnTensor(d)
	return len(d.Shape()) == 0
}
