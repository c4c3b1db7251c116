package draw

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// roundTicks returns about six ticks at round numbers: multiples of 1, 2 or 5
// times a power of ten. So there is a tick at 0 if 0 is on the axis.
type roundTicks struct{ unit string }

func (r roundTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	const about = 6
	if !(high > low) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/about)))
	for _, factor := range []float64{2, 2.5, 2} { // 2, 5 and 10 times the power
		if (high-low)/step > about {
			step *= factor
		}
	}
	// Multiplication, because repeated addition accumulates rounding errors.
	for i := math.Ceil(low/step - 1e-9); i <= math.Floor(high/step+1e-9); i++ {
		value := i*step + 0 // never -0
		ticks = append(ticks, plot.Tick{Value: value, Label: strconv.FormatFloat(value, 'g', 6, 64) + r.unit})
	}
	return ticks
}
