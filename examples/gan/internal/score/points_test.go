package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// repeat returns p n times.
func repeat(n int, p data.Point) []data.Point { return slices.Repeat([]data.Point{p}, n) }

func TestScoreOfKnownPoints(t *testing.T) {
	m := Points{data.Ring()}
	c := m.Centres
	all := append(append([]data.Point(nil), c...), c...)
	beside := func(p data.Point, sigmas float64) data.Point { return data.Point{p[0] + sigmas*m.Sigma, p[1]} }
	nan := math.NaN()
	for _, test := range []struct {
		name   string
		points []data.Point
		want   Score
	}{
		{"all centres", all, Score{8, 8, 1, 0, 0}},
		{"one centre", repeat(10, c[3]), Score{1, 8, 1, math.Log(8), 0}},
		{"two centres", append(repeat(5, c[0]), repeat(5, c[4])...), Score{2, 8, 1, math.Log(4), 0}},
		{"three to one", append(repeat(3, c[0]), c[1]), Score{2, 8, 1, .75*math.Log(6) + .25*math.Log(2), 0}},
		{"good and bad", append(repeat(3, c[2]), beside(c[2], 3.01)), Score{1, 8, .75, math.Log(8), 0}},
		{"just good", []data.Point{beside(c[0], -2.99)}, Score{1, 8, 1, math.Log(8), nan}},
		{"none good", repeat(4, data.Point{.5, .01}), Score{0, 8, 0, math.Log(8), nan}},
		{"each alone", c, Score{8, 8, 1, 0, nan}},
		// Two points at a distance of 2σ have a variance of 2σ² along one axis
		// and 0 along the other. The data's variance is that of a Gaussian cut
		// off at 3σ.
		{"width", []data.Point{beside(c[1], -1), beside(c[1], 1)}, Score{1, 8, 1, math.Log(8), 1 / math.Sqrt(0.94945)}},
	} {
		got, err := m.Score(m.ToSamples(test.points...))
		if err != nil {
			t.Fatal(err)
		}
		width := math.Abs(got.Width-test.want.Width) <= 1e-5 || math.IsNaN(got.Width) && math.IsNaN(test.want.Width)
		// Scaling the samples rounds the points.
		if got.Modes != test.want.Modes || got.Of != test.want.Of ||
			math.Abs(got.Quality-test.want.Quality) > 1e-12 ||
			math.Abs(got.ReverseKL-test.want.ReverseKL) > 1e-12 || !width {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestScoreOfRealData allows five standard errors.
func TestScoreOfRealData(t *testing.T) {
	const n = 100000
	quality := 1 - math.Exp(-4.5) // P(|z| ≤ 3) in the plane: 98.9%
	for _, m := range []Points{{data.Ring()}, {data.Grid()}} {
		s, err := m.Score(m.Sample(rand.New(rand.NewPCG(3, 4)), n))
		if err != nil {
			t.Fatal(err)
		}
		k := len(m.Centres)
		if s.Modes != k || s.Of != k {
			t.Errorf("modes %d/%d, want %d/%[3]d", s.Modes, s.Of, k)
		}
		if e := math.Sqrt(quality * (1 - quality) / n); math.Abs(s.Quality-quality) > 5*e {
			t.Errorf("%d modes: high quality %v, want %v", k, s.Quality, quality)
		}
		// The reverse KL has about the distribution χ²(k−1)/2n. χ²(k−1) has the
		// mean k−1 and the variance 2(k−1).
		if free := float64(k - 1); s.ReverseKL < 0 || s.ReverseKL > (free+5*math.Sqrt(2*free))/(2*n) {
			t.Errorf("%d modes: reverse KL %v, want almost 0", k, s.ReverseKL)
		}
		if math.Abs(s.Width-1) > 5/math.Sqrt(4*n) {
			t.Errorf("%d modes: mode width %v, want 1", k, s.Width)
		}
	}
}

func TestScoreString(t *testing.T) {
	s := Score{Modes: 7, Of: 8, Quality: .931, ReverseKL: .0123, Width: .654}
	if got, want := s.String(), "modes 7/8  high quality 93.1%  reverse KL 0.012  mode width 0.65"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.Width = math.NaN()
	if got, want := s.String(), "modes 7/8  high quality 93.1%  reverse KL 0.012"; got != want {
		t.Errorf("without a width: got %q, want %q", got, want)
	}
}
