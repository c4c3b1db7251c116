package data

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDigitsLabels checks that all labels have the same frequency, within five
// standard errors.
func TestDigitsLabels(t *testing.T) {
	const n = 10000
	pixels, labels := NewDigits().Draw(rand.New(rand.NewPCG(1, 2)), n)
	if len(pixels) != n*Side*Side || len(labels) != n {
		t.Fatalf("%d pixels and %d labels, want %d and %d", len(pixels), len(labels), n*Side*Side, n)
	}
	var counts [10]int
	for _, l := range labels {
		counts[l]++
	}
	for digit, c := range counts {
		if e := math.Sqrt(n * 0.1 * 0.9); math.Abs(float64(c)-n/10) > 5*e {
			t.Errorf("%d of %d pictures show a %d, want %d ± %.0f", c, n, digit, n/10, e)
		}
	}
}

// TestDigitsFaces draws from two faces that differ in the middle of the
// picture. Both must have the same frequency, within five standard errors.
func TestDigitsFaces(t *testing.T) {
	const n = 1000
	var hollow, solid [10]outline
	for i := range hollow {
		hollow[i], solid[i] = unitFrame, unitFrame[:1]
	}
	d := &Digits{faces: [][10]outline{hollow, solid}}
	pixels, _ := d.Draw(rand.New(rand.NewPCG(13, 14)), n)
	count := 0
	for i := range n {
		if pixels[(i*Side+Side/2)*Side+Side/2] > 0.5 {
			count++
		}
	}
	if e := math.Sqrt(n * 0.25); math.Abs(float64(count)-n/2) > 5*e {
		t.Errorf("%d of %d pictures are from the second face, want %d ± %.0f", count, n, n/2, e)
	}
}

// TestDigitsSameSeed checks that the same random numbers give the same
// pictures, drawn at once or in two parts.
func TestDigitsSameSeed(t *testing.T) {
	d := NewDigits()
	pixelsA, labelsA := d.Draw(rand.New(rand.NewPCG(3, 4)), 20)
	rng := rand.New(rand.NewPCG(3, 4))
	pixelsB, labelsB := d.Draw(rng, 5)
	pixelsC, labelsC := d.Draw(rng, 15)
	if !slices.Equal(pixelsA, append(pixelsB, pixelsC...)) || !slices.Equal(labelsA, append(labelsB, labelsC...)) {
		t.Error("the pictures differ between two samples from the same seed")
	}
	if other, _ := d.Draw(rand.New(rand.NewPCG(3, 5)), 20); slices.Equal(pixelsA, other) {
		t.Error("another seed gives the same pictures")
	}
}

// TestDigitsMargin checks that the outermost pixels contain only noise:
// Gaussian noise with all negative values set to 0.
func TestDigitsMargin(t *testing.T) {
	const n = 4000
	pixels, labels := NewDigits().Draw(rand.New(rand.NewPCG(5, 6)), n)
	var sum, squares, count float64
	for i, v := range pixels {
		if v < 0 || v > 1 {
			t.Fatalf("picture %d has a pixel of %v, want it from 0 to 1", i/(Side*Side), v)
		}
		x, y := i%Side, i/Side%Side
		if x%(Side-1) != 0 && y%(Side-1) != 0 {
			continue
		}
		if v > 6*grain {
			t.Errorf("picture %d, a %d, has %v at (%d, %d), which can't be noise", i/(Side*Side), labels[i/(Side*Side)], v, x, y)
		}
		sum += v
		squares += v * v
		count++
	}
	// Let X be standard normal. Then max(X, 0) has the mean 1/√2π and the mean
	// square 1/2. Its square has the variance E(X⁴)/2 − 1/4 = 5/4.
	mean, want := sum/count/grain, 1/math.Sqrt(2*math.Pi)
	if e := math.Sqrt((0.5 - want*want) / count); math.Abs(mean-want) > 5*e {
		t.Errorf("the mean in the margin is %.4fσ, want %.4fσ ± %.4f", mean, want, e)
	}
	if got, e := squares/count/(grain*grain), math.Sqrt(1.25/count); math.Abs(got-0.5) > 5*e {
		t.Errorf("the mean square in the margin is %.4fσ², want 0.5σ² ± %.4f", got, e)
	}
}

