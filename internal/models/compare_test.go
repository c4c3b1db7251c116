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

// An activation is an activation function. Most programs that build models take
// one of this type.
type activation = func(*gorgonia.Node) (*gorgonia.Node, error)

// A model has a function that builds it with a given activation.
type model struct {
	name  string
	needs string  // the parts of Gorgonia that the model uses, for the table
	alpha float64 // slope of the activation
	steps int     // how many training steps are compared

	// build returns a function for training step n, counted from 0. The
	// function records in seen all values that a program can read.
	build func(t *testing.T, on machine, act activation) step
}

type step = func(n int, seen *record) error

// A variant is one of the activations that are compared.
type variant struct {
	name  string
	apply activation
}

// variants returns the built-in, and then this package's operator out of place
// and in place.
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

// A record has the values that a program can read in a training step, by name,
// as bits. A nil record stores nothing: it is for measurements.
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

// bitsOf returns the bits of each element of v. All NaNs have the same bits
// here.
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

// same fails the test if two records differ. It reports whether they agree.
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

// agree runs a program with each variant, and compares the records.
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

// compare trains m with each variant on each machine. It compares the records
// after every step, and at the end the memory that a step allocates.
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
						t.FailNow() // all later steps differ too
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
			// Goroutines and maps allocate a little more or less from run to
			// run.
			if bytes[2] > bytes[1]+bytes[1]/200 {
				t.Errorf("a step with %s allocates %d bytes, expected no more than out of place, %d", vs[2].name, bytes[2], bytes[1])
			}
			t.Logf("bytes a step: %d with the built-in, %d, %d in place", bytes[0], bytes[1], bytes[2])
			saved := func(n uint64) int { return int(math.Round(100 * (1 - float64(n)/float64(bytes[0])))) }
			documented(t, fmt.Sprintf("| %s | %s | %s | %d |", m.name, m.needs, on.name, m.steps), saved(bytes[1]), saved(bytes[2]))
		})
	}
}

// documented fails the test if the table in docs/models.md lacks this row, or
// has other figures in it. The figures may be a few percent off, because they
// depend a little on the version of Go and on the processor.
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

// trains fails the test if a recorded value of the last step isn't finite, or
// equals the value of the first step. A comparison of such a model would prove
// nothing.
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
			t.Errorf("%s is the same in the first and the last step, expected that training changes it", name)
		}
	}
}

// bytesOf returns how much memory a call of f allocates. It is the minimum of
// several calls, because the runtime sometimes allocates too.
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

// clone copies v, so that the test can detect changes of v.
func clone(v gorgonia.Value) *tensor.Dense { return v.(*tensor.Dense).Clone().(*tensor.Dense) }
