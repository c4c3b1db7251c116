//go:build openblas

package nn

// #cgo LDFLAGS: -lopenblas
// void openblas_set_num_threads(int n);
import "C"

import (
	"gonum.org/v1/netlib/blas/netlib"
	"gorgonia.org/gorgonia"
)

// With the build tag openblas, OpenBLAS multiplies the matrices instead of
// gonum: the same up to rounding, and several times as fast. It works on one
// thread, as these matrices are too small to share, and other threads have other
// seeds to run.
func init() {
	C.openblas_set_num_threads(1)
	gorgonia.Use(netlib.Implementation{})
}
