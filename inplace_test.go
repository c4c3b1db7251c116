package leakyrelu_test

import (
	"hash"
	"math/rand/v2"
	"testing"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// In each of these graphs, another node would notice if the activation
// overwrote its input. Each graph computes the same function of every element
// of x and w, of shape (3, 4). The test compares with the formulas f, dx and
// dw. An operator that trusts the register allocator fails all graphs except
// the one with slices, because Gorgonia v0.9.18 copies a slice.

var observers = []struct {
	name   string
	build  func(must check, apply func(node, float64) (node, error), x, w node) node
	f      func(x, w float64) float64
	dx, dw func(x, w, dy float64) float64
}{

	{
		"a reshape of the pre-activation",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(gorgonia.Add(x, w))
			v := must(gorgonia.Reshape(h, tensor.Shape{12}))
			return must(gorgonia.Add(must(apply(h, 0.2)), must(gorgonia.Reshape(v, tensor.Shape{3, 4}))))
		},
		func(x, w float64) float64 { return leaky(x+w, 0.2) + (x + w) },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
	}, {
		"slices of the pre-activation",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(gorgonia.Add(x, w))
			top, bottom := must(gorgonia.Slice(h, gorgonia.S(0, 2))), must(gorgonia.Slice(h, gorgonia.S(2, 3)))
			y := must(apply(h, 0.2))
			yTop, yBottom := must(gorgonia.Slice(y, gorgonia.S(0, 2))), must(gorgonia.Slice(y, gorgonia.S(2, 3)))
			bottom = must(gorgonia.Reshape(must(gorgonia.Add(yBottom, bottom)), tensor.Shape{1, 4}))
			return must(gorgonia.Concat(0, must(gorgonia.Add(yTop, top)), bottom))
		},
		func(x, w float64) float64 { return leaky(x+w, 0.2) + (x + w) },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
	}, {
		"another package's identity of the pre-activation",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(gorgonia.Add(x, w))
			i := must(gorgonia.ApplyOp(identity{}, h))
			return must(gorgonia.Add(must(apply(h, 0.2)), i))
		},
		func(x, w float64) float64 { return leaky(x+w, 0.2) + (x + w) },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
	}, {
		"another package's identity by the name of one of Gorgonia's operators",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(gorgonia.Add(x, w))
			i := must(gorgonia.ApplyOp(elemUnaryOp{}, h))
			return must(gorgonia.Add(must(apply(h, 0.2)), i))
		},
		func(x, w float64) float64 { return leaky(x+w, 0.2) + (x + w) },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
	}, {
		"another package's identity of an input",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			y := must(apply(must(gorgonia.ApplyOp(identity{}, x)), 0.2))
			return must(gorgonia.Add(y, must(gorgonia.HadamardProd(x, w))))
		},
		func(x, w float64) float64 { return leaky(x, 0.2) + x*w },
		func(x, w, dy float64) float64 { return gate(x, dy, 0.2) + w*dy },
		func(x, w, dy float64) float64 { return x * dy },
	}, {
		"the reshape of an input",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			y := must(apply(must(gorgonia.Reshape(x, tensor.Shape{12})), 0.2))
			return must(gorgonia.Add(w, must(gorgonia.Reshape(must(gorgonia.Neg(y)), tensor.Shape{3, 4}))))
		},
		func(x, w float64) float64 { return w - leaky(x, 0.2) },
		func(x, w, dy float64) float64 { return -gate(x, dy, 0.2) },
		func(x, w, dy float64) float64 { return dy },
	}, {
		// The compiler merges the two negations, and does not count the readers
		// of the second.
		"a view of a merged twin of the pre-activation",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(gorgonia.Neg(must(gorgonia.Add(x, w))))
			twin := must(gorgonia.ApplyOp(renumbered{h.Op().(gorgonia.SDOp)}, must(gorgonia.Add(x, w))))
			v := must(gorgonia.Reshape(twin, tensor.Shape{12}))
			return must(gorgonia.Add(must(apply(h, 0.2)), must(gorgonia.Reshape(v, tensor.Shape{3, 4}))))
		},
		func(x, w float64) float64 { return leaky(-(x+w), 0.2) - (x + w) },
		func(x, w, dy float64) float64 { return -gate(-(x+w), dy, 0.2) - dy },
		func(x, w, dy float64) float64 { return -gate(-(x+w), dy, 0.2) - dy },
	}, {
		"the upstream gradient is a view",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			z := must(gorgonia.Reshape(must(apply(must(gorgonia.Neg(x)), 0.2)), tensor.Shape{12}))
			u := must(apply(must(gorgonia.Reshape(w, tensor.Shape{12})), 0.5))
			return must(gorgonia.Reshape(must(gorgonia.Add(z, u)), tensor.Shape{3, 4}))
		},
		func(x, w float64) float64 { return leaky(-x, 0.2) + leaky(w, 0.5) },
		func(x, w, dy float64) float64 { return -gate(-x, dy, 0.2) },
		func(x, w, dy float64) float64 { return gate(w, dy, 0.5) },
	}, {
		"a view of the result of one activation under another",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(apply(must(gorgonia.Add(x, w)), 0.5))
			v := must(gorgonia.Reshape(h, tensor.Shape{12}))
			return must(gorgonia.Add(must(apply(h, 0.2)), must(gorgonia.Reshape(v, tensor.Shape{3, 4}))))
		},
		func(x, w float64) float64 { return leaky(leaky(x+w, 0.5), 0.2) + leaky(x+w, 0.5) },
		func(x, w, dy float64) float64 { return gate(x+w, gate(x+w, dy, 0.2), 0.5) + gate(x+w, dy, 0.5) },
		func(x, w, dy float64) float64 { return gate(x+w, gate(x+w, dy, 0.2), 0.5) + gate(x+w, dy, 0.5) },
	}, {
		// The sum overwrites h. The view v shows that memory. The sum is h + 0,
		// so v keeps its elements.
		"a view of what the pre-activation was written over",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			h := must(gorgonia.Add(x, w))
			v := must(gorgonia.Reshape(h, tensor.Shape{12}))
			y := must(apply(must(gorgonia.Add(h, gorgonia.NewConstant(0.0))), 0.2))
			return must(gorgonia.Add(y, must(gorgonia.Reshape(v, tensor.Shape{3, 4}))))
		},
		func(x, w float64) float64 { return leaky(x+w, 0.2) + (x + w) },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
	}, {
		// The operator may work in place in its first node, but not in the
		// second.
		"the op of one node applied to another",
		func(must check, apply func(node, float64) (node, error), x, w node) node {
			first := must(apply(must(gorgonia.Mul(x, must(gorgonia.Mul(must(gorgonia.Transpose(x)), w)))), 0.2))
			h := must(gorgonia.Add(x, w))
			v := must(gorgonia.Reshape(h, tensor.Shape{12}))
			y := must(gorgonia.ApplyOp(first.Op(), h))
			y = must(gorgonia.Add(y, must(gorgonia.Reshape(v, tensor.Shape{3, 4}))))
			return must(gorgonia.Add(y, must(gorgonia.Sub(first, first))))
		},
		func(x, w float64) float64 { return leaky(x+w, 0.2) + (x + w) },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
		func(x, w, dy float64) float64 { return gate(x+w, dy, 0.2) + dy },
	},
}

