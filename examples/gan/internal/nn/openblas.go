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
// gonum. The results are equal except for rounding, and OpenBLAS is several
// times as fast. It uses one thread: these matrices are too small to share, and
// other threads run other seeds.
func init() {
	C.openblas_set_num_threads(1)
	gorgonia.Use(netlib.Implementation{})
}
