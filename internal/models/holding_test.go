package models

import (
	"os"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
)

// These are the ways in which programs store an activation function. The types
// and fields stand for those of a program. docs/models.md shows the lines that
// store the operator.

// golgi.ActivationFunction has the same definition.
type activationFunction func(*gorgonia.Node) (*gorgonia.Node, error)

// An option stands for an option that a program has for its layers.
type option func(*layer)

type layer struct {
	function    func(*gorgonia.Node) (*gorgonia.Node, error)
	named       activationFunction
	withoutErr  func(*gorgonia.Node) *gorgonia.Node
	withSlope   func(*gorgonia.Node, float64) (*gorgonia.Node, error)
	withOptions func(*gorgonia.Node, ...option) (*gorgonia.Node, error)
}

var holders = []struct {
	name string
	act  activation
}{
	{"a function", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		l := layer{
			function: leakyrelu.Activation(0.2),
		}
		return l.function(x)
	}},
	{"a function of a named type, as in golgi", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		l := layer{
			named: leakyrelu.Activation(0.2),
		}
		return l.named(x)
	}},
	{"in a Must", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		h := gorgonia.Must(leakyrelu.Apply(x, 0.2))
		return h, nil
	}},
	{"a function without an error", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		l := layer{
			withoutErr: func(x *gorgonia.Node) *gorgonia.Node { return gorgonia.Must(leakyrelu.Apply(x, 0.2)) },
		}
		return l.withoutErr(x), nil
	}},
	{"a function with a slope", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		l := layer{
			withSlope: func(x *gorgonia.Node, alpha float64) (*gorgonia.Node, error) { return leakyrelu.Apply(x, alpha) },
		}
		return l.withSlope(x, 0.2)
	}},
	{"a function with options", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		l := layer{
			withOptions: func(x *gorgonia.Node, _ ...option) (*gorgonia.Node, error) { return leakyrelu.Apply(x, 0.2) },
		}
		return l.withOptions(x)
	}},
	{"by name, in a model that is saved", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		activations := map[string]func(*gorgonia.Node) (*gorgonia.Node, error){
			"leaky_relu": leakyrelu.Activation(0.2),
		}
		return activations["leaky_relu"](x)
	}},
	{"an operator for ApplyOp, as in onnx-go", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		op, err := leakyrelu.New(0.2)
		if err != nil {
			return nil, err
		}
		return gorgonia.ApplyOp(op, x)
	}},
	{"in place", func(x *gorgonia.Node) (*gorgonia.Node, error) {
		l := layer{
			function: leakyrelu.Activation(0.2, leakyrelu.InPlace()),
		}
		return l.function(x)
	}},
}

func TestWaysToHold(t *testing.T) {
	want := new(record)
	newNet(t, builtin(0.2)).train(t, want)
	for _, h := range holders {
		t.Run(h.name, func(t *testing.T) {
			got := new(record)
			newNet(t, h.act).train(t, got)
			same(t, h.name, got, want)
		})
	}
}

// All layers may use the same operator value.
func TestOneOperatorForAllLayers(t *testing.T) {
	op, err := leakyrelu.New(0.2)
	done(t, err)
	want, got := new(record), new(record)
	newNet(t, builtin(0.2)).train(t, want)
	newNet(t, func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.ApplyOp(op, x) }).train(t, got)
	same(t, op.String(), got, want)
}

// A program that looks for the best slope applies several slopes to one node.
// If the slope were not in the hash, Gorgonia would merge these activations.
func TestSeveralSlopesOnOneNode(t *testing.T) {
	for _, c := range []struct {
		on     machine
		slopes []float64
	}{
		{tape, []float64{0.01, 0.2, 0.2000001}},
		// The Lisp machine adds gradients up. On arm64, Go fuses the built-in's
		// products with these additions. Then the rounding is different, unless
		// the slopes are powers of two.
		{lisp, []float64{0.125, 0.25, 2}},
	} {
		t.Run(c.on.name, func(t *testing.T) {
			build := func(apply func(alpha float64) activation, seen *record) {
				must := must(t)
				n := newNet(t, apply(0.5))
				for _, alpha := range c.slopes {
					head := must(gorgonia.Mul(must(apply(alpha)(n.sums[1])), n.weights[3]))
					n.loss = must(gorgonia.Add(n.loss, squaredError(t, head, n.y)))
				}
				run := c.on.start(t, n.loss, n.weights)
				for range 3 {
					n.next(t)
					done(t, run(func(weights gorgonia.Nodes) {
						update(t, gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.01)), weights, seen)
					}))
				}
			}
			want := new(record)
			build(builtin, want)
			for i, v := range variants(0)[1:] {
				got := new(record)
				build(func(alpha float64) activation { return variants(alpha)[1+i].apply }, got)
				same(t, v.name, got, want)
			}
		})
	}
}

// Each line of Go in docs/models.md must be a line of this file, so it
// compiles.
func TestLinesInDocumentCompile(t *testing.T) {
	document, err := os.ReadFile("../../docs/models.md")
	done(t, err)
	code, err := os.ReadFile("holding_test.go")
	done(t, err)
	compiled := make(map[string]bool)
	for _, line := range strings.Split(string(code), "\n") {
		compiled[strings.TrimSpace(line)] = true
	}
	lines := 0
	for i, block := range strings.Split(string(document), "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "go\n") {
			continue
		}
		for _, line := range strings.Split(strings.TrimPrefix(block, "go\n"), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "//") {
				continue
			}
			if lines++; !compiled[line] {
				t.Errorf("docs/models.md shows the line %q, which isn't in holding_test.go", line)
			}
		}
	}
	if lines < len(holders) {
		t.Errorf("docs/models.md shows %d lines, expected at least one for each of the %d ways to hold an activation", lines, len(holders))
	}
}
