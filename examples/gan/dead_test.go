package main

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// kill makes the units of hidden layers dead for a ReLU that are listed for
// each, and all others alive, whatever the input: by biases that grow from layer
// to layer, so that they outweigh what comes from the layer before.
func (n *network) kill(units [][]int, bias float64) {
	for i, params := range n.params[:len(n.params)-1] {
		b := params[len(params)-1]
		v := slices.Repeat([]float64{bias}, b.Size())
		if i < len(units) {
			for _, unit := range units[i] {
				v[unit] = -1e60
			}
		}
		set(b, v)
		bias *= 1e4
	}
}

// TestDeadUnits kills units by hand.
func TestDeadUnits(t *testing.T) {
	points := ring()
	points.hidden = 5
	for _, test := range []struct {
		name                       string
		task                       task
		generator, discriminator   [][]int
		inGenerator, inDiscrimator float64
	}{
		{"points, none", points, nil, nil, 0, 0},
		{"points", points, [][]int{{0}, {}, {1, 4}}, [][]int{{}, {2}, {}, {0, 1, 2, 3}}, 3. / 20, 5. / 20},
		// A layer that is dead as a whole lets no gradient pass to those before,
		// and what comes after does not change.
		{"points, a whole layer", points, nil, [][]int{{}, {0, 1, 2, 3, 4}}, 1, 10. / 20},
		// Units of convolutions are channels: 2 and 4 of them.
		{"digits", smallDigits(), [][]int{{3}, {0, 1}}, [][]int{{1}, {0, 3}}, 3. / 12, 3. / 6},
		{"digits, none", smallDigits(), nil, nil, 0, 0},
	} {
		for _, activation := range []string{"relu", "leaky"} {
			c := tiny(t, "r1r2", activation)
			c.task = test.task
			want := dead{test.inDiscrimator, test.inGenerator}
			if activation == "relu" {
				c.act = reluOf(t)
			} else {
				want = dead{}
			}
			tr := newTrainer(c)
			tr.generator.kill(test.generator, 1e4)
			// What comes out of the generator is large, but not so large.
			tr.discriminator.kill(test.discriminator, 1e24)
			got, err := tr.deadUnits.count(tr)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.discriminator-want.discriminator) > 1e-15 || math.Abs(got.generator-want.generator) > 1e-15 {
				t.Errorf("%s, %s: shares %+v, want %+v", test.name, activation, got, want)
			}
		}
	}
}

// reluOf is the activation that -activation relu stands for.
func reluOf(t *testing.T) activation {
	t.Helper()
	act, err := newActivation("relu", 0, tensor.Float64)
	if err != nil {
		t.Fatal(err)
	}
	return act
}

// TestDeadUnitsAgain wants the same from another count, and nothing changed in
// between.
func TestDeadUnitsAgain(t *testing.T) {
	c := tiny(t, "r1r2", "leaky")
	c.act = reluOf(t)
	tr := newTrainer(c)
	tr.discriminator.kill([][]int{{1}, {2, 3}}, 1e4)
	before := newTrainer(c)
	before.discriminator.kill([][]int{{1}, {2, 3}}, 1e4)
	first, err := tr.deadUnits.count(tr)
	if err != nil {
		t.Fatal(err)
	}
	second, err := tr.deadUnits.count(tr)
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Errorf("counted %+v, then %+v", first, second)
	}
	wantSameNetworks(t, "after counting", tr, before)
	if got, want := tr.rng.Uint64(), before.rng.Uint64(); got != want {
		t.Errorf("after counting, the next random number is %d, want %d", got, want)
	}
}
