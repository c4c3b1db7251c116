package gradcheck

import (
	"fmt"
	"strings"
)

// Upstream is the index of the upstream gradient in [Entry.Input].
const Upstream = -1

// A Fault is what can be wrong with an expression.
type Fault int

// These are the faults. If the error has entries, Analytic is the value that
// was checked. The comments say what Numeric is. For WrongGradient it is the
// central difference.
const (
	WrongGradient     Fault = iota + 1 // gradients differ from the central differences
	NonzeroGradient                    // gradients are not 0 although the upstream gradient is 0; Numeric is 0
	NotAccumulated                     // DoDiff does not add to the existing gradient; Numeric is twice that gradient
	NotDeterministic                   // two runs differ; Analytic is the later run's value, Numeric the earlier's
	InputChanged                       // running changed an input; Analytic is its value after, Numeric before
	NotDifferentiable                  // an operator between input and output has no SymDiff (tape) or DoDiff (Lisp)
	WrongResult                        // a result does not have the inferred shape or dtype
	Panicked                           // an operator or Gorgonia panicked
	Failed                             // an operator, the Func or Gorgonia returned an error
	NothingChecked                     // every entry of an input was excluded, or the Func does not use it

	MismatchedGradient // a gradient does not have the shape or dtype of its input
	MissingGradient    // SymDiff returned no gradient for an input
	SecondGrad         // a second Grad on the Func's graph gives other gradients; Numeric is the gradient on a fresh graph
	NotFinite          // an output is NaN or infinite, at the inputs or one step away from them
)

var faults = map[Fault]string{
	WrongGradient:     "wrong gradient",
	NonzeroGradient:   "gradient not zero for a zero upstream gradient",
	NotAccumulated:    "DoDiff does not accumulate",
	NotDeterministic:  "two runs differ",
	InputChanged:      "an input was changed",
	NotDifferentiable: "not differentiable",
	WrongResult:       "result not as inferred",
	Panicked:          "panic",
	Failed:            "failed",
	NothingChecked:    "nothing checked",

	MismatchedGradient: "gradient with wrong shape or dtype",
	MissingGradient:    "missing gradient",
	SecondGrad:         "wrong gradient from a second Grad on one graph",
	NotFinite:          "output not finite",
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
	Machine Machine // 0 if no machine was involved yet
	Op      string  // the operator at fault, "" if that is not known
	Detail  string  // more about the fault, "" if nothing
	Err     error   // the operator's or Gorgonia's own error, or nil
	Hint    string  // the likely cause, or what to do; "" if unknown

	Entries  []Entry // the worst, at most five, worst first
	Failed   int     // number of entries that failed
	Checked  int     // number of entries (or directions) that were checked
	Excluded int     // number of entries that Exclude left out

	explained bool   // Hint says all, no operator is to blame
	facts     string // what Hint says about the entries
	where     string // where Hint says to look, apart from Do
	note      string // what Hint says of the operator
	flat      bool   // the outputs do not change where the gradient is wrong
}

// An Entry is one wrong number.
type Entry struct {
	Input    int   // index into the inputs, or Upstream
	Output   bool  // the entry belongs to the output; Input has no meaning
	Index    []int // coordinates of the entry, nil for a direction
	Analytic float64
	Numeric  float64
	Diff     float64 // |Analytic − Numeric|
	Allowed  float64 // the largest Diff that passes
}

// Error describes the fault in one line, followed by one line for each entry and
// one for the hint.
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
		b.WriteString("\n\t" + entry.format(e.Fault))
	}
	if more := e.Failed - len(e.Entries); more > 0 && len(e.Entries) > 0 {
		fmt.Fprintf(&b, "\n\tand %d more", more)
	}
	if e.Hint != "" {
		b.WriteString("\n\thint: " + e.Hint)
	}
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// String describes the entry in one line, in the words for a [WrongGradient].
func (e Entry) String() string { return e.format(WrongGradient) }

// of returns the name of the tensor that has the entry.
func (e Entry) of() string {
	switch {
	case e.Output:
		return "output"
	case e.Input == Upstream:
		return "upstream gradient"
	}
	return inputPhrase(e.Input)
}

func inputPhrase(i int) string {
	if i == Upstream {
		return "the upstream gradient"
	}
	return fmt.Sprintf("input %d", i)
}

func (e Entry) format(f Fault) string {
	at := "along a direction"
	if e.Index != nil {
		at = fmt.Sprintf("at %v", e.Index)
	}
	analytic, numeric := "analytic", "numeric"
	switch f {
	case NonzeroGradient:
		analytic, numeric = "gradient", "expected"
	case NotAccumulated:
		analytic, numeric = "gradient after two runs", "expected twice that of one"
	case NotDeterministic:
		analytic, numeric = "later", "earlier"
	case InputChanged:
		analytic, numeric = "after", "before"
	case SecondGrad:
		analytic, numeric = "by Grad on this graph", "on a fresh graph"
	}
	return fmt.Sprintf("%s %s: %s %.9g, %s %.9g, difference %.3g, allowed %.3g",
		e.of(), at, analytic, e.Analytic, numeric, e.Numeric, e.Diff, e.Allowed)
}
