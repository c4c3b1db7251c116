package leakyrelu

import "gorgonia.org/gorgonia"

// When an operator may write over its input.
//
// OverwritesInput names an input. If no later instruction reads that input, the
// register allocator of the tape machine calls it dead, and lets the operator
// write over it. But the allocator does not know which registers share memory,
// and it does not count the readers of merged nodes (see memory.go). An
// operator that trusts it corrupts inputs, weights, and the memory that views
// show.
//
// So this file looks at the structure of the graph when the tape machine
// compiles it. It allows the overwriting only if it knows all operators around
// the node. If it refuses without need, that costs one allocation. If it allows
// wrongly, that costs a model.
//
// The operator could also compare the memory of the values during the run. That
// would be exact, but clones of a graph share their operators. A machine on one
// clone would read values while a machine on another clone writes them.

// OverwritesInput returns the index of the input that the result may overwrite.
// With [InPlace] this is the last input (x, or dy for the gradient operator),
// if no other node can notice. Otherwise it is -1, for none. It is also -1 for
// an operator that gorgonia.ApplyOp put into the graph.
func (op *Op) OverwritesInput() int {
	if !op.made() || !op.inPlace {
		return -1
	}
	if n := op.node.Load(); n == nil || !mayOverwrite(n) {
		return -1
	}
	return op.arity - 1
}

// mayOverwrite reports whether n, a node of this package's operator, may write
// over its last input. It does not change the graph, not even its caches,
// because other goroutines may be using the graph.
func mayOverwrite(n *gorgonia.Node) bool {
	owners, ok := owners(n)
	if !ok || inSet(n) {
		return false
	}
	for _, m := range n.Graph().AllNodes() {
		if o, ok := owners[m.Hashcode()]; ok && o != m {
			return false // merged: the allocator counts the readers of only one of the two
		}
		for _, in := range inputsOf(m) {
			if owners[in.Hashcode()] == in && !owns(m) {
				return false
			}
		}
	}
	return true
}

// owners returns, by hash, the nodes whose results may lie in the memory of n's
// last input: that input, the input that it may have overwritten, and so on.
// The bool is false if one of them may share that memory with another node.
func owners(n *gorgonia.Node) (map[uint32]*gorgonia.Node, bool) {
	owners := make(map[uint32]*gorgonia.Node)
	for o, i := n, len(inputsOf(n))-1; i >= 0; i = overwrites(o) {
		in := inputsOf(o)[i]
		if isArg(in) {
			// The allocator keeps an input or a constant alive. So only n
			// itself could overwrite it.
			return owners, o != n
		}
		if o = in; !owns(o) {
			return nil, false
		}
		owners[o.Hashcode()] = o
	}
	return owners, len(owners) > 0
}
