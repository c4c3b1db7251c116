package leakyrelu

import (
	"reflect"
	"unsafe"

	"gorgonia.org/gorgonia"
)

// What Gorgonia's operators and its register allocator do with memory.
//
// Most operators own their result: it lies in new memory, or in the memory of
// an input that the allocator found dead. Some operators return their input, or
// a view of it. The allocator does not know this. In three cases it lets an
// operator overwrite memory that is still needed (source: regalloc.go and
// analysis.go of v0.9.18):
//
//   - Views. An operator overwrites a dead view although the tensor behind it
//     is alive, or a dead tensor although a view of it is alive.
//   - Set. If the result of an operator goes into one Set, the operator
//     overwrites the input that OverwritesInput names, even if that input is
//     alive.
//   - Merging. If several nodes have equal hashes, only one of them runs. The
//     allocator does not count the readers of the others.

// ownsResult lists the operators of Gorgonia whose result shares no memory with
// an input, unless the allocator let them overwrite that input. The source of
// each was read. TestOwnsResult runs each.
//
// Not in the list:
//
//   - Iop and reshapeOp return their input or a view of it. sliceOp copies in
//     v0.9.18, but a slice usually is a view.
//   - dropoutOp returns its input in evaluation and for p = 0.
//   - concatOp returns its input if it has only one. With more, it owns its result.
//   - letOp, because of the second case above.
//   - clampOp does nothing. groupNormDiffOp, sliceIncrOp, yoloOp, ctcLossOp,
//     sparsemaxOp, byIndicesOp, tensordotOp, diagFlatOp, atOp, dtConvOp and
//     randomOp are rare next to an activation. They were not examined.
var ownsResult = map[string]bool{
	"elemUnaryOp": true, "elemBinOp": true, "minBetween": true, "maxBetween": true,
	"linAlgBinOp": true, "transposeOp": true, "sumOp": true, "maxOp": true, "sizeOp": true,
	// Do returns its input if it repeats once. But the tape machine calls
	// UsePreallocDo with new memory.
	"repeatOp": true,
	"im2colOp": true, "col2imOp": true,
	"maxPoolOp": true, "maxPoolDiffOp": true, "avgPoolOp": true, "avgPoolDiffOp": true, "globalAveragePoolOp": true,
	"upsampleOp": true, "upsampleDiffOp": true,
	"BatchNormOp": true, "batchnormDiffOp": true, "GroupNormOp": true,
	"softmaxOp": true, "softmaxDiffOp": true,
	"dropoutDiffOp": true,
	"readOp":        true, // the tape machine clones what it reads
}

// owner is an operator of another package that says whether it owns its result
// (see InPlace).
type owner interface{ OwnsResult() bool }

// owns reports whether n owns its result: it shares memory with an input only
// if the allocator let n overwrite that input.
func owns(n *gorgonia.Node) bool {
	if _, ours := n.Op().(*Op); ours {
		return true
	}
	if op, ok := n.Op().(owner); ok {
		return op.OwnsResult()
	}
	name := gorgoniaType(n.Op())
	return ownsResult[name] || name == "concatOp" && len(inputsOf(n)) > 1
}

// overwritesLive returns the index of the input that n overwrites because of a
// Set, even if the input is still needed. It is -1 for none.
func overwritesLive(n *gorgonia.Node) int {
	if _, ours := n.Op().(*Op); ours || n.Op().OverwritesInput() < 0 || !inSet(n) {
		return -1 // this package's operator refuses to work in place in a Set
	}
	return n.Op().OverwritesInput()
}

// overwrites returns the index of the input that n overwrites if the allocator
// finds it dead. It is -1 for none, and for this package's operators.
func overwrites(n *gorgonia.Node) int {
	op := n.Op()
	if _, ours := op.(*Op); ours || op.CallsExtern() {
		return -1
	}
	// Without UsePreallocDo, the tape machine calls Do, which uses new memory.
	if _, ok := op.(gorgonia.UsePreallocDoer); !ok {
		return -1
	}
	return op.OverwritesInput()
}

// overwriter returns a node that overwrites the memory of v while v is still
// needed, or nil if there is none.
func overwriter(v *gorgonia.Node) *gorgonia.Node {
	shared := gorgonia.Nodes{v} // the nodes that may share the memory of v
	for i := 0; i < len(shared); i++ {
		w := shared[i]
		if !owns(w) {
			for _, in := range inputsOf(w) {
				shared = add(shared, in)
			}
		}
		dead := w != v && !isArg(w) // the allocator may find w dead
		for _, m := range v.Graph().AllNodes() {
			if m != w && m.Hashcode() == w.Hashcode() {
				return m
			}
			for j, in := range inputsOf(m) {
				if in != w || isStatement(m) {
					continue
				}
				if overwritesLive(m) == j || dead && overwrites(m) == j {
					return m
				}
				if !owns(m) {
					shared = add(shared, m)
				}
			}
		}
	}
	return nil
}

// add returns set with n added if it was not in the set.
func add(set gorgonia.Nodes, n *gorgonia.Node) gorgonia.Nodes {
	if set.Contains(n) {
		return set
	}
	return append(set, n)
}

// inSet reports whether n is the target or the value of a Set.
func inSet(n *gorgonia.Node) bool {
	for _, m := range n.Graph().AllNodes() {
		if inputsOf(m).Contains(n) && gorgoniaType(m.Op()) == "letOp" {
			return true
		}
	}
	return false
}

// isArg reports whether n is an input or a constant. The allocator keeps these
// alive.
func isArg(n *gorgonia.Node) bool {
	switch gorgoniaType(n.Op()) {
	case "constantScalar", "constantTensor":
		return true
	}
	return n.Op() == nil
}

// isStatement reports whether n is a Read or a Set. They have no result.
func isStatement(n *gorgonia.Node) bool {
	name := gorgoniaType(n.Op())
	return name == "readOp" || name == "letOp"
}

// gorgoniaType returns the name of op's type if it is one of Gorgonia's own.
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

// inputsOf returns the inputs of n. The methods of ExprGraph that do this write
// into a cache of the graph. At the same time, a machine on a clone of the
// graph may read that cache, because clones share the operators.
func inputsOf(n *gorgonia.Node) gorgonia.Nodes {
	if childrenOffset == 0 {
		return nil
	}
	return *(*gorgonia.Nodes)(unsafe.Add(unsafe.Pointer(n), childrenOffset))
}

// childrenOffset is the offset of the field children in a Node. It is 0 if a
// version of Gorgonia has no such field. Then no operator works in place.
var childrenOffset = func() uintptr {
	f, ok := reflect.TypeFor[gorgonia.Node]().FieldByName("children")
	if !ok || f.Type != reflect.TypeFor[gorgonia.Nodes]() {
		return 0
	}
	return f.Offset
}()
