package gradcheck

import (
	"fmt"
	"math"
	"strings"
)

// Upstream is the index of the upstream gradient in [Entry.Input].
const Upstream = -1

// A Fault is a kind of thing that can be wrong with an expression.
type Fault int

// The faults. The comments say what Entry.Analytic and Entry.Numeric hold where
// the error has entries.
const (
	WrongGradient     Fault = iota + 1 // gradients differ from the central differences
	NonzeroGradient                    // gradients are not 0 though the upstream gradient is; Numeric is 0
	NotAccumulated                     // DoDiff does not add to the gradient that is there; Numeric is twice the gradient
	NotDeterministic                   // two runs differ; Analytic is the later run's value, Numeric the earlier's
	InputChanged                       // running changed an input; Analytic is its value after, Numeric before
	NotDifferentiable                  // an operator on the way has no SymDiff (tape) or DoDiff (Lisp)
	WrongResult                        // a result has another shape or dtype than was inferred
	Panicked                           // an operator or Gorgonia panicked
	Failed                             // an operator, the Func or Gorgonia returned an error
	NothingChecked                     // every entry of an input was excluded
)

var faults = map[Fault]string{
	WrongGradient:     "wrong gradient",
	NonzeroGradient:   "gradient not zero for a zero upstream gradient",
	NotAccumulated:    "DoDiff does not accumulate",
	NotDeterministic:  "two runs differ",
	InputChanged:      "an input was changed",
	NotDifferentiable: "not differentiable",
	WrongResult:       "result other than inferred",
	Panicked:          "panic",
	Failed:            "failed",
	NothingChecked:    "nothing checked",
}

// String returns a phrase for the fault.
func (f Fault) String() string {
	if s, ok := faults[f]; ok {
		return s
	}
	return fmt.Sprintf("Fault(%d)", int(f))
}

// An Error says what is wrong with an expression, on one machine.
type Error struct {
	Fault   Fault
	Order   int     // 1 for Check, 2 for CheckSecond
	Machine Machine // 0 if the fault was there before a machine was
	Op      string  // the operator at fault, "" if that is not known
	Detail  string  // what else there is to say, "" if nothing
	Err     error   // the operator's or Gorgonia's own error, or nil

	Entries  []Entry // the worst, at most five, worst first
	Failed   int     // number of entries that failed
	Checked  int     // number of entries (or directions) that were checked
	Excluded int     // number of entries that Exclude left out
}

// An Entry is one number that is not what it should be.
type Entry struct {
	Input    int   // index into the inputs, or Upstream
	Output   bool  // the entry is one of the output's; Input means nothing
	Index    []int // coordinates of the entry, nil for a direction
	Analytic float64
	Numeric  float64
	Diff     float64 // |Analytic − Numeric|
	Allowed  float64 // the largest Diff that would have passed
}

// Error describes the fault in one line, followed by one line for each entry.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gradcheck: %v", e.Fault)
	if e.Order == 2 {
		b.WriteString(" at second order")
	}
	if e.Machine != 0 {
		fmt.Fprintf(&b, " on the %v", e.Machine)
	}
	if e.Op != "" {
		fmt.Fprintf(&b, ": %s", e.Op)
	}
	if e.Failed > 0 {
		fmt.Fprintf(&b, ": %d of %d entries", e.Failed, e.Checked)
	}
	if e.Excluded > 0 {
		fmt.Fprintf(&b, " (%d more excluded)", e.Excluded)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	for _, entry := range e.Entries {
		fmt.Fprintf(&b, "\n\t%v", entry)
	}
	if more := e.Failed - len(e.Entries); more > 0 {
		fmt.Fprintf(&b, "\n\tand %d more", more)
	}
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// String describes the entry in one line.
func (e Entry) String() string {
	where := fmt.Sprintf("input %d", e.Input)
	switch {
	case e.Output:
		where = "output"
	case e.Input == Upstream:
		where = "upstream gradient"
	}
	at := "along a direction"
	if e.Index != nil {
		at = fmt.Sprintf("at %v", e.Index)
	}
	return fmt.Sprintf("%s %s: analytic %.9g, numeric %.9g, difference %.3g, allowed %.3g",
		where, at, e.Analytic, e.Numeric, e.Diff, e.Allowed)
}

// ratio describes what the analytic values of entries have in common, "" if
// nothing: a constant factor is the commonest of faults.
func ratio(entries []Entry) string {
	var factor float64
	for i, e := range entries {
		r := e.Analytic / e.Numeric
		if i == 0 {
			factor = r
		}
		if !(math.Abs(r-factor) <= 1e-3*math.Max(1, math.Abs(factor))) {
			return ""
		}
	}
	switch {
	case len(entries) < 2 || math.IsInf(factor, 0):
		return ""
	case math.Abs(factor) < 1e-9:
		return "no gradient arrives: analytic is 0 in every one that failed"
	}
	return fmt.Sprintf("analytic is %.4g times numeric in every one that failed", factor)
}
