package models

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// An activation is an activation function in the form in which most model
// builders take one.
type activation = func(*gorgonia.Node) (*gorgonia.Node, error)

// A model is built by one function, which takes the activation as a parameter.
type model struct {
	name  string
	needs string  // what the model uses of Gorgonia, for the table
	alpha float64 // slope of the activation
	steps int     // how many training steps are compared

	// build returns a function that does training step n, counted from 0, and
	// shows to seen everything that a program can look at.
	build func(t *testing.T, on machine, act activation) step
}

type step = func(n int, seen *record) error

// A variant is one of the activations that are compared.
type variant struct {
	name  string
	apply activation
}

// variants are the built-in, which comes first, and this package's operator.
func variants(alpha float64) []variant {
	return []variant{
		{"gorgonia.LeakyRelu", builtin(alpha)},
		{"leakyrelu.Apply", func(x *gorgonia.Node) (*gorgonia.Node, error) { return leakyrelu.Apply(x, alpha) }},
		{"leakyrelu.Apply in place", func(x *gorgonia.Node) (*gorgonia.Node, error) {
			return leakyrelu.Apply(x, alpha, leakyrelu.InPlace())
		}},
	}
}

func builtin(alpha float64) activation {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LeakyRelu(x, alpha) }
}

// A record is what was seen in a training step: values by name, as bits.
// A nil record sees nothing, which is for measuring.
type record struct {
	names  []string
	values [][]uint64
}

// see copies the value v. Later writes to v don't change the record.
func (r *record) see(name string, v gorgonia.Value) {
	if r != nil {
		r.names = append(r.names, name)
		r.values = append(r.values, bitsOf(v))
	}
}

// bitsOf lists the elements of v, each to the last bit. All NaNs are one.
func bitsOf(v gorgonia.Value) []uint64 {
	var floats []float64 // a float32 has the same value as a float64
	switch data := v.Data().(type) {
	case float32:
		floats = []float64{float64(data)}
	case float64:
		floats = []float64{data}
	case []float32:
		for _, f := range data {
			floats = append(floats, float64(f))
		}
	case []float64:
		floats = data
	default:
		panic(fmt.Sprintf("a %T in a model, expected floats", data))
	}
	bits := make([]uint64, len(floats))
	for i, f := range floats {
		if bits[i] = math.Float64bits(f); f != f {
			bits[i] = math.Float64bits(math.NaN())
		}
	}
	return bits
}

// same fails the test where two records differ, and says whether they agree.
func same(t *testing.T, when string, got, want *record) bool {
	t.Helper()
	if len(want.names) == 0 || len(got.names) != len(want.names) {
		t.Errorf("%s: saw %d values, expected as many as with the built-in, %d, and at least one", when, len(got.names), len(want.names))
		return false
	}
	bad := 0
	for i, name := range want.names {
		if got.names[i] != name || len(got.values[i]) != len(want.values[i]) {
			t.Errorf("%s: saw %s with %d elements, expected %s with %d", when, got.names[i], len(got.values[i]), name, len(want.values[i]))
			return false
		}
		differ, first := 0, 0
		for j, w := range want.values[i] {
			if got.values[i][j] != w {
				if differ++; differ == 1 {
					first = j
				}
			}
		}
		if differ == 0 {
			continue
		}
		if bad++; bad <= 3 {
			t.Errorf("%s: %s differs from the built-in's in %d of %d elements; element %d is %v, expected %v", when, name, differ, len(want.values[i]),
				first, math.Float64frombits(got.values[i][first]), math.Float64frombits(want.values[i][first]))
		}
	}
	if bad > 3 {
		t.Errorf("%s: and %d more values differ", when, bad-3)
	}
	return bad == 0
}

// agree runs a program with each variant, and compares what was seen.
func agree(t *testing.T, alpha float64, run func(act activation, seen *record)) {
	t.Helper()
	var want *record
	for _, v := range variants(alpha) {
		got := new(record)
		run(v.apply, got)
		if want == nil {
			want = got
			continue
		}
		same(t, v.name, got, want)
	}
}

