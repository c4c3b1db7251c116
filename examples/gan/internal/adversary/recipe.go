package adversary

import "math"

// Recipe is how fast the networks move, and how much the penalty weighs.
type Recipe struct {
	Rate         float64               // for the first half of the steps
	Fall         func(float64) float64 // of the rate over the second half
	Beta1, Beta2 float64               // Adam's memory for gradients and for their squares
	// The weight falls geometrically, after it has held its first value for a
	// share of the steps.
	FirstWeight, LastWeight, Hold float64
}

// lastRate is the share of the learning rate that is left in the end.
const lastRate = 0.01

// Cosine and Geometric fall from 1 to lastRate, as done goes from 0 to 1. The
// geometric one spends more of its time at small rates, in which the points of a
// mode spread to the data's width.
func Cosine(done float64) float64 {
	return lastRate + (1-lastRate)*((1+math.Cos(math.Pi*done))/2)
}

func Geometric(done float64) float64 { return math.Pow(lastRate, done) }

// at returns the learning rate and the penalty's weight when a share of the steps
// is done.
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
