package leakyrelu

import (
	"reflect"
	"slices"
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
// Not in the list are: Iop, reshapeOp and sliceOp, which return their input or a
// view; dropoutOp, which returns its input in evaluation and for p = 0; concatOp
// of one input, which returns it; sliceIncrOp, clampOp, yoloOp, ctcLossOp,
// sparsemaxOp, byIndicesOp, tensordotOp, diagFlatOp, atOp and dtConvOp, which
// nobody needs next to an activation in place; and letOp, because of the second
// way above.
var ownsResult = map[string]bool{
	"elemUnaryOp": true, "elemBinOp": true, "minBetween": true, "maxBetween": true,
	"linAlgBinOp": true, "transposeOp": true, "sumOp": true, "maxOp": true, "sizeOp": true,
	// Do returns its input when it repeats once. But the tape machine gives it
	// new memory to fill.
	"repeatOp": true,
	"im2colOp": true, "col2imOp": true,
	"maxPoolOp": true, "maxPoolDiffOp": true, "avgPoolOp": true, "avgPoolDiffOp": true, "globalAveragePoolOp": true,
	"upsampleOp": true, "upsampleDiffOp": true,
	"BatchNormOp": true, "batchnormDiffOp": true, "GroupNormOp": true, "groupNormDiffOp": true,
	"softmaxOp": true, "softmaxDiffOp": true,
	"dropoutDiffOp": true,
	"readOp":        true, // the tape machine clones what it reads
}

// sharesMemory says whether the result of n may share memory with one of its
// inputs while that is still needed.
func sharesMemory(n *gorgonia.Node) bool {
	op := n.Op()
	if _, ours := op.(*Op); ours {
		return false // mayOverwrite takes care of that
	}
	name := gorgoniaType(op)
	owns := ownsResult[name] || name == "concatOp" && len(inputsOf(n)) > 1
	return !owns || op.OverwritesInput() >= 0 && inSet(n)
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
		if !isArg(w) && sharesMemory(w) {
			shared = add(shared, inputsOf(w)...)
		}
		for _, m := range w.Graph().AllNodes() {
			if m != w && m.Hashcode() == w.Hashcode() {
				return m
			}
			at := slices.Index(inputsOf(m), w)
			if at < 0 || isStatement(m) {
				continue
			}
			if inSet(m) && m.Op().OverwritesInput() == at {
				return m
			}
			if w != v && !isArg(w) && overwrites(m) == at {
				return m
			}
			if sharesMemory(m) {
				shared = add(shared, m)
			}
		}
	}
	return nil
}

// add returns set with the nodes that it lacks.
func add(set gorgonia.Nodes, nodes ...*gorgonia.Node) gorgonia.Nodes {
	for _, n := range nodes {
		if !set.Contains(n) {
			set = append(set, n)
		}
	}
	return set
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
