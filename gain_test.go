package leakyrelu_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// The expected numbers are those of torch.nn.init.calculate_gain("leaky_relu", alpha)
// in PyTorch 1.13.
func TestGainMatchesPyTorch(t *testing.T) {
	for alpha, want := range map[float64]float64{
		0: 1.4142135623730951, 0.01: 1.4141428569978354, 0.2: 1.3867504905630728, 1: 1.0, 2: 0.6324555320336759, -0.5: 1.2649110640673518,
	} {
		if got := leakyrelu.Gain(alpha); math.Abs(got-want) > 1e-15 {
			t.Errorf("Gain(%v) is %v, want %v", alpha, got, want)
		}
	}
}

// The test sends a signal through 12 layers whose weights are drawn with the
// gain. The mean square of the signal must keep its order of magnitude. With a
// gain of 1 it would fall to 0.004 or less. The weights differ from run to run,
// because Gorgonia seeds them with the time.
func TestGainKeepsSignalSize(t *testing.T) {
	const batch, width, layers = 64, 256, 12
	for _, init := range []struct {
		name string
		of   func(gain float64) gorgonia.InitWFn
	}{{"HeN", gorgonia.HeN}, {"GlorotN", gorgonia.GlorotN}} {
		for _, alpha := range []float64{0.01, 0.2, 0.5} {
			must := must(t)
			g := gorgonia.NewGraph()
			x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(batch, width), gorgonia.WithName("x"), gorgonia.WithInit(gorgonia.Gaussian(0, 1)))
			h := x
			for i := range layers {
				w := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(width, width), gorgonia.WithName(fmt.Sprint("w", i)),
					gorgonia.WithInit(init.of(leakyrelu.Gain(alpha))))
				h = must(leakyrelu.Apply(must(gorgonia.Mul(h, w)), alpha))
			}
			var before, after gorgonia.Value
			gorgonia.Read(must(gorgonia.Mean(must(gorgonia.Square(x)))), &before)
			gorgonia.Read(must(gorgonia.Mean(must(gorgonia.Square(h)))), &after)
			runTape(t, g)
			if ratio := after.Data().(float64) / before.Data().(float64); ratio < 0.1 || ratio > 10 {
				t.Errorf("%s, alpha %v: after %d layers the mean square is %.2f times what it was, want about 1", init.name, alpha, layers, ratio)
			}
		}
	}
}
