package gradcheck

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A lisp runs an expression on Lisp machines, which differentiate it.
type lisp struct {
	expression // out: the expression's outputs
	journal    *journal
	wrt        []*gorgonia.Node
	cost       *cost
}

// newLispBackward prepares p for the Lisp machine.
func newLispBackward(p *problem) (backward, error) {
	for n := range p.active(p.differentiated()) {
		if _, ok := n.Op().(gorgonia.ADOp); !ok && n.Op() != nil {
			return nil, &Error{Fault: NotDifferentiable, Op: n.Op().String(), Detail: "it has no DoDiff, so that its inputs silently get no gradient"}
		}
	}
	l := &lisp{journal: new(journal), cost: new(cost)}
	l.expression = p.copy(guarded(l.journal, p.pristine))
	for _, i := range p.wrt {
		l.wrt = append(l.wrt, l.in[i])
	}
	l.cost.dtype = l.out[0].Dtype()
	for _, n := range l.out {
		l.cost.types = append(l.cost.types, n.Type())
	}
	if _, err := gorgonia.ApplyOp(l.cost, l.out...); err != nil {
		return nil, err
	}
	return func(upstream [][]float64, keep bool) (*run, error) {
		return l.run(p.point, upstream, keep)
	}, nil
}

// run runs forward and backward. The Lisp machine adds the gradients of inputs
// to those that earlier runs left there; keep lets it.
func (l *lisp) run(in []*operand, upstream [][]float64, keep bool) (*run, error) {
	if err := bindAll(l.in, in); err != nil {
		return nil, err
	}
	for _, n := range l.in {
		if n == nil || keep {
			continue
		}
		if g, err := n.Grad(); err == nil && g != nil { // nil before the first run
			gorgonia.ZeroValue(g)
		}
	}
	l.cost.upstream = upstream
	// Reset makes a Lisp machine skip all nodes but the last, so that each run
	// needs a new machine. The values of the last run stay in the graph.
	vm := gorgonia.NewLispMachine(l.out[0].Graph())
	defer vm.Close()
	if err := finish(vm.RunAll(), l.journal, l.in, in); err != nil {
		return nil, err
	}
	r := new(run)
	for _, n := range l.out {
		out, err := floats(n.Value())
		if err != nil {
			return nil, err
		}
		r.out = append(r.out, out)
	}
	for _, n := range l.wrt {
		if n == nil {
			r.grad = append(r.grad, nil)
			continue
		}
		g, err := n.Grad()
		if err != nil {
			return nil, err
		}
		grad, err := floats(g)
		if err != nil {
			return nil, err
		}
		if want := n.Shape(); !sameShape(g.Shape(), want) {
			return nil, &Error{Fault: WrongResult, Detail: fmt.Sprintf("the gradient has shape %v: expected %v, that of its input", g.Shape(), want)}
		}
		r.grad = append(r.grad, grad)
	}
	return r, nil
}

// cost is the operator Σ upstream·inputs. The Lisp machine differentiates
// scalars only, and Gorgonia's own operators would bring their own faults.
type cost struct {
	dtype    tensor.Dtype
	types    []hm.Type // of the inputs
	upstream [][]float64
}

func (c *cost) Arity() int { return len(c.types) }

func (c *cost) Type() hm.Type {
	return hm.NewFnType(append(append([]hm.Type(nil), c.types...), c.dtype)...)
}

func (c *cost) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}
func (c *cost) ReturnsPtr() bool      { return false }
func (c *cost) CallsExtern() bool     { return false }
func (c *cost) OverwritesInput() int  { return -1 }
func (c *cost) String() string        { return "gradcheck cost" }
func (c *cost) WriteHash(h hash.Hash) { h.Write([]byte(c.String())) }

func (c *cost) Hashcode() uint32 {
	h := fnv.New32a()
	c.WriteHash(h)
	return h.Sum32()
}

func (c *cost) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	sum := 0.0
	for i, v := range inputs {
		data, err := floats(v)
		if err != nil {
			return nil, err
		}
		for j, x := range data {
			sum += c.upstream[i][j] * x
		}
	}
	return newValue(c.dtype, tensor.ScalarShape(), []float64{sum}), nil
}

// DoDiff adds the upstream gradients to the inputs' gradients. The cost's own
// gradient is 1.
func (c *cost) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, _ *gorgonia.Node) error {
	for i, n := range inputs {
		g, err := n.Grad()
		if err != nil {
			return err
		}
		if err := addTo(g, c.upstream[i]); err != nil {
			return err
		}
	}
	return nil
}

// addTo adds data to the numbers of v, in place.
func addTo(v gorgonia.Value, data []float64) error {
	switch v := v.(type) {
	case *gorgonia.F64:
		*v += gorgonia.F64(data[0])
		return nil
	case *gorgonia.F32:
		*v += gorgonia.F32(data[0])
		return nil
	case *tensor.Dense:
		return addToDense(v, data)
	}
	return fmt.Errorf("gradcheck: a gradient of type %T: expected a dense tensor or a scalar", v)
}

func addToDense(d *tensor.Dense, data []float64) error {
	if all, ok := d.Data().([]float64); ok && contiguous(d) {
		for i, x := range data {
			all[i] += x
		}
		return nil
	}
	for i, x := range data {
		at := unravel(i, d.Shape())
		old, err := d.At(at...)
		if err != nil {
			return err
		}
		var sum any
		switch old := old.(type) {
		case float64:
			sum = old + x
		case float32:
			sum = old + float32(x)
		}
		if err := d.SetAt(sum, at...); err != nil {
			return err
		}
	}
	return nil
}
