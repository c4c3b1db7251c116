package leakyrelu

import (
	"reflect"
	"unsafe"

	"gorgonia.org/gorgonia"
)

// What Gorgonia's operators and its register allocator do with memory.
//
// Most operators own their result: it lies in new memory, or in the memory of an
// input that the allocator found dead. Some return their input, or a view of it.
// The allocator does not know that. There are three ways in which it lets an
// operator overwrite what is still needed, as read in regalloc.go and
// analysis.go of v0.9.18:
//
//   - Views. A view that is dead is overwritten although its base is alive, and
//     the other way round.
//   - Set. If the result of an operator is in one Set, the operator overwrites
//     its input OverwritesInput() even while that input is alive.
//   - Merging. Of nodes with equal hashes only one runs, and the readers of the
//     others do not count as its readers.

// ownsResult lists the operators of Gorgonia whose result shares no memory with
// an input, unless they overwrite it with the allocator's leave. Each was read,
// and is run by TestGorgoniasMemory.
//
// Not in the list:
//
//   - Iop and reshapeOp return their input or a view of it. sliceOp copies in
//     v0.9.18, but a slice usually is a view.
//   - dropoutOp returns its input in evaluation and for p = 0.
//   - concatOp returns its input if it has only one. With more, it owns its result.
//   - letOp, because of the second way above.
//   - clampOp does nothing. groupNormDiffOp, sliceIncrOp, yoloOp, ctcLossOp,
//     sparsemaxOp, byIndicesOp, tensordotOp, diagFlatOp, atOp, dtConvOp and
//     randomOp are rare next to an activation. They were not examined.
var ownsResult = map[string]bool{
	"elemUnaryOp": true, "elemBinOp": true, "minBetween": true, "maxBetween": true,
	"linAlgBinOp": true, "transposeOp": true, "sumOp": true, "maxOp": true, "sizeOp": true,
	// Do returns its input when it repeats once. But the tape machine gives it
	// new memory to fill.
	"repeatOp": true,
	"im2colOp": true, "col2imOp": true,
	"maxPoolOp": true, "maxPoolDiffOp": true, "avgPoolOp": true, "avgPoolDiffOp": true, "globalAveragePoolOp": true,
	"upsampleOp": true, "upsampleDiffOp": true,
	"BatchNormOp": true, "batchnormDiffOp": true, "GroupNormOp": true,
	"softmaxOp": true, "softmaxDiffOp": true,
	"dropoutDiffOp": true,
	"readOp":        true, // the tape machine clones what it reads
}

// owns says whether the result of n shares memory with an input only if n
// overwrites that with the allocator's leave.
func owns(n *gorgonia.Node) bool {
	if _, ours := n.Op().(*Op); ours {
		return true
	}
	name := gorgoniaType(n.Op())
	return ownsResult[name] || name == "concatOp" && len(inputsOf(n)) > 1
}

// overwritesLive returns the input that n writes over even if it is still
// needed, because of a Set: -1 for none.
func overwritesLive(n *gorgonia.Node) int {
	if _, ours := n.Op().(*Op); ours || n.Op().OverwritesInput() < 0 || !inSet(n) {
		return -1 // ours is never in place in a Set
	}
	return n.Op().OverwritesInput()
}

// overwrites returns the input that n, which is not this package's, writes over
// if the allocator finds it dead: -1 for none.
func overwrites(n *gorgonia.Node) int {
	op := n.Op()
	if _, ours := op.(*Op); ours || op.CallsExtern() {
		return -1
	}
	// Without UsePreallocDo, the tape machine runs Do, into new memory.
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
		dead := w != v && !isArg(w) // for the allocator, perhaps
		for _, m := range v.Graph().AllNodes() {
			if m != w && m.Hashcode() == w.Hashcode() {
				return m
			}
			if isStatement(m) {
				continue
			}
			for j, in := range inputsOf(m) {
				if in != w {
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

// add returns set with n in it.
func add(set gorgonia.Nodes, n *gorgonia.Node) gorgonia.Nodes {
	if set.Contains(n) {
		return set
	}
	return append(set, n)
}

// inSet says whether n is in a Set, as its target or its value.
func inSet(n *gorgonia.Node) bool {
	for _, m := range n.Graph().AllNodes() {
		if inputsOf(m).Contains(n) && gorgoniaType(m.Op()) == "letOp" {
			return true
		}
	}
	return false
}

// isArg says whether n is an input or a constant. The allocator never frees
// these.
func isArg(n *gorgonia.Node) bool {
	switch gorgoniaType(n.Op()) {
	case "constantScalar", "constantTensor":
		return true
	}
	return n.Op() == nil
}

// isStatement says whether n is a Read or a Set, which have no result.
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

// inputsOf returns the inputs of n. ExprGraph has methods for that, but they
// write into a cache of the graph, while a machine on a clone of the graph, which
// shares the operators, may read it.
func inputsOf(n *gorgonia.Node) gorgonia.Nodes {
	if childrenOffset == 0 {
		return nil
	}
	return *(*gorgonia.Nodes)(unsafe.Add(unsafe.Pointer(n), childrenOffset))
}

// childrenOffset is where a Node keeps its inputs. It is 0 for a version of
// Gorgonia that keeps them in another way. Then no operator works in place.
var childrenOffset = func() uintptr {
	f, ok := reflect.TypeFor[gorgonia.Node]().FieldByName("children")
	if !ok || f.Type != reflect.TypeFor[gorgonia.Nodes]() {
		return 0
	}
	return f.Offset
}()
