package gradcheck

import "gorgonia.org/tensor"

// withoutPool switches off package tensor's pool of freed tensors while it runs
// f.
//
// On the Lisp machine some of Gorgonia's operators, such as scalar − tensor,
// free gradients that are still in use. With the pool, the next tensor that the
// program makes would share that memory, and the check would write into a
// tensor of the caller.
func withoutPool(f func() error) error {
	if poolInUse() {
		tensor.DontUsePool()
		defer tensor.UsePool()
	}
	return f()
}

// poolInUse reports whether the pool is on. Package tensor has no function for
// this. But if the pool is on, ReturnTensor clears the tensor.
func poolInUse() bool {
	d := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{0}))
	tensor.ReturnTensor(d)
	return len(d.Shape()) == 0
}
