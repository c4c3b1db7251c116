package gradcheck

import (
	"cmp"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// A tally collects the entries that are not what they should be.
type tally struct {
	failed  []Entry
	checked int
}

// add checks an entry of which everything but Index and Diff is known. It is at
// the row-major index i of a tensor of that shape; nil is a direction's.
func (t *tally) add(e Entry, shape tensor.Shape, i int) {
	t.checked++
	e.Diff = math.Abs(e.Analytic - e.Numeric)
	if e.Diff <= e.Allowed {
		return
	}
	// NaN comes here too.
	if shape != nil {
		e.Index = unravel(i, shape)
	}
	t.failed = append(t.failed, e)
}

// addUnlessSame is add for values of which NaN is as good as any.
func (t *tally) addUnlessSame(e Entry, shape tensor.Shape, i int) {
	if math.Float64bits(e.Analytic) == math.Float64bits(e.Numeric) {
		t.checked++
		return
	}
	t.add(e, shape, i)
}

// fault returns an error about the entries that failed, nil if none did.
func (t *tally) fault(f Fault, detail string) *Error {
	if len(t.failed) == 0 {
		return nil
	}
	// A NaN is worse than any number.
	badness := func(e Entry) float64 {
		if math.IsNaN(e.Diff) {
			return math.Inf(1)
		}
		return e.Diff
	}
	worst := slices.Clone(t.failed)
	slices.SortStableFunc(worst, func(a, b Entry) int { return cmp.Compare(badness(b), badness(a)) })
	return &Error{
		Fault: f, Detail: detail,
		Entries: worst[:min(len(worst), 5)],
		Failed:  len(worst), Checked: t.checked,
	}
}
