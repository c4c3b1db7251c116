package data

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRing(t *testing.T) {
	m := Ring()
	if len(m.Centres) != 8 || m.Sigma != 0.01 {
		t.Fatalf("%d centres with σ %v, want 8 with 0.01", len(m.Centres), m.Sigma)
	}
	for i, c := range m.Centres {
		if r := math.Hypot(c[0], c[1]); math.Abs(r-1) > 1e-15 {
			t.Errorf("centre %d is at distance %v from the origin, want 1", i, r)
		}
		next := m.Centres[(i+1)%8]
		chord := math.Hypot(c[0]-next[0], c[1]-next[1])
		if want := 2 * math.Sin(math.Pi/8); math.Abs(chord-want) > 1e-15 {
			t.Errorf("centres %d and %d are %v apart, want %v", i, (i+1)%8, chord, want)
		}
	}
}

func TestGrid(t *testing.T) {
	m := Grid()
	if len(m.Centres) != 25 || m.Sigma != 0.05 {
		t.Fatalf("%d centres with σ %v, want 25 with 0.05", len(m.Centres), m.Sigma)
	}
	found := map[Point]bool{}
	for _, c := range m.Centres {
		found[c] = true
	}
	for row := range 5 {
		for column := range 5 {
			if p := (Point{float64(2*column - 4), float64(2*row - 4)}); !found[p] {
				t.Errorf("no centre at %v", p)
			}
		}
	}
}

// TestPoints compares moments of the points with those of the distribution,
// within five standard errors.
func TestPoints(t *testing.T) {
	const n = 80000
	for _, m := range []Mixture{Ring(), Grid()} {
		modes := len(m.Centres)
		counts := make([]int, modes)
		var sum, squares [2]float64
		for _, p := range m.Points(rand.New(rand.NewPCG(1, 2)), n) {
			mode, distance := m.Nearest(p)
			counts[mode]++
			if distance > 6*m.Sigma {
				t.Fatalf("%d modes: %v is %.1fσ from the nearest centre", modes, p, distance/m.Sigma)
			}
			for i := range p {
				d := (p[i] - m.Centres[mode][i]) / m.Sigma
				sum[i] += d
				squares[i] += d * d
			}
		}
		for mode, c := range counts {
			share := 1 / float64(modes)
			if e := math.Sqrt(n * share * (1 - share)); math.Abs(float64(c)-n*share) > 5*e {
				t.Errorf("mode %d of %d has %d of %d points, want %.0f ± %.0f", mode, modes, c, n, n*share, e)
			}
		}
		for i := range sum {
			if mean := sum[i] / n; math.Abs(mean) > 5/math.Sqrt(n) {
				t.Errorf("%d modes: coordinate %d is off by %vσ on average, want 0", modes, i, mean)
			}
			if v := squares[i] / n; math.Abs(v-1) > 5*math.Sqrt(2./n) {
				t.Errorf("%d modes: coordinate %d has variance %vσ², want 1", modes, i, v)
			}
		}
	}
}

// TestSamples checks that samples are scaled points and that FromSamples
// returns the points.
func TestSamples(t *testing.T) {
	const n = 100
	for _, m := range []Mixture{Ring(), Grid()} {
		m.Scale = 4 // a power of two: scaling is exact
		points := m.Points(rand.New(rand.NewPCG(3, 4)), n)
		samples := m.Sample(rand.New(rand.NewPCG(3, 4)), n)
		if len(samples) != n*m.Size() {
			t.Fatalf("%d numbers, want %d", len(samples), n*m.Size())
		}
		back := m.FromSamples(samples)
		for i, p := range points {
			if got := (Point{samples[2*i], samples[2*i+1]}); got != (Point{4 * p[0], 4 * p[1]}) {
				t.Errorf("sample %d is %v, want 4 times %v", i, got, p)
			}
			if back[i] != p {
				t.Errorf("the Point of sample %d is %v, want %v", i, back[i], p)
			}
		}
	}
}
