package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/tensor"
)

const (
	classes  = 10
	lessons  = 1500 // steps of the classifier's training
	lesson   = 64   // pictures in a step
	sure     = 0.9  // lowest probability at which a picture is clearly a digit
	coverage = 0.01 // a digit counts as covered if its share of the clear pictures is larger
)

// Classifier is a small network that classifies digits. It learns from real
// pictures and then scores generated ones.
type Classifier struct {
	network  *nn.Network
	Accuracy float64 // share of correct answers for new pictures

	mutex    sync.Mutex // protects the fields below: several runs may use them at once
	pictures *tensor.Dense
	machine  gorgonia.VM
	logits   gorgonia.Value
}

// Pictures are the classifier's training data: samples and the digits that they
// show.
type Pictures interface {
	Size() int
	Labelled(rng *rand.Rand, n int) (samples []float64, labels []int)
}

// NewClassifier trains a classifier. It always uses the same random numbers, so
// all runs are scored by the same classifier.
func NewClassifier(pictures Pictures) (*Classifier, error) {
	act, err := nn.NewActivation("leaky", 0.2, tensor.Float32)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(0, 0))
	size := pictures.Size()
	c := &Classifier{network: nn.NewNetwork(rng, tensor.Float32, act, nn.Perceptron(size, 64, classes))}

	g := gorgonia.NewGraph()
	n := c.network.In(g, "classifier")
	batch := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(lesson, size))
	answers := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(lesson, classes))
	logits, _ := n.Forward(nn.Input(g, "pictures", batch))
	learn := nn.NewUpdate(crossEntropy(logits, nn.Input(g, "answers", answers)), n.Parameters(), 0.9, 0.999)
	for range lessons {
		pixels, labels := pictures.Labelled(rng, lesson)
		nn.Set(batch, pixels)
		nn.Set(answers, oneHot(labels))
		if _, err := learn.Run(1e-3); err != nil {
			return nil, fmt.Errorf("training the classifier: %w", err)
		}
	}

	g = gorgonia.NewGraph()
	c.pictures = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(Samples, size))
	logits, _ = c.network.In(g, "classifier").Forward(nn.Input(g, "pictures", c.pictures))
	gorgonia.Read(logits, &c.logits)
	c.machine = nn.NewMachine(g)

	pixels, labels := pictures.Labelled(rng, Samples)
	guesses, _, err := c.classify(pixels)
	if err != nil {
		return nil, err
	}
	for i, guess := range guesses {
		if guess == labels[i] {
			c.Accuracy += 1.0 / Samples
		}
	}
	return c, nil
}

// crossEntropy is the mean of −log softmax(logits) at the answers. A row of
// answers has a single 1. Its other elements are 0.
func crossEntropy(logits, answers *gorgonia.Node) *gorgonia.Node {
	right := nn.Must(gorgonia.HadamardProd(nn.Must(gorgonia.LogSoftMax(logits)), answers))
	return nn.Must(gorgonia.Mul(nn.Must(gorgonia.Sum(right)), nn.Constant(logits.Dtype(), -1/float64(logits.Shape()[0]))))
}

func oneHot(labels []int) []float64 {
	rows := make([]float64, len(labels)*classes)
	for i, l := range labels {
		rows[i*classes+l] = 1
	}
	return rows
}

// classify returns the most probable digit of each picture and its probability.
func (c *Classifier) classify(pictures []float64) (labels []int, probabilities []float64, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	nn.Set(c.pictures, pictures)
	c.machine.Reset()
	if err := c.machine.RunAll(); err != nil {
		return nil, nil, fmt.Errorf("running the classifier: %w", err)
	}
	for logits := range slices.Chunk(nn.Values(c.logits), classes) {
		best := 0
		for l, v := range logits {
			if v > logits[best] {
				best = l
			}
		}
		var sum float64 // relative to the probability of the best digit
		for _, v := range logits {
			sum += math.Exp(v - logits[best])
		}
		labels = append(labels, best)
		probabilities = append(probabilities, 1/sum)
	}
	return labels, probabilities, nil
}

// Score counts the pictures that the classifier is sure about, and the digits
// in them. Width is not defined here.
func (c *Classifier) Score(samples []float64) (Score, error) {
	labels, probabilities, err := c.classify(samples)
	if err != nil {
		return Score{}, err
	}
	all, certain := make([]float64, classes), make([]float64, classes)
	for i, l := range labels {
		all[l] += 1 / float64(len(labels))
		if probabilities[i] >= sure {
			certain[l] += 1 / float64(len(labels))
		}
	}
	s := Score{Of: classes, ReverseKL: reverseKL(all), Width: math.NaN()}
	for _, share := range certain {
		s.Quality += share
	}
	for _, share := range certain {
		if share > coverage*s.Quality {
			s.Modes++
		}
	}
	return s, nil
}

// Caption describes a score.
func (c *Classifier) Caption(s Score) string {
	return fmt.Sprintf("%d of %d digits, %.1f%% of generated pictures clear to a classifier", s.Modes, s.Of, 100*s.Quality)
}
