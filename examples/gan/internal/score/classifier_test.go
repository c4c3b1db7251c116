package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/tensor"
)

var digits = data.Pictures{Source: data.NewDigits()}

// once trains a classifier of them, which takes seconds.
var once = sync.OnceValues(func() (*Classifier, error) { return NewClassifier(digits) })

func trained(t *testing.T) *Classifier {
	t.Helper()
	c, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// softmax returns the probabilities for logits.
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

// TestCrossEntropy compares crossEntropy with its formula, and its gradient
// with (softmax − answer)/n.
func TestCrossEntropy(t *testing.T) {
	const n = 7
	rng := rand.New(rand.NewPCG(23, 24))
	x := nntest.Normal(rng, n*classes)
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
	logits := nn.Input(g, "logits", nntest.Matrix(n, classes, x))
	loss := crossEntropy(logits, nn.Input(g, "answers", nntest.Matrix(n, classes, oneHot(labels))))
	grads, err := gorgonia.Grad(loss, logits)
	if err != nil {
		t.Fatal(err)
	}
	var got, gotGrad gorgonia.Value
	gorgonia.Read(loss, &got)
	gorgonia.Read(grads[0], &gotGrad)
	nntest.Run(t, g)
	if v := nn.Values(got)[0]; math.Abs(v-want) > 1e-14 {
		t.Errorf("cross entropy %v, want %v", v, want)
	}
	for i, v := range nn.Values(gotGrad) {
		if math.Abs(v-wantGrad[i]) > 1e-14 {
			t.Errorf("derivative %d is %v, want %v", i, v, wantGrad[i])
		}
	}
}

// TestClassifier classifies new pictures.
func TestClassifier(t *testing.T) {
	classifier := trained(t)
	pictures, want := digits.Labelled(rand.New(rand.NewPCG(25, 26)), Samples)
	labels, probabilities, err := classifier.classify(pictures)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i := range labels {
		if labels[i] == want[i] {
			right++
		}
	}
	accuracy := float64(right) / Samples
	if accuracy < 0.98 {
		t.Errorf("%.1f%% of the digits are recognized, want nearly all", 100*accuracy)
	}
	// The classifier measured its accuracy with other pictures.
	if e := math.Sqrt(accuracy * (1 - accuracy) / Samples); math.Abs(accuracy-classifier.Accuracy) > 5*math.Sqrt2*e {
		t.Errorf("Accuracy is %v, measured %v", classifier.Accuracy, accuracy)
	}
	// Compute the classifier's network in float64.
	for i := range 50 {
		p := softmax(nntest.One(classifier.network, pictures[i*digits.Size():(i+1)*digits.Size()]))
		best := slices.Index(p, slices.Max(p))
		if labels[i] != best || math.Abs(probabilities[i]-p[best]) > 1e-4 {
			t.Errorf("picture %d: %d with probability %v, want %d with %v", i, labels[i], probabilities[i], best, p[best])
		}
	}
}

// TestScoreOfDigits scores pictures whose digits are known.
func TestScoreOfDigits(t *testing.T) {
	classifier := trained(t)
	rng := rand.New(rand.NewPCG(27, 28))
	real, labels := digits.Labelled(rng, 2*Samples)
	s, err := classifier.Score(real[:Samples*digits.Size()])
	if err != nil {
		t.Fatal(err)
	}
	if s.Modes != 10 || s.Of != 10 || s.Quality < 0.95 || s.ReverseKL < 0 || s.ReverseKL > 0.01 || !math.IsNaN(s.Width) {
		t.Errorf("real digits: %+v, want 10 of 10 modes, high quality and no divergence", s)
	}

	// only returns pictures of these digits, with the same number of each.
	only := func(shown ...int) []float64 {
		byLabel := make([][]float64, classes)
		for i, l := range labels {
			byLabel[l] = append(byLabel[l], real[i*digits.Size():(i+1)*digits.Size()]...)
		}
		var pictures []float64
		for i := range Samples {
			all := byLabel[shown[i%len(shown)]]
			at := i / len(shown) * digits.Size() % len(all)
			pictures = append(pictures, all[at:at+digits.Size()]...)
		}
		return pictures
	}
	for _, shown := range [][]int{{3}, {0, 7}, {1, 2, 4, 6, 8}} {
		s, err := classifier.Score(only(shown...))
		if err != nil {
			t.Fatal(err)
		}
		want := math.Log(classes / float64(len(shown)))
		if s.Modes != len(shown) || s.Quality < 0.85 || math.Abs(s.ReverseKL-want) > 0.15 {
			t.Errorf("only %v: %+v, want %d modes, high quality, divergence about %.2f", shown, s, len(shown), want)
		}
	}

	// Repeat two pictures, one of them n times out of 2500. Its digit counts
	// from a share of 1%.
	clearly := func(digit int) []float64 {
		for i, l := range labels {
			picture := real[i*digits.Size() : (i+1)*digits.Size()]
			if l == digit && softmax(nntest.One(classifier.network, picture))[digit] > 0.95 {
				return picture
			}
		}
		t.Fatalf("no picture is clearly a %d", digit)
		return nil
	}
	a, b := clearly(5), clearly(0)
	for n, modes := range map[int]int{0: 1, 20: 1, 30: 2, Samples / 2: 2} {
		s, err = classifier.Score(append(slices.Repeat(a, Samples-n), slices.Repeat(b, n)...))
		if err != nil {
			t.Fatal(err)
		}
		var want float64
		for _, share := range []float64{float64(n) / Samples, 1 - float64(n)/Samples} {
			if share > 0 {
				want += share * math.Log(10*share)
			}
		}
		if s.Modes != modes || math.Abs(s.Quality-1) > 1e-9 || math.Abs(s.ReverseKL-want) > 1e-9 {
			t.Errorf("two pictures, one %d times: %+v, want %d modes, all of high quality, divergence %v", n, s, modes, want)
		}
	}

	// The classifier may choose any digit for a blank page. It chooses the same
	// digit for all of them.
	s, err = classifier.Score(slices.Repeat([]float64{-1}, Samples*digits.Size()))
	if err != nil {
		t.Fatal(err)
	}
	if s.Modes > 1 || math.Abs(s.ReverseKL-math.Log(10)) > 1e-9 {
		t.Errorf("blank pages: %+v, want 1 mode at most, divergence log 10", s)
	}
	noise := nntest.Normal(rng, Samples*digits.Size())
	for i := range noise {
		noise[i] = max(-1, min(1, noise[i]))
	}
	s, err = classifier.Score(noise)
	if err != nil {
		t.Fatal(err)
	}
	if s.Quality > 0.5 {
		t.Errorf("noise: %+v, want low quality", s)
	}
}

// dots is a source of pictures with two pixels, which stand for the first four
// digits. It is faster than drawing digits.
type dots struct{}

func (dots) Size() int { return 2 }

func (dots) Labelled(rng *rand.Rand, n int) (samples []float64, labels []int) {
	for range n {
		a, b := rng.IntN(2), rng.IntN(2)
		samples = append(samples, float64(a), float64(b))
		labels = append(labels, 2*a+b)
	}
	return samples, labels
}

// TestClassifierAgain checks that every training gives the same classifier.
func TestClassifierAgain(t *testing.T) {
	var params [2][]*tensor.Dense
	for i := range params {
		c, err := NewClassifier(dots{})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(c.Accuracy-1) > 1e-9 {
			t.Errorf("accuracy is %v, want 1", c.Accuracy)
		}
		params[i] = c.network.Parameters()
	}
	for i, p := range params[0] {
		if !nntest.SameBits(nn.Values(p), nn.Values(params[1][i])) {
			t.Errorf("parameter %d differs", i)
		}
	}
}
