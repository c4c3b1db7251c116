package models

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const (
	yoloSide, yoloGrid, yoloClasses = 32, 4, 2
	yoloOut                         = 3 * (5 + yoloClasses) // boxes of x, y, width, height, confidence and the classes
)

// yoloStack returns a stack as in tiny-YOLO. It has Conv2d, BatchNorm,
// activation and MaxPool2D three times, then a convolution that gives the
// boxes.
func yoloStack(t *testing.T, src source, g *gorgonia.ExprGraph, x *gorgonia.Node, act activation) (out *gorgonia.Node, weights gorgonia.Nodes) {
	must := must(t)
	h, channels := x, 3
	for i, filters := range []int{4, 6, 8} {
		w := node(g, fmt.Sprint("w", i), src.weight(filters, channels, 3, 3))
		c := conv(t, h, w)
		s := tensor.Shape{1, filters, 1, 1}
		scale, shift := node(g, fmt.Sprint("scale", i), src.constant(1, s...)), node(g, fmt.Sprint("shift", i), src.constant(0, s...))
		normed, _, _, _, err := gorgonia.BatchNorm(c, scale, shift, 0.9, 1e-5)
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, w, scale, shift)
		h = halve(t, must(act(normed)))
		channels = filters
	}
	w := node(g, "boxes", src.weight(yoloOut, channels, 1, 1))
	return conv(t, h, w), append(weights, w)
}

var yolo = model{
	name:  "tiny-YOLO's stack",
	needs: "Conv2d, BatchNorm, MaxPool2D; VanillaSolver",
	alpha: 0.1,
	steps: 5,
	build: func(t *testing.T, on machine, act activation) step {
		src := newSource(tensor.Float32, 5)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, 1, 3, yoloSide, yoloSide))
		y := node(g, "y", src.normal(1, 1, yoloOut, yoloGrid, yoloGrid))
		out, weights := yoloStack(t, src, g, x, act)
		return trainer{
			inputs:  gorgonia.Nodes{x, y},
			weights: weights,
			output:  out,
			loss:    squaredError(t, out, y),
			solver:  gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.01)),
			batch: func() []*tensor.Dense {
				return []*tensor.Dense{src.normal(1, 1, 3, yoloSide, yoloSide), src.normal(1, 1, yoloOut, yoloGrid, yoloGrid)}
			},
		}.on(t, on)
	},
}

func TestYOLO(t *testing.T) { compare(t, yolo, tape) }

// Most programs run YOLO forward only, with Gorgonia's YOLOv3 operator after
// the stack.
func TestYOLODetections(t *testing.T) {
	agree(t, yolo.alpha, func(act activation, seen *record) {
		src := newSource(tensor.Float32, 6)
		g := gorgonia.NewGraph()
		x := node(g, "x", src.normal(1, 1, 3, yoloSide, yoloSide))
		out, _ := yoloStack(t, src, g, x, act)
		boxes := must(t)(gorgonia.YOLOv3(out, []float32{4, 4, 8, 8, 16, 16}, []int{0, 1, 2}, yoloSide, yoloClasses, 0.5))
		vm := gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
		defer vm.Close()
		for range 3 {
			let(t, x, src.normal(1, 1, 3, yoloSide, yoloSide))
			runAll(t, vm)
			seen.see("boxes", boxes.Value())
			vm.Reset()
		}
	})
}

func TestYOLOFailsOnLisp(t *testing.T) {
	crashes(t, yolo, lisp, "index out of range [1] with length 1")
}
