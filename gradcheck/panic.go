package gradcheck

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// A panicError is a recovered panic.
type panicError struct {
	value any
	site  string // the line and the function that panicked
	op    string // the operator in whose method it was, "" if in none
}

func (e *panicError) Error() string { return fmt.Sprintf("%v (%s)", e.value, e.site) }

// safely turns a panic in f into an error.
func safely(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			site, op := panicSite()
			err = &panicError{value, site, op}
		}
	}()
	return f()
}

// libraries are the beginnings of functions in which a panic is rarely at home.
var libraries = []string{"runtime.", "reflect.", "gonum.org/", "gorgonia.org/gorgonia", "gorgonia.org/tensor", "gorgonia.org/vecf",
	"github.com/chewxy/", "gorgonia.org/leakyrelu/gradcheck."}

// panicSite names the innermost function and line outside the libraries, as seen
// from a deferred call, or the innermost of all if everything is in libraries; and
// the operator in whose method it is.
func panicSite() (site, op string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	innermost := ""
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "gradcheck.safely") {
			break
		}
		line := fmt.Sprintf("%s:%d, in %s", filepath.Base(frame.File), frame.Line, frame.Function)
		isIn := func(library string) bool { return strings.HasPrefix(frame.Function, library) }
		if innermost == "" && !isIn("runtime.") {
			innermost = line
		}
		if site == "" && !slices.ContainsFunc(libraries, isIn) {
			site = line
		}
		for _, method := range []string{".SymDiff", ".DiffWRT", ".InferShape", ".Do", ".UsePreallocDo", ".UnsafeDo", ".DoDiff", ".OverwritesInput"} {
			if name, ok := strings.CutSuffix(frame.Function, method); ok && op == "" {
				op = name
			}
		}
		if !more {
			break
		}
	}
	return cmp.Or(site, innermost), op
}

var dimensions = regexp.MustCompile(`^Node (.+)\(%.*has (\d+) dimensions\(Shape: .*\. Input shape is (\(.*\)), which has`)

// hint says what to do about the panics of Gorgonia's that need explaining.
func (e *panicError) hint() string {
	m := dimensions.FindStringSubmatch(fmt.Sprint(e.value))
	if m == nil {
		return ""
	}
	dims := m[2] + " dimensions"
	if m[2] == "1" {
		dims = "1 dimension"
	}
	return fmt.Sprintf("Type of %s says %s, InferShape gives %s: one is wrong. If Type is right, does it return a new type on every call? Gorgonia changes types in place", m[1], dims, m[3])
}
