package leakyrelu_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// These tests compare with results of other frameworks. testdata/pytorch.py
// wrote those of PyTorch, which are compared to the bit. testdata/onnx.py wrote
// those of the ONNX standard.

// A golden holds inputs and results of PyTorch. The inputs are x, the upstream
// gradient dy, and the upstream gradient u of the gradient. The results are the
// value y, the gradient dx, and the gradient ddy of dx with respect to dy.
type golden[T float] struct {
	x, dy, u, y, dx, ddy []T
}

func TestPyTorch(t *testing.T) {
	for _, alpha := range slopes {
		t.Run(name("float32/alpha ", alpha), func(t *testing.T) { testPyTorch[float32](t, alpha) })
		t.Run(name("float64/alpha ", alpha), func(t *testing.T) { testPyTorch[float64](t, alpha) })
	}
}

func testPyTorch[T float](t *testing.T, alpha float64) {
	op, grad := newOp(t, alpha), newGrad(t, alpha)
	do := func(what string, op *leakyrelu.Op, inputs ...[]T) []T {
		var vs []gorgonia.Value
		for _, in := range inputs {
			vs = append(vs, dense(in, len(in)))
		}
		v, err := op.Do(vs...)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return v.Data().([]T)
	}
	for _, c := range readPyTorch[T](t, alpha) {
		sameAsPyTorch(t, "value", do("value", op, c.x), c.y, c.x)
		sameAsPyTorch(t, "gradient", do("gradient", grad, c.x, c.dy), c.dx, c.dy)
		sameAsPyTorch(t, "gradient of gradient", do("gradient of gradient", grad, c.x, c.u), c.ddy, c.u)
	}
}

// In TestPyTorchInGraphs, Gorgonia differentiates: Σ dy·y with respect to x,
// and Σ u·dx with respect to dy.
func TestPyTorchInGraphs(t *testing.T) {
	for _, m := range machines {
		for _, alpha := range slopes {
			t.Run(name(m.name, "/float32/alpha ", alpha), func(t *testing.T) { testPyTorchInGraphs[float32](t, m, alpha) })
			t.Run(name(m.name, "/float64/alpha ", alpha), func(t *testing.T) { testPyTorchInGraphs[float64](t, m, alpha) })
		}
	}
}

func testPyTorchInGraphs[T float](t *testing.T, m machine, alpha float64) {
	must := must(t)
	for _, c := range readPyTorch[T](t, alpha) {
		n := len(c.x)
		if n == 7 {
			continue // the long tensor has the same values
		}
		// Both machines add gradients to 0, and 0 + -0 is 0. So the test adds 0
		// on both sides.
		plus0 := func(vs []T) []T {
			vs = slices.Clone(vs)
			for i := range vs {
				vs[i] += 0
			}
			return vs
		}

		g := gorgonia.NewGraph()
		x, dy := input(g, "x", dense(c.x, n)), input(g, "dy", dense(c.dy, n))
		y := must(leakyrelu.Apply(x, alpha))
		var got gorgonia.Value
		read := gorgonia.Read(y, &got)
		m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(y, dy)))), read, x)
		sameAsPyTorch(t, "value", elements[T](t, got), c.y, c.x)
		sameAsPyTorch(t, "gradient", plus0(gradOf[T](t, x)), plus0(c.dx), c.dy)

		g = gorgonia.NewGraph()
		x, dy = input(g, "x", dense(c.x, n)), input(g, "dy", dense(c.dy, n))
		dx := must(leakyrelu.ApplyGrad(x, dy, alpha))
		read = gorgonia.Read(dx, &got)
		m.run(t, must(gorgonia.Sum(must(gorgonia.HadamardProd(dx, input(g, "u", dense(c.u, n)))))), read, dy)
		sameAsPyTorch(t, "gradient by ApplyGrad", elements[T](t, got), c.dx, c.dy)
		sameAsPyTorch(t, "gradient of gradient", plus0(gradOf[T](t, dy)), plus0(c.ddy), c.u)
	}
}