func TestInPlaceChangesNoOtherNode(t *testing.T) {
	for _, o := range observers {
		for _, m := range machines {
			if m.name == "Lisp" || m.name == "Lisp, second run" {
				continue // never overwrites
			}
			for seed := range uint64(4) {
				t.Run(name(o.name, "/", m.name, "/", seed), func(t *testing.T) {
					must := must(t)
					apply := func(x node, alpha float64) (node, error) {
						return leakyrelu.Apply(x, alpha, leakyrelu.InPlace())
					}
					rng := rand.New(rand.NewPCG(seed, 0))
					xs, ws, cs := random[float64](rng, 12), random[float64](rng, 12), random[float64](rng, 12)
					xv, wv := dense(xs, 3, 4), dense(ws, 3, 4)
					g := gorgonia.NewGraph()
					x, w := input(g, "x", xv), input(g, "w", wv)
					y := o.build(must, apply, x, w)
					var got gorgonia.Value
					read := gorgonia.Read(y, &got)
					m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, input(g, "c", dense(cs, 3, 4)))))), read, x, w)

					wantY, wantDx, wantDw := make([]float64, 12), make([]float64, 12), make([]float64, 12)
					for i := range 12 {
						wantY[i], wantDx[i], wantDw[i] = o.f(xs[i], ws[i]), o.dx(xs[i], ws[i], cs[i]), o.dw(xs[i], ws[i], cs[i])
					}
					near(t, "value", elements[float64](t, got), wantY)
					near(t, "gradient of x", gradOf[float64](t, x), wantDx)
					near(t, "gradient of w", gradOf[float64](t, w), wantDw)
					sameBits(t, "x", memory[float64](xv), xs)
					sameBits(t, "w", memory[float64](wv), ws)
				})
			}
		}
	}
}

