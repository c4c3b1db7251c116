package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

// repeat returns n times p.
func repeat(n int, p point) []point {
	points := make([]point, n)
	for i := range points {
		points[i] = p
	}
	return points
}

func TestScoreOfKnownPoints(t *testing.T) {
	m := ring()
	c := m.centres
	all := append(append([]point(nil), c...), c...)
	beside := func(p point, sigmas float64) point { return point{p[0] + sigmas*m.sigma, p[1]} }
	for _, test := range []struct {
		name   string
		points []point
		want   score
	}{
		{"all centres", all, score{8, 8, 1, 0, 0}},
		{"one centre", repeat(10, c[3]), score{1, 8, 1, math.Log(8), 0}},
		{"two centres", append(repeat(5, c[0]), repeat(5, c[4])...), score{2, 8, 1, math.Log(4), 0}},
		{"three to one", append(repeat(3, c[0]), c[1]), score{2, 8, 1, .75*math.Log(6) + .25*math.Log(2), 0}},
		{"good and bad", append(repeat(3, c[2]), beside(c[2], 3.01)), score{1, 8, .75, math.Log(8), 0}},
		{"just good", []point{beside(c[0], -2.99)}, score{1, 8, 1, math.Log(8), 0}},
		{"none good", repeat(4, point{.5, .01}), score{0, 8, 0, math.Log(8), 0}},
		// Two points at a distance of 2σ have a variance of 2σ² along one axis
		// and 0 along the other. The data's is that of a Gaussian cut off at 3σ.
		{"width", []point{beside(c[1], -1), beside(c[1], 1)}, score{1, 8, 1, math.Log(8), 1 / math.Sqrt(0.94945)}},
	} {
		got := m.score(test.points)
		if got.modes != test.want.modes || got.of != test.want.of ||
			math.Abs(got.quality-test.want.quality) > 1e-12 ||
			math.Abs(got.reverseKL-test.want.reverseKL) > 1e-12 ||
			math.Abs(got.width-test.want.width) > 1e-5 {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestScoreOfRealData allows five standard errors.
func TestScoreOfRealData(t *testing.T) {
	const n = 100000
	m := ring()
	s := m.score(m.sample(rand.New(rand.NewPCG(3, 4)), n))
	quality := 1 - math.Exp(-4.5) // P(|z| ≤ 3) in the plane: 98.9%
	if s.modes != 8 || s.of != 8 {
		t.Errorf("modes %d/%d, want 8/8", s.modes, s.of)
	}
	if e := math.Sqrt(quality * (1 - quality) / n); math.Abs(s.quality-quality) > 5*e {
		t.Errorf("high quality %v, want %v", s.quality, quality)
	}
	if s.reverseKL < 0 || s.reverseKL > 20./n { // about χ²(7)/2n
		t.Errorf("reverse KL %v, want almost 0", s.reverseKL)
	}
	if math.Abs(s.width-1) > 5/math.Sqrt(4*n) {
		t.Errorf("mode width %v, want 1", s.width)
	}
}

func TestScoreString(t *testing.T) {
	got := score{modes: 7, of: 8, quality: .931, reverseKL: .0123, width: .654}.String()
	if want := "modes 7/8  high quality 93.1%  reverse KL 0.012  mode width 0.65"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
