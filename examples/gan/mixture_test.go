package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRing(t *testing.T) {
	m := ring()
	if len(m.centres) != 8 || m.sigma != 0.01 {
		t.Fatalf("%d centres with σ %v, want 8 with 0.01", len(m.centres), m.sigma)
	}
	for i, c := range m.centres {
		if r := math.Hypot(c[0], c[1]); math.Abs(r-1) > 1e-15 {
			t.Errorf("centre %d is at distance %v from the origin, want 1", i, r)
		}
		next := m.centres[(i+1)%8]
		chord := math.Hypot(c[0]-next[0], c[1]-next[1])
		if want := 2 * math.Sin(math.Pi/8); math.Abs(chord-want) > 1e-15 {
			t.Errorf("centres %d and %d are %v apart, want %v", i, (i+1)%8, chord, want)
		}
	}
}

func TestGrid(t *testing.T) {
	m := grid()
	if len(m.centres) != 25 || m.sigma != 0.05 {
		t.Fatalf("%d centres with σ %v, want 25 with 0.05", len(m.centres), m.sigma)
	}
	found := map[point]bool{}
	for _, c := range m.centres {
		found[c] = true
	}
	for row := range 5 {
		for column := range 5 {
			if p := (point{float64(2*column - 4), float64(2*row - 4)}); !found[p] {
				t.Errorf("no centre at %v", p)
			}
		}
	}
}

// TestPoints compares moments of the points with those of the distribution,
// allowing five standard errors.
func TestPoints(t *testing.T) {
	const n = 80000
	for _, m := range []mixture{ring(), grid()} {
		modes := len(m.centres)
		counts := make([]int, modes)
		var sum, squares [2]float64
		for _, p := range m.points(rand.New(rand.NewPCG(1, 2)), n) {
			mode, distance := m.nearest(p)
			counts[mode]++
			if distance > 6*m.sigma {
				t.Fatalf("%d modes: %v is %.1fσ from the nearest centre", modes, p, distance/m.sigma)
			}
			for i := range p {
				d := (p[i] - m.centres[mode][i]) / m.sigma
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

// TestSamples wants samples to be scaled points, and points to come back.
func TestSamples(t *testing.T) {
	const n = 100
	for _, m := range []mixture{ring(), grid()} {
		m.scale = 4 // a power of two: scaling is exact
		points := m.points(rand.New(rand.NewPCG(3, 4)), n)
		samples := m.sample(rand.New(rand.NewPCG(3, 4)), n)
		if len(samples) != n*m.size() {
			t.Fatalf("%d numbers, want %d", len(samples), n*m.size())
		}
		back := m.fromSamples(samples)
		for i, p := range points {
			if got := (point{samples[2*i], samples[2*i+1]}); got != (point{4 * p[0], 4 * p[1]}) {
				t.Errorf("sample %d is %v, want 4 times %v", i, got, p)
			}
			if back[i] != p {
				t.Errorf("the point of sample %d is %v, want %v", i, back[i], p)
			}
		}
	}
}
