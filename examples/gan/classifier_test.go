package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
)

// softmax is the probabilities that logits stand for.
func softmax(logits []float64) []float64 {
	var sum float64
	p := make([]float64, len(logits))
	for i, v := range logits {
		p[i] = math.Exp(v)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// TestCrossEntropy compares it with the formula, and its gradient with
// (softmax − answer)/n.
func TestCrossEntropy(t *testing.T) {
	const n = 7
	rng := rand.New(rand.NewPCG(23, 24))
	x := normal(rng, n*classes)
	labels := make([]int, n)
	for i := range labels {
		labels[i] = rng.IntN(classes)
	}
	var want float64
	var wantGrad []float64
	for i, l := range labels {
		p := softmax(x[i*classes : (i+1)*classes])
		want -= math.Log(p[l]) / n
		for j, v := range p {
			if j == l {
				v--
			}
			wantGrad = append(wantGrad, v/n)
		}
	}

	g := gorgonia.NewGraph()
	logits := input(g, "logits", matrix(n, classes, x))
	loss := crossEntropy(logits, input(g, "answers", matrix(n, classes, oneHot(labels))))
	grads, err := gorgonia.Grad(loss, logits)
	if err != nil {
		t.Fatal(err)
	}
	var got, gotGrad gorgonia.Value
	gorgonia.Read(loss, &got)
	gorgonia.Read(grads[0], &gotGrad)
	runGraph(t, g)
	if v := values(got)[0]; math.Abs(v-want) > 1e-14 {
		t.Errorf("cross entropy %v, want %v", v, want)
	}
	for i, v := range values(gotGrad) {
		if math.Abs(v-wantGrad[i]) > 1e-14 {
			t.Errorf("derivative %d is %v, want %v", i, v, wantGrad[i])
		}
	}
}

// TestClassifier shows it fresh pictures.
func TestClassifier(t *testing.T) {
	im := judgedDigits(t)
	pictures, want := im.labelled(rand.New(rand.NewPCG(25, 26)), evaluated)
	labels, probabilities, err := im.judge.classify(pictures)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i := range labels {
		if labels[i] == want[i] {
			right++
		}
	}
	accuracy := float64(right) / evaluated
	if accuracy < 0.98 {
		t.Errorf("%.1f%% of the digits are recognized, want nearly all", 100*accuracy)
	}
	// It says how good it is, of other pictures.
	if e := math.Sqrt(accuracy * (1 - accuracy) / evaluated); math.Abs(accuracy-im.judge.accuracy) > 5*math.Sqrt2*e {
		t.Errorf("accuracy is said to be %v, found %v", im.judge.accuracy, accuracy)
	}
	// Its network, computed in float64.
	for i := range 50 {
		p := softmax(im.judge.network.one(pictures[i*side*side : (i+1)*side*side]))
		best := slices.Index(p, slices.Max(p))
		if labels[i] != best || math.Abs(probabilities[i]-p[best]) > 1e-4 {
			t.Errorf("picture %d: %d with probability %v, want %d with %v", i, labels[i], probabilities[i], best, p[best])
		}
	}
}

// TestScoreOfDigits scores pictures of which it is known what they show.
func TestScoreOfDigits(t *testing.T) {
	im := judgedDigits(t)
	rng := rand.New(rand.NewPCG(27, 28))
	real, labels := im.labelled(rng, 2*evaluated)
	s, err := im.score(real[:evaluated*im.size()])
	if err != nil {
		t.Fatal(err)
	}
	if s.modes != 10 || s.of != 10 || s.quality < 0.95 || s.reverseKL < 0 || s.reverseKL > 0.01 || !math.IsNaN(s.width) {
		t.Errorf("real digits: %+v, want 10 of 10 modes, high quality and no divergence", s)
	}

	// only is pictures of these digits, equally many of each.
	only := func(digits ...int) []float64 {
		byLabel := make([][]float64, classes)
		for i, l := range labels {
			byLabel[l] = append(byLabel[l], real[i*im.size():(i+1)*im.size()]...)
		}
		var pictures []float64
		for i := range evaluated {
			all := byLabel[digits[i%len(digits)]]
			at := i / len(digits) * im.size() % len(all)
			pictures = append(pictures, all[at:at+im.size()]...)
		}
		return pictures
	}
	for _, digits := range [][]int{{3}, {0, 7}, {1, 2, 4, 6, 8}} {
		s, err := im.score(only(digits...))
		if err != nil {
			t.Fatal(err)
		}
		want := math.Log(classes / float64(len(digits)))
		if s.modes != len(digits) || s.quality < 0.85 || math.Abs(s.reverseKL-want) > 0.15 {
			t.Errorf("only %v: %+v, want %d modes, high quality, divergence about %.2f", digits, s, len(digits), want)
		}
	}

	// Two pictures over and over, one of them so many times out of 2500. From a
	// share of 1% it counts.
	clearly := func(digit int) []float64 {
		for i, l := range labels {
			picture := real[i*im.size() : (i+1)*im.size()]
			if l == digit && softmax(im.judge.network.one(picture))[digit] > 0.95 {
				return picture
			}
		}
		t.Fatalf("no picture is clearly a %d", digit)
		return nil
	}
	a, b := clearly(5), clearly(0)
	for n, modes := range map[int]int{0: 1, 20: 1, 30: 2, evaluated / 2: 2} {
		s, err = im.score(append(slices.Repeat(a, evaluated-n), slices.Repeat(b, n)...))
		if err != nil {
			t.Fatal(err)
		}
		var want float64
		for _, share := range []float64{float64(n) / evaluated, 1 - float64(n)/evaluated} {
			if share > 0 {
				want += share * math.Log(10*share)
			}
		}
		if s.modes != modes || math.Abs(s.quality-1) > 1e-9 || math.Abs(s.reverseKL-want) > 1e-9 {
			t.Errorf("two pictures, one %d times: %+v, want %d modes, all of high quality, divergence %v", n, s, modes, want)
		}
	}

	// A blank page is taken for whatever digit, but all are for the same.
	s, err = im.score(slices.Repeat([]float64{-1}, evaluated*im.size()))
	if err != nil {
		t.Fatal(err)
	}
	if s.modes > 1 || math.Abs(s.reverseKL-math.Log(10)) > 1e-9 {
		t.Errorf("blank pages: %+v, want 1 mode at most, divergence log 10", s)
	}
	noise := normal(rng, evaluated*im.size())
	for i := range noise {
		noise[i] = max(-1, min(1, noise[i]))
	}
	s, err = im.score(noise)
	if err != nil {
		t.Fatal(err)
	}
	if s.quality > 0.5 {
		t.Errorf("noise: %+v, want low quality", s)
	}
}

// TestClassifierAgain wants the same classifier whenever one is trained.
func TestClassifierAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("training takes seconds")
	}
	im, err := newImages(newDigits())
	if err != nil {
		t.Fatal(err)
	}
	first := judgedDigits(t).judge.network.parameters()
	for i, p := range im.judge.network.parameters() {
		if !sameBits(values(p), values(first[i])) {
			t.Errorf("parameter %d differs", i)
		}
	}
}
