//go:build !openblas

package nn

import "gorgonia.org/gorgonia"

// timesTransposed is a·bᵀ with an explicit transpose. gonum's product with a
// transpose sums in another order, so the runs on points would differ in the
// last bits from the runs in the README's tables.
func timesTransposed(a, b *gorgonia.Node) *gorgonia.Node {
	return Must(gorgonia.Mul(a, Must(gorgonia.Transpose(b))))
}