// sameAsPyTorch fails the test if got and want differ in a bit. Each element
// equals an element of operand, or is a product with it.
//
// For NaN, it compares sign and payload if the processor copies them from the
// operand. It does not compare
//   - whether the NaN is signalling. PyTorch's vector loop multiplies by 1 where
//     x > 0, which makes a NaN quiet. Its scalar loop does not.
//   - the NaN of 0·Inf, except on amd64, where PyTorch ran. Each processor has
//     its own.
//   - any NaN on architectures other than amd64 and arm64. Some have only one
//     NaN.
func sameAsPyTorch[T float](t *testing.T, what string, got, want, operand []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		g, w := pattern(got[i]), pattern(want[i])
		if got[i] != got[i] && want[i] != want[i] {
			passedOn := operand[i] != operand[i]
			switch runtime.GOARCH {
			case "amd64":
			case "arm64":
				if !passedOn {
					continue
				}
			default:
				continue
			}
			g, w = g|quiet[T](), w|quiet[T]()
		}
		if g != w {
			t.Errorf("%s: element %d of %d is %v (%#x), PyTorch's %v (%#x)", what, i, len(want), got[i], g, want[i], w)
		}
	}
}

// pattern returns the bits of v, also for NaN.
func pattern[T float](v T) uint64 {
	if v, ok := any(v).(float32); ok {
		return uint64(math.Float32bits(v))
	}
	return math.Float64bits(float64(v))
}

// quiet returns the bit that is set in quiet NaNs only.
func quiet[T float]() uint64 {
	if dtypeOf[T]() == tensor.Float32 {
		return 1 << 22
	}
	return 1 << 51
}

// readPyTorch reads the file of one dtype and slope.
func readPyTorch[T float](t *testing.T, alpha float64) []golden[T] {
	t.Helper()
	file := filepath.Join("testdata", "pytorch", fmt.Sprintf("%v_%v.txt", dtypeOf[T](), alpha))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden[T]
	left, elements := 0, 0 // elements missing in the current tensor, elements read so far
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(line)
		switch {
		case fields[0] == "#":
		case fields[0] == "tensor" && left == 0:
			if left, err = strconv.Atoi(fields[1]); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			cases = append(cases, golden[T]{})
		case len(fields) == 6 && left > 0:
			c := &cases[len(cases)-1]
			for i, column := range []*[]T{&c.x, &c.dy, &c.u, &c.y, &c.dx, &c.ddy} {
				*column = append(*column, parseBits[T](t, fields[i]))
			}
			left--
			elements++
		default:
			t.Fatalf("%s: unexpected line %q", file, line)
		}
	}
	if left != 0 || elements < 300 {
		t.Fatalf("%s: %d elements, and %d missing", file, elements, left)
	}
	return cases
}

func parseBits[T float](t *testing.T, hex string) (v T) {
	t.Helper()
	size := 64
	if dtypeOf[T]() == tensor.Float32 {
		size = 32
	}
	b, err := strconv.ParseUint(hex, 16, size)
	if err != nil {
		t.Fatal(err)
	}
	switch v := any(&v).(type) {
	case *float32:
		*v = math.Float32frombits(uint32(b))
	case *float64:
		*v = math.Float64frombits(b)
	}
	return v
}

// TestONNX runs the node test cases of the ONNX standard. One case has no
// slope: it uses the default, which must be DefaultAlpha.
func TestONNX(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "onnx.txt"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 3*3 {
		t.Fatalf("got %d lines, want 3 for each of 3 cases", len(lines))
	}
	for ; len(lines) > 0; lines = lines[3:] {
		c := lines[:3]
		head := strings.Fields(c[0])
		alpha := parse[float64](t, head[1])
		if head[0] == "test_leakyrelu_default" {
			if alpha != leakyrelu.DefaultAlpha {
				t.Errorf("the default slope is %v, ONNX's %v", leakyrelu.DefaultAlpha, alpha)
			}
			alpha = leakyrelu.DefaultAlpha
		}
		var shape []int
		for _, d := range head[2:] {
			shape = append(shape, int(parse[float64](t, d)))
		}
		x := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(parse32s(t, c[1])))
		y, err := newOp(t, alpha).Do(x)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(y.Shape(), shape) {
			t.Errorf("%s: shape %v, want %v", head[0], y.Shape(), shape)
		}
		sameBits(t, head[0], y.Data().([]float32), parse32s(t, c[2]))
	}
}

func parse32s(t *testing.T, line string) []float32 {
	t.Helper()
	var vs []float32
	for _, field := range strings.Fields(line) {
		vs = append(vs, parse[float32](t, field))
	}
	return vs
}

func parse[T float](t *testing.T, s string) T {
	t.Helper()
	size := 64
	if dtypeOf[T]() == tensor.Float32 {
		size = 32
	}
	v, err := strconv.ParseFloat(s, size)
	if err != nil {
		t.Fatal(err)
	}
	return T(v)
}
