package gradcheck

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
)

// explain looks for the operator that causes e and adds its name to e. The
// fault e was found in p on machine m.
func (c *config) explain(e *Error, m Machine, p *problem) {
	switch e.Fault {
	case WrongGradient, NonzeroGradient, NotAccumulated, NotDeterministic:
		if e.Op == "" && !e.explained {
			c.findOperator(e, m, p)
		}
	}
	for _, n := range p.out[0].Graph().AllNodes() {
		if op := n.Op(); op != nil && op.String() == e.Op && isGorgonias(op) && e.Fault != InputChanged {
			e.note = e.Op + " is Gorgonia's own operator, not yours: see the list in the README of gradcheck"
			if m == Lisp {
				e.note += ". Machines(Tape) leaves the Lisp machine out"
			}
			e.addHint(e.note)
			return
		}
	}
}

func (c *config) findOperator(e *Error, m Machine, p *problem) {
	var ops []*gorgonia.Node
	active := p.active(p.differentiated())
	for _, n := range p.out[0].Graph().AllNodes() {
		if active[n] && n.Op() != nil {
			ops = append(ops, n)
		}
	}
	if len(ops) == 1 {
		e.blame(ops[0], m, e)
		return
	}
	for _, n := range ops {
		var alone *Error
		err := safely(func() (err error) { alone, err = c.checkAlone(n, m, p); return err })
		if err == nil && alone != nil && alone.Fault == e.Fault && !alone.explained {
			e.blame(n, m, alone)
			return
		}
	}
	overwriters := p.overwriters()
	switch {
	case e.Fault == WrongGradient && len(ops) > 1 && e.Hint == "":
		if one, other := sameHash(ops); one != "" {
			e.Hint = fmt.Sprintf("%s and %s have the same hash, so that Gorgonia merges them: WriteHash has to tell apart what computes different things", one, other)
			return
		}
		e.Hint = "each operator is right when it is checked alone: does one overwrite or return memory that another still needs, or hold on to what it was given? Or do two write the same hash, so that Gorgonia merged them?"
		if len(overwriters) > 0 {
			e.addHint("According to OverwritesInput these may overwrite an input: " + strings.Join(overwriters, ", "))
		}
	case e.Fault == NotDeterministic && m == Tape && len(overwriters) == 1:
		e.Op = overwriters[0]
	}
}

// blame makes the operator of n the one at fault, and alone, which is e or what
// was found when it was checked alone, the reason.
func (e *Error) blame(n *gorgonia.Node, m Machine, alone *Error) {
	e.Op = n.Op().String()
	var returned []string
	if m == Tape {
		for _, op := range returnedOps(n) {
			if name := op.String(); name != e.Op && !slices.Contains(returned, name) {
				returned = append(returned, name)
			}
		}
	}
	backward := "Do of " + strings.Join(returned, " and ")
	if e.Fault == NotDeterministic && len(returned) > 0 && !e.Entries[0].Output {
		e.addHint(fmt.Sprintf("See %s, which SymDiff of %s returns", backward, e.Op))
	}
	if e.Fault != WrongGradient || e.Hint != "" {
		return
	}
	where := "DoDiff of " + e.Op
	if m == Tape {
		where = "SymDiff of " + e.Op
		if len(returned) > 0 {
			where += " and " + backward + ", which it returns"
		}
	}
	e.facts, e.flat = alone.facts, alone.flat
	if alone != e {
		e.facts = strings.Trim(alone.Detail+", "+alone.facts, ", ")
		where += ", which is wrong when it is checked alone, too"
	}
	e.where = where
	if e.flat {
		e.see(fmt.Sprintf("Do of %s: does it ignore an input or some entries, round, or return an earlier result? If 0 is right, see %s", e.Op, where))
		return
	}
	e.see(fmt.Sprintf("%s, or Do of %s if it is not the function you mean", where, e.Op))
}

// see makes the place where to look, and the facts, the hint.
func (e *Error) see(where string) {
	e.Hint = strings.TrimSuffix("see "+where+": "+e.facts, ": ")
	e.addHint(e.note)
}

// addHint adds a sentence to the hint.
func (e *Error) addHint(sentence string) {
	switch {
	case sentence == "":
	case e.Hint == "":
		e.Hint = sentence
	case strings.HasSuffix(e.Hint, "?"):
		e.Hint += " " + sentence
	default:
		e.Hint += ". " + sentence
	}
}

// acquitDo changes the hint of one machine where the other found no fault.
func (e *Error) acquitDo() {
	if e.where != "" {
		e.see(e.where)
	}
}