// compare trains m with each variant on each machine. After every step it
// compares what was seen, and in the end the memory that a step allocates.
func compare(t *testing.T, m model, machines ...machine) {
	for _, on := range machines {
		t.Run(on.name, func(t *testing.T) {
			vs := variants(m.alpha)
			steps := make([]step, len(vs))
			for i, v := range vs {
				steps[i] = m.build(t, on, v.apply)
			}
			var first, last *record
			for n := range m.steps {
				want := new(record)
				done(t, steps[0](n, want))
				for i, v := range vs[1:] {
					got := new(record)
					done(t, steps[i+1](n, got))
					if !same(t, fmt.Sprintf("step %d, %s", n, v.name), got, want) {
						t.FailNow() // all that follows differs too
					}
				}
				if last = want; n == 0 {
					first = want
				}
			}
			trains(t, first, last)

			var bytes []uint64
			for i := range vs {
				bytes = append(bytes, bytesOf(func() { done(t, steps[i](m.steps, nil)) }))
			}
			if bytes[1] >= bytes[0] {
				t.Errorf("a step with %s allocates %d bytes, expected fewer than with the built-in, %d", vs[1].name, bytes[1], bytes[0])
			}
			// Goroutines and maps take a little more or less from run to run.
			if bytes[2] > bytes[1]+bytes[1]/200 {
				t.Errorf("a step with %s allocates %d bytes, expected no more than out of place, %d", vs[2].name, bytes[2], bytes[1])
			}
			t.Logf("bytes a step: %d with the built-in, %d, %d in place", bytes[0], bytes[1], bytes[2])
			saved := func(n uint64) int { return int(math.Round(100 * (1 - float64(n)/float64(bytes[0])))) }
			documented(t, fmt.Sprintf("| %s | %s | %s | %d |", m.name, m.needs, on.name, m.steps), saved(bytes[1]), saved(bytes[2]))
		})
	}
}

// documented fails the test if the table in docs/models.md lacks this row, or has
// other figures in it. They may be a few percent off, as they depend a little on
// the version of Go and on the processor.
func documented(t *testing.T, row string, saved, savedInPlace int) {
	t.Helper()
	figures := fmt.Sprintf(" %d%% | %d%% |", saved, savedInPlace)
	t.Log(row + figures)
	document, err := os.ReadFile("../../docs/models.md")
	done(t, err)
	_, rest, ok := strings.Cut(string(document), row)
	var s, p int
	if _, err := fmt.Sscanf(rest, " %d%% | %d%% |", &s, &p); !ok || err != nil || abs(s-saved) > 3 || abs(p-savedInPlace) > 3 {
		t.Errorf("docs/models.md has no row %q, expected it in the table", row+figures)
	}
}

func abs(n int) int { return max(n, -n) }

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// trains fails the test if something that was seen in the last step isn't finite,
// or is what it was in the first step. To compare such a model shows nothing.
func trains(t *testing.T, first, last *record) {
	t.Helper()
	for i, name := range last.names {
		changed := false
		for j, b := range last.values[i] {
			if f := math.Float64frombits(b); math.IsNaN(f) || math.IsInf(f, 0) {
				t.Errorf("%s has an element %v in the last step, expected finite numbers", name, f)
				break
			}
			changed = changed || b != first.values[i][j]
		}
		if !changed {
			t.Errorf("%s is in the last step what it was in the first, expected training to change it", name)
		}
	}
}

// bytesOf is how much memory f allocates when it is called again and again. It
// is the least of several calls, as the runtime allocates now and then too.
func bytesOf(f func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// clone copies v, so that what happens to v can be seen.
func clone(v gorgonia.Value) *tensor.Dense { return v.(*tensor.Dense).Clone().(*tensor.Dense) }
