package measure

import "slices"

// Median sorts s and returns its middle element.
func Median(s []float64) float64 {
	slices.Sort(s)
	return s[len(s)/2]
}