// suspectDo changes the hints of the two machines if these agree with each
// other: what they have in common is what Do computes.
func suspectDo(tape, lisp *Error) {
	if tape.Fault != WrongGradient || lisp.Fault != WrongGradient || tape.where == "" || tape.Op != lisp.Op || tape.flat {
		return
	}
	same := func(a, b Entry) bool {
		return a.Input == b.Input && slices.Equal(a.Index, b.Index) && math.Abs(a.Analytic-b.Analytic) <= a.Allowed
	}
	if tape.Failed != lisp.Failed || !slices.EqualFunc(tape.Entries, lisp.Entries, same) {
		return
	}
	for _, e := range []*Error{tape, lisp} {
		e.see(fmt.Sprintf("Do of %s first: SymDiff and DoDiff agree with each other, and not with the differences, which are those of Do", e.Op))
	}
}

// returnedOps returns the operators in the gradients that SymDiff of n's
// operator returns, except for Gorgonia's own.
func returnedOps(n *gorgonia.Node) []gorgonia.Op {
	fresh := gorgonia.NewGraph()
	kids, copies := children(n), make(map[*gorgonia.Node]*gorgonia.Node)
	stand := func(k *gorgonia.Node) *gorgonia.Node {
		if copies[k] == nil {
			op := &operand{dtype: k.Dtype(), shape: k.Shape()}
			copies[k] = op.newNode(fresh, inputName(len(copies)))
		}
		return copies[k]
	}
	for i, k := range kids {
		kids[i] = stand(k)
	}
	out, up := copyOf(n, n.Op(), kids), stand(n)
	var ops []gorgonia.Op
	safely(func() error { // what is wrong with SymDiff is said elsewhere
		op, ok := n.Op().(gorgonia.SDOp)
		if !ok {
			return nil
		}
		_, err := op.SymDiff(kids, out, up)
		return err
	})
	for _, m := range fresh.AllNodes() {
		if m != out && m.Op() != nil && !isGorgonias(m.Op()) {
			ops = append(ops, m.Op())
		}
	}
	return ops
}

// sameHash names two operators of different names and the same hash, among those
// of the nodes and those that their SymDiffs return; "" if there are none.
func sameHash(nodes []*gorgonia.Node) (one, other string) {
	names := make(map[uint32]string)
	for _, n := range nodes {
		for _, op := range append(returnedOps(n), n.Op()) {
			h := fnv.New32a() // as in Gorgonia
			op.WriteHash(h)
			name, seen := names[h.Sum32()]
			if seen && name != op.String() {
				return name, op.String()
			}
			names[h.Sum32()] = op.String()
		}
	}
	return "", ""
}

// overwriters names the operators, other than Gorgonia's, that may overwrite an
// input.
func (p *problem) overwriters() []string {
	var names []string
	for _, n := range p.out[0].Graph().AllNodes() {
		if op := n.Op(); !p.neverOverwrite && op != nil && op.OverwritesInput() >= 0 && !isGorgonias(op) {
			names = append(names, op.String())
		}
	}
	return names
}

// checkAlone checks the operator of n alone on machine m. Its inputs have the
// values that they have in p.
func (c *config) checkAlone(n *gorgonia.Node, m Machine, p *problem) (*Error, error) {
	kids := children(n)
	reaching := expression{in: p.in}
	for _, k := range kids {
		reaching.output(k)
	}
	r, err := newTape(reaching, nil, true).run(p.point)
	if err != nil {
		return nil, err
	}
	q, fresh := &problem{neverOverwrite: true}, gorgonia.NewGraph()
	for i, k := range reaching.out {
		op := &operand{input: i, dtype: k.Dtype(), shape: k.Shape(), data: r.out[i], alone: true}
		q.point = append(q.point, op)
		q.in = append(q.in, op.newNode(fresh, inputName(i)))
	}
	active, passes := p.active(p.differentiated()), differentiable(n, len(kids))
	for j, k := range kids {
		i := slices.Index(reaching.out, k)
		kids[j] = q.in[i]
		if active[k] && passes[j] && !slices.Contains(q.wrt, i) {
			q.wrt = append(q.wrt, i)
		}
	}
	q.out = []*gorgonia.Node{copyOf(n, n.Op(), kids)}
	alone := *c
	alone.exclude, alone.directions, alone.sample = nil, 0, 20
	w, err := alone.plan(q, newRandom(c.seed))
	if err == nil {
		err = alone.measure(q, w)
	}
	if err == nil {
		err = alone.compare(m, q, w)
	}
	e, _ := err.(*Error)
	return e, nil
}
