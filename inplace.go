package leakyrelu

import (
	"reflect"
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
	n := op.node.Load()
	if n == nil {
		return -1
	}
	s := structureOf(n.Graph())
	if s == nil || !s.mayOverwrite(n) {
		return -1
	}
	return op.Arity() - 1
}

// structure is what a graph looks like around each node.
type structure struct {
	inputs  map[*gorgonia.Node]gorgonia.Nodes
	readers map[*gorgonia.Node]gorgonia.Nodes
	hashes  map[uint32]int // how many nodes have this hash
}

// structureOf reads a graph without changing it, not even a cache, as other
// goroutines may be using it. It returns nil if it can't.
func structureOf(g *gorgonia.ExprGraph) *structure {
	if childrenOffset == 0 {
		return nil
	}
	s := &structure{make(map[*gorgonia.Node]gorgonia.Nodes), make(map[*gorgonia.Node]gorgonia.Nodes), make(map[uint32]int)}
	for _, n := range g.AllNodes() {
		s.inputs[n] = *(*gorgonia.Nodes)(unsafe.Add(unsafe.Pointer(n), childrenOffset))
		for _, in := range s.inputs[n] {
			s.readers[in] = append(s.readers[in], n)
		}
		s.hashes[n.Hashcode()]++
	}
	return s
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

// mayOverwrite says whether node n of this package's operator may write over
// its last input.
func (s *structure) mayOverwrite(n *gorgonia.Node) bool {
	for _, r := range s.readers[n] {
		// At the target of a Set the allocator overwrites live registers too.
		if gorgoniaType(r.Op()) == "letOp" {
			return false
		}
	}
	inputs := s.inputs[n]
	return s.unique(n) && len(inputs) > 0 && s.private(inputs[len(inputs)-1])
}

// unique says whether the compiler will merge n with no other node. It takes
// nodes of one hash for one, and then overlooks the readers of all but one.
func (s *structure) unique(n *gorgonia.Node) bool { return s.hashes[n.Hashcode()] == 1 }

// private says whether the memory of n is seen by nothing but the readers of n
// while they run.
func (s *structure) private(n *gorgonia.Node) bool {
	if !s.unique(n) || !understood(n.Op()) || !s.unviewed(n) {
		return false
	}
	from := takenOver(n.Op())
	if from < 0 {
		return true
	}
	in := s.inputs[n][from]
	return in.Op() == nil || s.private(in) // no operator: an input, which lives on
}

// unviewed says whether no reader of n may show the memory of n under another
// name.
func (s *structure) unviewed(n *gorgonia.Node) bool {
	for _, r := range s.readers[n] {
		if !understood(r.Op()) {
			return false
		}
	}
	return true
}

// understood says whether the result of op shares no memory with an input, but
// for one it overwrites with the allocator's leave.
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