// identity stands for an operator of another package. It returns its input.
type identity struct{}

func (identity) Arity() int { return 1 }

func (identity) Type() hm.Type {
	return hm.NewFnType(hm.TypeVariable('a'), hm.TypeVariable('a'))
}

func (identity) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape).Clone(), nil
}

func (identity) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return in[0], nil }

func (identity) ReturnsPtr() bool { return true }

func (identity) CallsExtern() bool { return false }

func (identity) OverwritesInput() int { return -1 }

func (identity) WriteHash(h hash.Hash) { h.Write([]byte("identity")) }

func (identity) Hashcode() uint32 { return 1 }

func (identity) String() string { return "identity" }

func (identity) DiffWRT(int) []bool { return []bool{true} }

func (identity) SymDiff(_ gorgonia.Nodes, _, grad node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{grad}, nil
}

// copying stands for an operator of another package that owns its result and
// says so. Its result is a copy of its input.
type copying struct{ identity }

func (copying) OwnsResult() bool { return true }

func (copying) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return gorgonia.CloneValue(in[0]) }

func (copying) WriteHash(h hash.Hash) { h.Write([]byte("copying")) }

func (copying) Hashcode() uint32 { return 2 }

func (op copying) SymDiff(_ gorgonia.Nodes, _, grad node) (gorgonia.Nodes, error) {
	return applied(op, grad)
}

// overwriting is copying, but its result may overwrite its input.
type overwriting struct{ copying }

func (overwriting) OverwritesInput() int { return 0 }

func (overwriting) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	return gorgonia.Copy(prealloc, in[0])
}

func (overwriting) WriteHash(h hash.Hash) { h.Write([]byte("overwriting")) }

func (overwriting) Hashcode() uint32 { return 3 }

func (op overwriting) SymDiff(_ gorgonia.Nodes, _, grad node) (gorgonia.Nodes, error) {
	return applied(op, grad)
}

// applied returns the gradient of an operator that is its own gradient.
func applied(op gorgonia.Op, grad node) (gorgonia.Nodes, error) {
	dx, err := gorgonia.ApplyOp(op, grad)
	return gorgonia.Nodes{dx}, err
}

// sharing says that it does not own its result.
type sharing struct{ identity }

func (sharing) OwnsResult() bool { return false }

// elemUnaryOp has the name of an operator of Gorgonia that owns its result.
// This one does not own it.
type elemUnaryOp struct{ identity }

// renumbered is an operator with another hash code but the same WriteHash. A
// graph uses the hash code and keeps both nodes. The compiler uses WriteHash
// and merges them.
type renumbered struct{ gorgonia.SDOp }

func (r renumbered) Hashcode() uint32 { return r.SDOp.Hashcode() + 1 }

