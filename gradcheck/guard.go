package gradcheck

import (
	"fmt"
	"slices"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A guard wraps an operator in the graphs that run. It calls the operator and
// detects two faults that the machines do not detect: a panic, which on a
// machine's goroutine would end the program, and a result that does not have
// the inferred shape or dtype.
//
// After a fault, a guard returns zeros and no error. With an error in the
// forward pass, the Lisp machine would start the backward pass anyway. Its
// goroutine would race with the one that returns the error.
//
// A guard has all optional methods that the machines look for. If the operator
// lacks one, the guard does what the machine would do. It has no UnsafeDo,
// because the tape machine prefers UsePreallocDo.
type guard struct {
	gorgonia.Op
	journal        *journal
	dtype          tensor.Dtype
	shape          tensor.Shape
	neverOverwrite bool
}

var (
	_ gorgonia.ADOp            = (*guard)(nil)
	_ gorgonia.UsePreallocDoer = (*guard)(nil)
	_ gorgonia.TrainModeOp     = (*guard)(nil)
)

// A journal keeps the first fault of a graph's operators.
type journal struct {
	mu    sync.Mutex
	fault *Error
	// changed, if it is not nil, reports whether an input was changed. It is
	// called after each call of an operator. changer is the first operator
	// after which it is true.
	changed func() bool
	changer *guard
	method  string // of changer

	watchInfinite bool     // whether infinite is wanted
	infinite      string   // the operator with the first result that is not finite
	sharers       []string // operators before changer whose result shares memory with what they were given
}

func (l *journal) add(e *Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil {
		l.fault = e
	}
}

// noteChange is called after each call of a method of g's operator.
func (l *journal) noteChange(g *guard, method string, result gorgonia.Value, inputs []gorgonia.Value) {
	if l.changed == nil || l.changer != nil {
		return
	}
	if l.changed() {
		l.changer, l.method = g, method
	} else if result != nil && slices.ContainsFunc(inputs, func(v gorgonia.Value) bool { return inside(result, v) }) {
		l.sharers = append(l.sharers, g.Op.String())
	}
}

// noteInfinite is called with each result of g's operator.
func (l *journal) noteInfinite(g *guard, result gorgonia.Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchInfinite && l.infinite == "" && !allFinite(result) {
		l.infinite = g.Op.String()
	}
}

// inside tells whether v begins in the memory of w.
func inside(v, w gorgonia.Value) bool {
	return w.Uintptr() <= v.Uintptr() && v.Uintptr() < w.Uintptr()+w.MemSize()
}

func (l *journal) first() *Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

// guarded returns a wrap that puts a guard around each op. With neverOverwrite,
// no op may overwrite its input.
func guarded(l *journal, neverOverwrite bool) func(n *gorgonia.Node) gorgonia.Op {
	return func(n *gorgonia.Node) gorgonia.Op {
		return &guard{Op: n.Op(), journal: l, dtype: n.Dtype(), shape: n.Shape(), neverOverwrite: neverOverwrite}
	}
}

func (g *guard) OverwritesInput() int {
	if g.neverOverwrite {
		return -1
	}
	return g.Op.OverwritesInput()
}

func (g *guard) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	return g.call("Do", inputs, func() (gorgonia.Value, error) { return g.Op.Do(inputs...) })
}

func (g *guard) UsePreallocDo(prealloc gorgonia.Value, inputs ...gorgonia.Value) (gorgonia.Value, error) {
	op, ok := g.Op.(gorgonia.UsePreallocDoer)
	if !ok {
		return g.Do(inputs...)
	}
	return g.call("UsePreallocDo", inputs, func() (gorgonia.Value, error) {
		v, err := op.UsePreallocDo(prealloc, inputs...)
		if err != nil && !g.Op.CallsExtern() {
			return g.Op.Do(inputs...) // as the machines do
		}
		return v, err
	})
}

func (g *guard) DoDiff(ctx gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	op, ok := g.Op.(gorgonia.ADOp)
	if !ok {
		return nil
	}
	fitted := make([]bool, len(inputs))
	for i, n := range inputs {
		fitted[i] = gradientFault(n) == ""
	}
	if err := safely(func() error { return op.DoDiff(ctx, inputs, output) }); err != nil {
		g.failed("DoDiff", err)
	}
	g.journal.noteChange(g, "DoDiff", nil, nil)
	for i, n := range inputs {
		fault := gradientFault(n)
		if d, _ := n.Grad(); fault == "" || !fitted[i] || isGorgonias(g.Op) && n.Op() != nil && sameButForOnes(d.Shape(), n.Shape()) {
			continue
		}
		g.fail(MismatchedGradient, fmt.Sprintf("DoDiff left input %d of the operator with a gradient of %s", i, fault), nil)
	}
	return nil
}

// gradientFault returns what is wrong with the dtype or shape of n's gradient
// on the Lisp machine. It returns "" if nothing is wrong.
func gradientFault(n *gorgonia.Node) string {
	d, err := n.Grad()
	if err != nil || d == nil || d.Dtype() == n.Dtype() && sameShape(d.Shape(), n.Shape()) {
		return ""
	}
	return fmt.Sprintf("%v of shape %v: expected %v of shape %v, that of the input", d.Dtype(), d.Shape(), n.Dtype(), n.Shape())
}

func (g *guard) SetTraining(training bool) error {
	if op, ok := g.Op.(gorgonia.TrainModeOp); ok {
		return op.SetTraining(training)
	}
	return nil
}

// call runs do, which calls the named method of the operator, and checks the
// result.
func (g *guard) call(method string, inputs []gorgonia.Value, do func() (gorgonia.Value, error)) (v gorgonia.Value, _ error) {
	if g.journal.first() != nil {
		return g.zeros(), nil
	}
	err := safely(func() (err error) {
		v, err = do()
		return err
	})
	g.journal.noteChange(g, method, v, inputs)
	switch {
	case err != nil:
		g.failed(method, err)
	case v == nil:
		g.fail(WrongResult, method+" returned neither a value nor an error", nil)
	case !sameShape(v.Shape(), g.shape) || v.Dtype() != g.dtype:
		g.fail(WrongResult, fmt.Sprintf("%s returned %v of shape %v: expected %v of shape %v, as inferred",
			method, v.Dtype(), v.Shape(), g.dtype, g.shape), nil)
	default:
		g.journal.noteInfinite(g, v)
		return v, nil
	}
	return g.zeros(), nil
}

// failed records an error or a panic of the operator.
func (g *guard) failed(method string, err error) {
	f := Failed
	if _, ok := err.(*panicError); ok {
		f = Panicked
	}
	g.fail(f, method, err)
}

func (g *guard) fail(f Fault, detail string, err error) {
	g.journal.add(&Error{Fault: f, Op: g.Op.String(), Detail: detail, Err: err})
}

func (g *guard) zeros() gorgonia.Value {
	if isFloat(g.dtype) {
		return newValue(g.dtype, g.shape, make([]float64, g.shape.TotalSize()))
	}
	return tensor.New(tensor.Of(g.dtype), tensor.WithShape(g.shape...))
}

// sameShape reports whether shapes are equal. For tensor.Shape.Eq alone, (3),
// (3, 1) and (1, 3) are equal.
func sameShape(a, b tensor.Shape) bool { return len(a) == len(b) && a.Eq(b) }
