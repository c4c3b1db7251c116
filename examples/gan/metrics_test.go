package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// repeat returns n times p.
func repeat(n int, p point) []point { return slices.Repeat([]point{p}, n) }

func TestScoreOfKnownPoints(t *testing.T) {
	m := ring()
	c := m.centres
	all := append(append([]point(nil), c...), c...)
	beside := func(p point, sigmas float64) point { return point{p[0] + sigmas*m.sigma, p[1]} }
	nan := math.NaN()
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
		{"just good", []point{beside(c[0], -2.99)}, score{1, 8, 1, math.Log(8), nan}},
		{"none good", repeat(4, point{.5, .01}), score{0, 8, 0, math.Log(8), nan}},
		{"each alone", c, score{8, 8, 1, 0, nan}},
		// Two points at a distance of 2σ have a variance of 2σ² along one axis
		// and 0 along the other. The data's is that of a Gaussian cut off at 3σ.
		{"width", []point{beside(c[1], -1), beside(c[1], 1)}, score{1, 8, 1, math.Log(8), 1 / math.Sqrt(0.94945)}},
	} {
		got, err := m.score(m.samplesAt(test.points...))
		if err != nil {
			t.Fatal(err)
		}
		width := math.Abs(got.width-test.want.width) <= 1e-5 || math.IsNaN(got.width) && math.IsNaN(test.want.width)
		// What the samples' scale does to the points is rounding.
		if got.modes != test.want.modes || got.of != test.want.of ||
			math.Abs(got.quality-test.want.quality) > 1e-12 ||
			math.Abs(got.reverseKL-test.want.reverseKL) > 1e-12 || !width {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestScoreOfRealData allows five standard errors.
func TestScoreOfRealData(t *testing.T) {
	const n = 100000
	quality := 1 - math.Exp(-4.5) // P(|z| ≤ 3) in the plane: 98.9%
	for _, m := range []mixture{ring(), grid()} {
		s, err := m.score(m.sample(rand.New(rand.NewPCG(3, 4)), n))
		if err != nil {
			t.Fatal(err)
		}
		k := len(m.centres)
		if s.modes != k || s.of != k {
			t.Errorf("modes %d/%d, want %d/%[3]d", s.modes, s.of, k)
		}
		if e := math.Sqrt(quality * (1 - quality) / n); math.Abs(s.quality-quality) > 5*e {
			t.Errorf("%d modes: high quality %v, want %v", k, s.quality, quality)
		}
		// It is about χ²(k−1)/2n, whose mean is k−1 and variance 2(k−1).
		if free := float64(k - 1); s.reverseKL < 0 || s.reverseKL > (free+5*math.Sqrt(2*free))/(2*n) {
			t.Errorf("%d modes: reverse KL %v, want almost 0", k, s.reverseKL)
		}
		if math.Abs(s.width-1) > 5/math.Sqrt(4*n) {
			t.Errorf("%d modes: mode width %v, want 1", k, s.width)
		}
	}
}

func TestScoreString(t *testing.T) {
	s := score{modes: 7, of: 8, quality: .931, reverseKL: .0123, width: .654}
	if got, want := s.String(), "modes 7/8  high quality 93.1%  reverse KL 0.012  mode width 0.65"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.width = math.NaN()
	if got, want := s.String(), "modes 7/8  high quality 93.1%  reverse KL 0.012"; got != want {
		t.Errorf("without a width: got %q, want %q", got, want)
	}
}
