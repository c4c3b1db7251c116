package leakyrelu

import "gorgonia.org/gorgonia"

// When an operator may write over its input.
//
// The tape machine lets an operator write over input OverwritesInput() if its
// register allocator finds that input dead. The allocator knows which registers
// are read again. It does not know which registers share memory, and it misses
// the readers of merged nodes (see memory.go). An operator that trusts it
// corrupts inputs, weights, and all that a view still shows.
//
// So InPlace is granted from the structure of the graph, when the graph is
// compiled, and only where everything around the node is known. A wrong refusal
// costs one allocation. A wrong grant costs a model.
//
// To look at the values of the neighbours during the run would be exact, but
// clones of a graph share their operators: a machine on one clone would look at
// values that a machine on another clone is writing.

// OverwritesInput returns the input that the result may be written over. That is
// the last input (x, or dy for the gradient) with [InPlace], where no other node
// can notice. It is -1, for none, everywhere else, and for an operator that
// gorgonia.ApplyOp put into the graph.
func (op *Op) OverwritesInput() int {
	if !op.made() || !op.inPlace {
		return -1
	}
	if n := op.node.Load(); n == nil || !mayOverwrite(n) {
		return -1
	}
	return op.arity - 1
}

// mayOverwrite says whether node n of this package's operator may write over its
// last input. It changes nothing in the graph, not even a cache, because other
// goroutines may be using it.
func mayOverwrite(n *gorgonia.Node) bool {
	owners, ok := owners(n)
	if !ok || inSet(n) {
		return false
	}
	for _, m := range n.Graph().AllNodes() {
		if o, ok := owners[m.Hashcode()]; ok && o != m {
			return false // merged: the allocator misses the readers of one of them
		}
		for _, in := range inputsOf(m) {
			if owners[in.Hashcode()] == in && !owns(m) {
				return false
			}
		}
	}
	return true
}

// owners returns the nodes, by hash, whose results may lie in the memory of n's
// last input: that input, the input it may itself have overwritten, and so on.
// It is false if one of them may share that memory with another node.
func owners(n *gorgonia.Node) (map[uint32]*gorgonia.Node, bool) {
	owners := make(map[uint32]*gorgonia.Node)
	for o, i := n, len(inputsOf(n))-1; i >= 0; i = overwrites(o) {
		in := inputsOf(o)[i]
		if isArg(in) {
			// The allocator never frees it, so that only n could overwrite it.
			return owners, o != n
		}
		if o = in; !owns(o) {
			return nil, false
		}
		owners[o.Hashcode()] = o
	}
	return owners, len(owners) > 0
}
