//go:build !openblas

package nn

import "gorgonia.org/gorgonia"

// timesTransposed is a·bᵀ, with the transpose written out: gonum adds up a product
// by a transpose in another order, and runs on points would no longer be, to the
// last bit, those that the README's tables are of.
func timesTransposed(a, b *gorgonia.Node) *gorgonia.Node {
	return Must(gorgonia.Mul(a, Must(gorgonia.Transpose(b))))
}