// TestDigitsPlace computes all random values from the corners of a placed
// frame. It compares range, mean and variance with those of the uniform
// distribution, within five standard errors.
func TestDigitsPlace(t *testing.T) {
	const n = 20000
	rng := rand.New(rand.NewPCG(7, 8))
	var size, x, y, weight, slant, angle []float64
	for range n {
		o := place(unitFrame, rng)
		low, high := o.box()
		size = append(size, max(high[0]-low[0], high[1]-low[1]))
		x = append(x, (low[0]+high[0])/2)
		y = append(y, (low[1]+high[1])/2)

		right, down := difference(o[0][2], o[0][0]), difference(o[0][6], o[0][0])
		top := math.Hypot(right[0], right[1])
		hole := difference(o[1][6], o[1][0])
		ratio := math.Hypot(hole[0], hole[1]) / top // (1/2 − 2·weight) / (1 + 2·weight)
		weight = append(weight, (0.5-ratio)/(2+2*ratio))
		slant = append(slant, -(right[0]*down[0]+right[1]*down[1])/(top*top))
		angle = append(angle, math.Atan2(right[1], right[0]))
	}
	for _, c := range []struct {
		name      string
		values    []float64
		low, high float64
	}{
		{"longer side", size, smallest, largest},
		{"x", x, Side/2 - offset, Side/2 + offset},
		{"y", y, Side/2 - offset, Side/2 + offset},
		{"weight", weight, thinnest, boldest},
		{"slant", slant, -lean, lean},
		{"angle", angle, -turn, turn},
	} {
		middle, half := (c.low+c.high)/2, (c.high-c.low)/2
		var mean, variance float64
		for _, v := range c.values {
			u := (v - middle) / half
			if math.Abs(u) > 1+1e-9 {
				t.Fatalf("%s is %v, want it from %v to %v", c.name, v, c.low, c.high)
			}
			mean += u / n
			variance += u * u / n
		}
		// The values are uniform from -1 to 1. Their variance is 1/3. The
		// variance of their squares is 1/5 − 1/9.
		if e := math.Sqrt(1. / 3 / n); math.Abs(mean) > 5*e {
			t.Errorf("%s is off by %.4f half widths on average, want 0 ± %.4f", c.name, mean, e)
		}
		if e := math.Sqrt(4. / 45 / n); math.Abs(variance-1./3) > 5*e {
			t.Errorf("%s has the variance %.4f, want 1/3 ± %.4f", c.name, variance, e)
		}
	}
}

func difference(p, q Point) Point { return Point{p[0] - q[0], p[1] - q[1]} }

// TestDigitsReadable classifies new digits by the most similar of other digits.
// The mean picture of each class must not be enough to classify them: then the
// pictures of a digit would be too similar.
func TestDigitsReadable(t *testing.T) {
	const known, fresh = 2000, 500
	d := NewDigits()
	rng := rand.New(rand.NewPCG(9, 10))
	pixels, labels := d.Draw(rng, known)
	test, want := d.Draw(rng, fresh)

	means, counts := make([]float64, 10*Side*Side), make([]float64, 10)
	for _, l := range labels {
		counts[l]++
	}
	for i, v := range pixels {
		l := labels[i/(Side*Side)]
		means[l*Side*Side+i%(Side*Side)] += v / counts[l]
	}

	var byNeighbour, byMean float64
	for i, l := range want {
		p := test[i*Side*Side:][:Side*Side]
		if labels[mostSimilar(pixels, p)] == l {
			byNeighbour += 1. / fresh
		}
		if mostSimilar(means, p) == l {
			byMean += 1. / fresh
		}
	}
	t.Logf("%.1f%% told by the nearest neighbour, %.1f%% by the nearest mean", 100*byNeighbour, 100*byMean)
	if byNeighbour < 0.97 {
		t.Errorf("the nearest neighbour tells %.1f%% of the digits, want 97%% at least", 100*byNeighbour)
	}
	if byMean < 0.7 || byMean > 0.95 {
		t.Errorf("the nearest mean tells %.1f%% of the digits, want 70%% to 95%%", 100*byMean)
	}
}

// mostSimilar returns the index of the picture with the smallest distance from
// p.
func mostSimilar(pictures, p []float64) (index int) {
	least := math.Inf(1)
	for i := range len(pictures) / len(p) {
		q := pictures[i*len(p):][:len(p)]
		distance := 0.
		for j, v := range p {
			distance += (v - q[j]) * (v - q[j])
		}
		if distance < least {
			index, least = i, distance
		}
	}
	return index
}

// BenchmarkDigits draws one digit after another.
func BenchmarkDigits(b *testing.B) {
	d := NewDigits()
	rng := rand.New(rand.NewPCG(11, 12))
	for b.Loop() {
		d.Draw(rng, 1)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "digits/s")
}
