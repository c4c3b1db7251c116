package adversary

import "math"

// Recipe has the settings of the solvers and the weight of the penalty.
type Recipe struct {
	Rate         float64               // for the first half of the steps
	Fall         func(float64) float64 // of the rate over the second half
	Beta1, Beta2 float64               // Adam's decay rates for the averages of the gradients and of their squares
	// The penalty's weight keeps its first value for the share Hold of the
	// steps. Then it falls geometrically to the last value.
	FirstWeight, LastWeight, Hold float64
}

// lastRate is the final learning rate as a share of the first.
const lastRate = 0.01

// Cosine and Geometric fall from 1 to lastRate while done goes from 0 to 1.
// Geometric spends more steps at small rates. At small rates, the points of a
// mode spread to the width of the data.
func Cosine(done float64) float64 {
	return lastRate + (1-lastRate)*((1+math.Cos(math.Pi*done))/2)
}

func Geometric(done float64) float64 { return math.Pow(lastRate, done) }

// at returns the learning rate and the penalty's weight after the share done of
// the steps.
func (r Recipe) at(done float64) (rate, weight float64) {
	rate = r.Rate
	if done > 0.5 {
		rate *= r.Fall(2*done - 1)
	}
	if r.FirstWeight > 0 {
		falling := max(0, done-r.Hold) / (1 - r.Hold)
		weight = r.FirstWeight * math.Pow(r.LastWeight/r.FirstWeight, falling)
	}
	return rate, weight
}
