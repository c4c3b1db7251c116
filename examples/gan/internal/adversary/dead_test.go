package adversary

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

// kill sets biases so that, with ReLU, the listed units of each hidden layer
// are dead and all others are alive, for any input. The biases grow from layer
// to layer, so they are larger than the layer's weighted inputs.
func kill(n *nn.Network, units [][]int, bias float64) {
	for i, params := range n.Params[:len(n.Params)-1] {
		b := params[len(params)-1]
		v := slices.Repeat([]float64{bias}, b.Size())
		if i < len(units) {
			for _, unit := range units[i] {
				v[unit] = -1e60
			}
		}
		nn.Set(b, v)
		bias *= 1e4
	}
}

// TestDeadUnits makes units dead with kill and counts them.
func TestDeadUnits(t *testing.T) {
	points, digits := tiny(t, "r1r2", "leaky"), tiny(t, "r1r2", "leaky")
	digits.Data, digits.Networks = data.Pictures{Source: data.NewDigits()}, Pictures(3, 4, 2, data.Side)
	for _, test := range []struct {
		name                       string
		task                       Config
		generator, discriminator   [][]int
		inGenerator, inDiscrimator float64
	}{
		{"points, none", points, nil, nil, 0, 0},
		{"points", points, [][]int{{0}, {}, {1, 4}}, [][]int{{}, {2}, {}, {0, 1, 2, 3}}, 3. / 20, 5. / 20},
		// If a whole layer is dead, the layers before it get no gradient. The
		// layers after it do not change.
		{"points, a whole layer", points, nil, [][]int{{}, {0, 1, 2, 3, 4}}, 1, 10. / 20},
		// The units of convolutions are channels. The generator has dense
		// layers of 4 and 64 units, then 2 channels. The discriminator has 2
		// and 4 channels.
		{"digits", digits, [][]int{{3}, {40}, {0}}, [][]int{{1}, {0, 3}}, 3. / 70, 3. / 6},
		{"digits, none", digits, nil, nil, 0, 0},
	} {
		for _, activation := range []string{"relu", "leaky"} {
			c := test.task
			want := Dead{test.inDiscrimator, test.inGenerator}
			if activation == "relu" {
				c.Act = reluOf(t)
			} else {
				want = Dead{}
			}
			tr := NewTrainer(c)
			kill(tr.generator, test.generator, 1e4)
			// The generator's outputs are large, but smaller than this.
			kill(tr.discriminator, test.discriminator, 1e24)
			got, err := tr.DeadUnits().Count()
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.Discriminator-want.Discriminator) > 1e-15 || math.Abs(got.Generator-want.Generator) > 1e-15 {
				t.Errorf("%s, %s: shares %+v, want %+v", test.name, activation, got, want)
			}
		}
	}
}

// reluOf is the activation of the flag -activation relu.
func reluOf(t *testing.T) nn.Activation {
	t.Helper()
	act, err := nn.NewActivation("relu", 0, tensor.Float64)
	if err != nil {
		t.Fatal(err)
	}
	return act
}

// TestDeadUnitsAgain counts twice. The counts must be equal, and the first
// count must not change the run.
func TestDeadUnitsAgain(t *testing.T) {
	c := tiny(t, "r1r2", "leaky")
	c.Act = reluOf(t)
	tr := NewTrainer(c)
	kill(tr.discriminator, [][]int{{1}, {2, 3}}, 1e4)
	before := NewTrainer(c)
	kill(before.discriminator, [][]int{{1}, {2, 3}}, 1e4)
	first, err := tr.DeadUnits().Count()
	if err != nil {
		t.Fatal(err)
	}
	second, err := tr.DeadUnits().Count()
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
