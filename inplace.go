package leakyrelu

import (
	"reflect"
	"slices"
	"unsafe"

	"gorgonia.org/gorgonia"
)

// When an output may take an input's memory.
//
// The tape machine lets an operator write over input OverwritesInput() if its
// register allocator finds the input dead. The allocator knows which registers
// will be read again. It doesn't know which registers share memory: Reshape,
// Slice and Iop return (views of) their inputs, other packages' operators may,
// and taking the allocator's word for it corrupts inputs, weights and whatever
// a view still shows. Nor does it see the readers of a node that common
// subexpression elimination merged into another.
//
// So InPlace is granted from the structure of the graph, when it is compiled,
// and only where everything around the node is understood. A refusal costs one
// allocation, a wrong grant a model.
//
// Looking at the values of the neighbouring nodes while running would be
// exact, but clones of a graph share their operators: a machine on one clone
// would look at values that a machine on another is writing.

// OverwritesInput is the input that the result may be written over: -1 for
// none, and with InPlace the last, x or dy, where that can't be noticed. It
// answers for the node that Apply, ApplyGrad or differentiation made the
// operator for; an operator that was applied by hand overwrites nothing.
func (op *Op) OverwritesInput() int {
	if !op.inPlace {
		return -1
	}
	if n := op.node.Load(); n == nil || !mayOverwrite(n) {
		return -1
	}
	return op.Arity() - 1
}

// mayOverwrite says whether node n of this package's operator may write over
// its last input: whether the memory of that is seen by nothing but the readers
// of the nodes that have it in turn, while they run.
//
// It goes over the graph once and changes nothing there, not even a cache, as
// other goroutines may be using it.
func mayOverwrite(n *gorgonia.Node) bool {
	if childrenOffset == 0 || len(inputsOf(n)) == 0 {
		return false
	}
	owners, ok := owners(n)
	if !ok {
		return false
	}
	for _, m := range n.Graph().AllNodes() {
		// The compiler takes nodes of one hash for one, and then overlooks the
		// readers of all but one.
		if o, ok := owners[m.Hashcode()]; ok && o != m {
			return false
		}
		for _, in := range inputsOf(m) {
			switch {
			case owners[in.Hashcode()] == in && !understood(m.Op()):
				return false
			case in == n && gorgoniaType(m.Op()) == "letOp":
				// At the target of a Set the allocator overwrites live registers too.
				return false
			}
		}
	}
	return true
}

// owners are the nodes, by hash, whose results may lie in the memory of the last
// input of n: that input, what it may have been written over itself, and so on.
// It reports whether it understands them all.
func owners(n *gorgonia.Node) (map[uint32]*gorgonia.Node, bool) {
	owners := make(map[uint32]*gorgonia.Node)
	inputs := inputsOf(n)
	for o := inputs[len(inputs)-1]; ; {
		if !understood(o.Op()) {
			return nil, false
		}
		owners[o.Hashcode()] = o
		from := takenOver(o.Op())
		if from < 0 {
			return owners, true
		}
		if o = inputsOf(o)[from]; o.Op() == nil {
			return owners, true // an input, which lives on
		}
	}
}

// unviewed says whether no reader of n may show the memory of n under another
// name.
func unviewed(n *gorgonia.Node) bool {
	if childrenOffset == 0 {
		return false
	}
	for _, m := range n.Graph().AllNodes() {
		if slices.Contains(inputsOf(m), n) && !understood(m.Op()) {
			return false
		}
	}
	return true
}

// inputsOf are the inputs of n, if childrenOffset is not 0.
func inputsOf(n *gorgonia.Node) gorgonia.Nodes {
	return *(*gorgonia.Nodes)(unsafe.Add(unsafe.Pointer(n), childrenOffset))
}

// childrenOffset is where a Node keeps its inputs. The methods of ExprGraph
// that tell them write into caches of the graph. It is 0 for a Gorgonia that
// keeps them otherwise, which disables InPlace.
var childrenOffset = func() uintptr {
	f, ok := reflect.TypeFor[gorgonia.Node]().FieldByName("children")
	if !ok || f.Type != reflect.TypeFor[gorgonia.Nodes]() {
		return 0
	}
	return f.Offset
}()

// understood says whether the result of op shares no memory with an input, but
// for one it overwrites with the allocator's leave. (Repeating once, repeatOp.Do
// returns its input; the tape machine gives repeatOp new memory to fill instead.)
func understood(op gorgonia.Op) bool {
	switch gorgoniaType(op) {
	case "elemBinOp", "elemUnaryOp", "linAlgBinOp", "sumOp", "sizeOp", "repeatOp", "transposeOp", "im2colOp", "col2imOp",
		"readOp": // the tape machine clones what it reads
		return true
	}
	_, ours := op.(*Op)
	return ours
}

// takenOver is the input whose memory the result of op, which is understood,
// may be in without our knowing that it is private: -1 for none.
func takenOver(op gorgonia.Op) int {
	if _, ours := op.(*Op); ours || op.CallsExtern() {
		return -1
	}
	// The tape machine runs Do, into new memory, where it finds no UsePreallocDo.
	if _, ok := op.(gorgonia.UsePreallocDoer); !ok {
		return -1
	}
	return op.OverwritesInput()
}

// gorgoniaType is the name of op's type if that is one of Gorgonia's own.
func gorgoniaType(op gorgonia.Op) string {
	t := reflect.TypeOf(op)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.PkgPath() != reflect.TypeFor[gorgonia.Node]().PkgPath() {
		return ""
	}
	return t.Name()
}
