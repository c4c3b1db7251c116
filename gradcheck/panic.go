package gradcheck

import (
	"fmt"
	"runtime"
	"strings"
)

// A panicError is a panic that was recovered.
type panicError struct {
	value any
	site  string // the function that panicked
	op    string // the operator in whose method it was, "" if in none
}

func (e *panicError) Error() string { return fmt.Sprintf("%v (in %s)", e.value, e.site) }

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

// panicSite names the function that panicked, as seen from a deferred call. An
// operator's method is named in preference to what it calls: the fault is there
// even if the panic is in a library.
func panicSite() (site, op string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "gradcheck.safely") {
			return site, ""
		}
		for _, method := range []string{".SymDiff", ".DiffWRT", ".InferShape", ".Do", ".UsePreallocDo", ".UnsafeDo", ".DoDiff", ".OverwritesInput"} {
			if op, ok := strings.CutSuffix(frame.Function, method); ok {
				return frame.Function, op
			}
		}
		if site == "" && !strings.HasPrefix(frame.Function, "runtime.") {
			site = frame.Function
		}
		if !more {
			return site, ""
		}
	}
}