// TestInPlaceOverwritesInput checks addresses: if no other node can notice, the
// result lies in the memory of the input.
func TestInPlaceOverwritesInput(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []leakyrelu.Option
		want bool
	}{{"out of place", nil, false}, {"in place", []leakyrelu.Option{leakyrelu.InPlace()}, true}} {
		for _, before := range []struct {
			name string
			h    func(must check, x, w node) node
		}{
			{"sum", func(must check, x, w node) node { return must(gorgonia.Add(x, w)) }},
			{"sum that is read", func(must check, x, w node) node {
				h := must(gorgonia.Add(x, w))
				gorgonia.Read(h, new(gorgonia.Value))
				return h
			}},
			// The input of Neg is a view, but its result is in new memory.
			{"Neg of a reshape", func(must check, x, w node) node {
				return must(gorgonia.Neg(must(gorgonia.Reshape(x, tensor.Shape{3, 4}))))
			}},
		} {
			must := must(t)
			rng := rand.New(rand.NewPCG(13, 14))
			g := gorgonia.NewGraph()
			x, w := input(g, "x", dense(random[float64](rng, 12), 3, 4)), input(g, "w", dense(random[float64](rng, 12), 3, 4))
			h := before.h(must, x, w)
			y := must(leakyrelu.Activation(0.2, c.opts...)(h))
			grad(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, w)))), x)
			runTape(t, g)
			if got := y.Value().Uintptr() == h.Value().Uintptr(); got != c.want {
				t.Errorf("%s, %s: y lies in the memory of its input: %t, want %t", c.name, before.name, got, c.want)
			}
			if got := h.Deriv().Value().Uintptr() == y.Deriv().Value().Uintptr(); got != c.want {
				t.Errorf("%s, %s: the gradient lies in the memory of the upstream gradient: %t, want %t", c.name, before.name, got, c.want)
			}
		}

		must := must(t)
		g := gorgonia.NewGraph()
		x := input(g, "x", dense([]float64{1, -2}, 2))
		dy := must(gorgonia.Neg(x))
		d := must(leakyrelu.ApplyGrad(x, dy, 0.2, c.opts...))
		runTape(t, g)
		if got := d.Value().Uintptr() == dy.Value().Uintptr(); got != c.want {
			t.Errorf("%s: the result of ApplyGrad lies in the memory of dy: %t, want %t", c.name, got, c.want)
		}
	}
}

// The operator does not overwrite an input of the graph.
func TestInPlaceKeepsGraphInputs(t *testing.T) {
	x := input(gorgonia.NewGraph(), "x", dense([]float64{1, -2}, 2))
	y := must(t)(leakyrelu.Apply(x, 0.2, leakyrelu.InPlace()))
	if i := y.Op().OverwritesInput(); i != -1 {
		t.Errorf("OverwritesInput() is %d, want -1", i)
	}
}

// For a negative slope, y does not have the sign of x. So the operator must not
// overwrite x.
func TestInPlaceKeepsXForNegativeSlope(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	xs := []float64{1, -2, 3, -4}
	x := input(g, "x", dense(xs, 4))
	h := must(gorgonia.Neg(x))
	y := must(leakyrelu.Apply(h, -0.5, leakyrelu.InPlace()))
	grad(t, must(gorgonia.Sum(y)), x)
	runTape(t, g)
	want := make([]float64, len(xs))
	for i, x := range xs {
		want[i] = -gate(-x, 1, -0.5)
	}
	near(t, "gradient", gradOf[float64](t, x), want)
}

// Read returns the original pre-activation, whether it runs before or after the
// activation overwrites it.
func TestInPlaceReadOfPreactivation(t *testing.T) {
	for _, early := range []bool{true, false} {
		must := must(t)
		g := gorgonia.NewGraph()
		xs := []float64{1, -2, 3, -4}
		x := input(g, "x", dense(xs, 4))
		h := must(gorgonia.Neg(x))
		var got gorgonia.Value
		if early {
			gorgonia.Read(h, &got)
		}
		y := must(leakyrelu.Apply(h, 0.2, leakyrelu.InPlace()))
		if !early {
			gorgonia.Read(h, &got)
		}
		grad(t, must(gorgonia.Sum(y)), x)
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		for range 3 {
			runAll(t, vm)
			sameBits(t, "Read", elements[float64](t, got), []float64{-1, 2, -3, 4})
			vm.Reset()
		}
	}
}

// If the result of an operator goes into a Set, the allocator lets the operator
// overwrite registers that are still needed.
func TestInPlaceWithSet(t *testing.T) {
	must := must(t)
	g := gorgonia.NewGraph()
	xs := []float64{1, -2, 3, -4}
	x, state := input(g, "x", dense(xs, 4)), input(g, "state", dense(make([]float64, 4), 4))
	h := must(gorgonia.Neg(x))
	y := must(leakyrelu.Apply(h, 0.2, leakyrelu.InPlace()))
	gorgonia.Set(state, y)
	sum := must(gorgonia.Add(y, h))
	var got gorgonia.Value
	gorgonia.Read(sum, &got)
	runTape(t, g)
	want := make([]float64, len(xs))
	for i, x := range xs {
		want[i] = leaky(-x, 0.2) - x
	}
	near(t, "sum", elements[float64](t, got), want)
}
