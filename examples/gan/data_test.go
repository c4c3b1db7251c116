package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRing(t *testing.T) {
	m := ring()
	if len(m.centres) != 8 {
		t.Fatalf("%d centres, want 8", len(m.centres))
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

// TestSample compares moments of the samples with those of the distribution,
// allowing five standard errors.
func TestSample(t *testing.T) {
	const n = 80000
	m := ring()
	counts := make([]int, 8)
	var sum, squares [2]float64
	for _, p := range m.sample(rand.New(rand.NewPCG(1, 2)), n) {
		mode, distance := m.nearest(p)
		counts[mode]++
		if distance > 6*m.sigma {
			t.Fatalf("%v is %.1fσ from the nearest centre", p, distance/m.sigma)
		}
		for i := range p {
			d := (p[i] - m.centres[mode][i]) / m.sigma
			sum[i] += d
			squares[i] += d * d
		}
	}
	for mode, c := range counts {
		if e := math.Sqrt(n * 1. / 8 * 7 / 8); math.Abs(float64(c)-n/8) > 5*e {
			t.Errorf("mode %d has %d of %d samples, want %d ± %.0f", mode, c, n, n/8, e)
		}
	}
	for i := range sum {
		if mean := sum[i] / n; math.Abs(mean) > 5/math.Sqrt(n) {
			t.Errorf("coordinate %d is off by %vσ on average, want 0", i, mean)
		}
		if v := squares[i] / n; math.Abs(v-1) > 5*math.Sqrt(2./n) {
			t.Errorf("coordinate %d has variance %vσ², want 1", i, v)
		}
	}
}
