package gradcheck

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// An expression is a part of a graph, from its inputs to its outputs.
type expression struct {
	in  []*gorgonia.Node // an element is nil if out does not depend on that input
	out []*gorgonia.Node // all different
}

// output returns the index of n among the outputs. It adds n if n is not an
// output yet. It returns -1 if n is nil.
func (e *expression) output(n *gorgonia.Node) int {
	if n == nil {
		return -1
	}
	i := slices.Index(e.out, n)
	if i < 0 {
		i = len(e.out)
		e.out = append(e.out, n)
	}
	return i
}

// copy copies the part of the graph that out depends on into a fresh graph, and
// returns the expression there. It replaces each op by the result of wrap, and
// keeps inputs and constants. The copies have no derivatives, so Grad works on
// them. They are made in the order of the originals, because the machines run
// the nodes in this order.
func (e expression) copy(wrap func(*gorgonia.Node) gorgonia.Op) expression {
	old, fresh := e.out[0].Graph(), gorgonia.NewGraph()
	copies := make(map[*gorgonia.Node]*gorgonia.Node)
	var add func(n *gorgonia.Node) *gorgonia.Node
	add = func(n *gorgonia.Node) *gorgonia.Node {
		if c := copies[n]; c != nil {
			return c
		}
		kids := children(n)
		if len(kids) == 0 {
			copies[n] = n.CloneTo(fresh)
			return copies[n]
		}
		for i, k := range kids {
			kids[i] = add(k)
		}
		copies[n] = copyOf(n, wrap(n), kids)
		return copies[n]
	}
	needed := dependencies(e.out)
	for _, n := range old.AllNodes() {
		if needed[n] {
			add(n)
		}
	}
	move := func(nodes []*gorgonia.Node) []*gorgonia.Node {
		moved := make([]*gorgonia.Node, len(nodes))
		for i, n := range nodes {
			moved[i] = copies[n]
		}
		return moved
	}
	return expression{in: move(e.in), out: move(e.out)}
}

// copyOf returns a node like n that applies op to kids, which are in another
// graph.
func copyOf(n *gorgonia.Node, op gorgonia.Op, kids gorgonia.Nodes) *gorgonia.Node {
	return gorgonia.NewUniqueNode(gorgonia.WithType(n.Type()), gorgonia.WithOp(op),
		gorgonia.WithChildren(kids), gorgonia.In(kids[0].Graph()), gorgonia.WithShape(n.Shape()...))
}

// sameOp is a wrap that keeps the op.
func sameOp(n *gorgonia.Node) gorgonia.Op { return n.Op() }

// children returns the operands of n in order.
func children(n *gorgonia.Node) gorgonia.Nodes {
	g := n.Graph()
	if g.Node(n.ID()) != n {
		// After a node was removed, Gorgonia's graph has wrong indices.
		panic(fmt.Sprintf("the graph has lost node %v", n))
	}
	var kids gorgonia.Nodes
	for it := g.From(n.ID()); it.Next(); {
		kids = append(kids, it.Node().(*gorgonia.Node))
	}
	return kids
}

// consumers returns the nodes that n is an operand of.
func consumers(n *gorgonia.Node) gorgonia.Nodes {
	var nodes gorgonia.Nodes
	for it := n.Graph().To(n.ID()); it.Next(); {
		nodes = append(nodes, it.Node().(*gorgonia.Node))
	}
	return nodes
}

// dependencies returns the nodes and all nodes from which they are computed.
func dependencies(nodes []*gorgonia.Node) map[*gorgonia.Node]bool {
	seen := make(map[*gorgonia.Node]bool)
	var visit func(n *gorgonia.Node)
	visit = func(n *gorgonia.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, c := range children(n) {
			visit(c)
		}
	}
	for _, n := range nodes {
		visit(n)
	}
	return seen
}

// hasDerivatives reports whether Grad was called on the graph of e before.
func (e expression) hasDerivatives() bool {
	for n := range dependencies(e.out) {
		if n.Deriv() != nil {
			return true
		}
	}
	return false
}
