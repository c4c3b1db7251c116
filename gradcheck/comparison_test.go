package gradcheck_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/gradcheck"
	"gorgonia.org/tensor"
)

// from makes an operator of one input from two functions, like
// testdata/pytorch.py. backward gets the input and the upstream gradient.
func from(forward func(x float64) float64, backward func(x, g []float64) []float64) *adOperator {
	grad := &operator{name: "gradient", inputs: 2, do: func(in ...gorgonia.Value) (gorgonia.Value, error) {
		return tensor.New(tensor.WithShape(in[0].Shape()...), tensor.WithBacking(backward(numbers(in[0]), numbers(in[1])))), nil
	}}
	return &adOperator{
		operator: operator{
			name: "operator", inputs: 1,
			do: elementwise(func(x ...float64) float64 { return forward(x[0]) }),
			symDiff: func(in nodes, _, g node) (nodes, error) {
				dx, err := gorgonia.ApplyOp(grad, in[0], g)
				return nodes{dx}, err
			},
		},
		doDiff: func(in nodes, out node) error {
			for i, d := range backward(numbers(in[0].Value()), gradient(out)) {
				gradient(in[0])[i] += d
			}
			return nil
		},
	}
}

// eachEntry makes a backward function from a function of one entry.
func eachEntry(f func(x, g float64) float64) func(x, g []float64) []float64 {
	return func(x, g []float64) []float64 {
		d := make([]float64, len(x))
		for i := range d {
			d[i] = f(x[i], g[i])
		}
		return d
	}
}

// answer returns the name of err's fault, or of the first fault if there are
// several.
func answer(err error) string {
	var e *gradcheck.Error
	switch {
	case err == nil:
		return "passes"
	case errors.As(err, &e):
		return e.Fault.String()
	}
	return err.Error()
}

// The table in README.md has a row for each fault: what this package reports,
// and what PyTorch reports. PyTorch's reports are in testdata/pytorch.txt.
func TestComparisonWithPyTorch(t *testing.T) {
	squared := func(x float64) float64 { return x * x }
	right := eachEntry(func(x, g float64) float64 { return 2 * x * g })
	check := func(op gorgonia.Op, x *tensor.Dense, opts ...gradcheck.Option) string {
		return answer(gradcheck.Check(of(op), []*tensor.Dense{x}, opts...))
	}
	shaped := func(dtype tensor.Dtype, shape ...int) func() string {
		return func() string { return check(identity(dtype, shape), dense(0.4, 2, 3)) }
	}
	backward := func(f func(x, g float64) float64) func() string {
		return func() string { return check(from(squared, eachEntry(f)), dense(0.4, 2, 3)) }
	}
	swapped := from(squared, func(x, g []float64) []float64 {
		d := right(x, g)
		d[3], d[4] = d[4], d[3]
		return d
	})
	runs, nan := 0.0, math.NaN()
	noise := func(size float64) float64 { runs++; return runs * size }
	at := func(x ...float64) []*tensor.Dense {
		return []*tensor.Dense{tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x))}
	}

	ours := map[string]func() string{
		"a factor is missing": backward(func(x, g float64) float64 { return x * g }),
		"the gradient is transposed": func() string {
			return check(from(squared, func(x, g []float64) []float64 {
				d := make([]float64, len(x))
				for i := range d {
					d[i] = 2 * x[i%3*3+i/3] * g[i]
				}
				return d
			}), dense(0.4, 3, 3))
		},
		"two entries are swapped": func() string { return check(swapped, dense(0.4, 2, 3)) },
		"two entries are swapped, along one random direction": func() string {
			missed := 0
			for seed := range uint64(50) {
				if check(swapped, dense(0.4, 4, 5), gradcheck.Directions(1), gradcheck.Seed(seed)) == "passes" {
					missed++
				}
			}
			return fmt.Sprintf("missed with %d of 50 seeds", missed)
		},
		"one entry of a million is half, along one random direction": func() string {
			return check(from(squared, func(x, g []float64) []float64 {
				d := right(x, g)
				d[123456] /= 2
				return d
			}), dense(0.4, 1000, 1000), gradcheck.Directions(1), gradcheck.Machines(gradcheck.Tape))
		},
		"shape (3, 2) for (2, 3)":           shaped(tensor.Float64, 3, 2),
		"shape (6) for (2, 3)":              shaped(tensor.Float64, 6),
		"shape (3) for (2, 3)":              shaped(tensor.Float64, 3),
		"float32 for float64":               shaped(tensor.Float32, 2, 3),
		"the gradient is NaN":               backward(func(x, g float64) float64 { return x * g * nan }),
		"the upstream gradient is left out": backward(func(x, g float64) float64 { return 2 * x }),
		"the upstream gradient is squared":  backward(func(x, g float64) float64 { return 2 * x * g * g }),
		"no gradient is returned": func() string {
			op := square()
			op.symDiff = func(nodes, node, node) (nodes, error) { return nodes{nil}, nil }
			return check(op, dense(0.4, 2, 3))
		},
		"wrong at second order only": func() string {
			op := square()
			op.symDiff = func(in nodes, _, grad node) (nodes, error) {
				dx, err := gorgonia.ApplyOp(squareGrad(1), in[0], grad)
				return nodes{dx}, err
			}
			return answer(gradcheck.CheckSecond(of(op), mixed))
		},
		"running changes the input": func() string {
			op := from(squared, right)
			do := op.do
			op.do = func(in ...gorgonia.Value) (gorgonia.Value, error) {
				y, err := do(in...)
				numbers(in[0])[4] = 7
				return y, err
			}
			return check(op, dense(0.4, 2, 3))
		},
		"the output differs from run to run, by 1e-13": func() string {
			return check(from(func(x float64) float64 { return x*x + noise(1e-13) }, right), dense(0.4, 2, 3))
		},
		"the gradient differs from run to run, by 1e-9": backward(func(x, g float64) float64 { return 2*x*g + noise(1e-9) }),
		"an input is at a kink": func() string {
			err := gradcheck.Check(unary(gorgonia.Rectify), at(-1, 0, 1))
			_, hint, _ := strings.Cut(err.Error(), "hint: ")
			hint, _, _ = strings.Cut(hint, " at input")
			return answer(err) + ": " + hint
		},
		"a step leaves the domain": func() string { return answer(gradcheck.Check(unary(gorgonia.Sqrt), at(1, 0, 4))) },
		"the function is wrong, its gradient is its own": func() string {
			return check(from(func(x float64) float64 { return x * x * x }, eachEntry(func(x, g float64) float64 { return 3 * x * x * g })), dense(0.4, 2, 3))
		},
	}

	theirs, err := os.ReadFile("testdata/pytorch.txt")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(theirs)), "\n")
	if len(lines) != len(ours) {
		t.Errorf("%d faults in testdata/pytorch.txt, %d here", len(lines), len(ours))
	}
	rows := bytes.Split(readme, []byte("\n"))
	for _, line := range lines {
		name, their, _ := strings.Cut(line, "\t")
		our, ok := ours[name]
		if testing.Short() && strings.Contains(name, "million") {
			continue // takes minutes with the race detector
		}
		if !ok {
			t.Errorf("%q is in testdata/pytorch.txt only", name)
			continue
		}
		row := fmt.Sprintf("| %s | %s | %s |", name, our(), their)
		if !slices.ContainsFunc(rows, func(r []byte) bool { return string(r) == row }) {
			t.Errorf("not in README.md:\n%s", row)
		}
	}
}
