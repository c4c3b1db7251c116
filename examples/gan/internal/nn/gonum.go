//go:build !openblas

package nn

import "gorgonia.org/gorgonia"

// timesTransposed is a·bᵀ, with the transpose written out. To gonum that makes
// little difference but in the last bits, which are those of the recorded runs.
func timesTransposed(a, b *gorgonia.Node) *gorgonia.Node {
	return Must(gorgonia.Mul(a, Must(gorgonia.Transpose(b))))
}
