package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const (
	classes  = 10
	lessons  = 1500 // steps of the classifier's training
	lesson   = 64   // pictures in a step
	sure     = 0.9  // probability from which a picture is clearly a digit
	coverage = 0.01 // share of clear pictures above which a digit counts as covered
)

// classifier is a small network that tells digits apart. It learns from real
// pictures, to judge generated ones.
type classifier struct {
	network  *network
	accuracy float64 // share of fresh pictures that it names right

	mutex    sync.Mutex // of what follows, as several runs may ask at once
	pictures *tensor.Dense
	machine  gorgonia.VM
	logits   gorgonia.Value
}

// newClassifier trains a classifier. It always draws the same pictures, so that
// all runs are judged by the same one.
func newClassifier(im images, act activation) (*classifier, error) {
	rng := rand.New(rand.NewPCG(0, 0))
	c := &classifier{network: newNetwork(rng, tensor.Float32, act, perceptron(im.size(), 64, classes))}

	g := gorgonia.NewGraph()
	n := c.network.in(g, "classifier")
	pictures := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(lesson, im.size()))
	answers := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(lesson, classes))
	logits, _ := n.forward(input(g, "pictures", pictures))
	learn := newUpdate(crossEntropy(logits, input(g, "answers", answers)), n.parameters(), 0.9, 0.999)
	for range lessons {
		pixels, labels := im.labelled(rng, lesson)
		set(pictures, pixels)
		set(answers, oneHot(labels))
		if _, err := learn.run(1e-3); err != nil {
			return nil, fmt.Errorf("training the classifier: %w", err)
		}
	}

	g = gorgonia.NewGraph()
	c.pictures = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(evaluated, im.size()))
	logits, _ = c.network.in(g, "classifier").forward(input(g, "pictures", c.pictures))
	gorgonia.Read(logits, &c.logits)
	c.machine = newMachine(g)

	pixels, labels := im.labelled(rng, evaluated)
	guesses, _, err := c.classify(pixels)
	if err != nil {
		return nil, err
	}
	for i, guess := range guesses {
		if guess == labels[i] {
			c.accuracy += 1.0 / evaluated
		}
	}
	return c, nil
}

// crossEntropy is the mean of −log softmax(logits) at the answers, which are rows
// of one 1 among zeros.
func crossEntropy(logits, answers *gorgonia.Node) *gorgonia.Node {
	right := must(gorgonia.HadamardProd(must(gorgonia.LogSoftMax(logits)), answers))
	return must(gorgonia.Mul(must(gorgonia.Sum(right)), constant(logits.Dtype(), -1/float64(logits.Shape()[0]))))
}

func oneHot(labels []int) []float64 {
	rows := make([]float64, len(labels)*classes)
	for i, l := range labels {
		rows[i*classes+l] = 1
	}
	return rows
}

// classify names the digit that each picture most likely shows, and with what
// probability.
func (c *classifier) classify(pictures []float64) (labels []int, probabilities []float64, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	set(c.pictures, pictures)
	c.machine.Reset()
	if err := c.machine.RunAll(); err != nil {
		return nil, nil, fmt.Errorf("running the classifier: %w", err)
	}
	for logits := range slices.Chunk(values(c.logits), classes) {
		best := 0
		for l, v := range logits {
			if v > logits[best] {
				best = l
			}
		}
		var sum float64 // of shares, the best one's being 1
		for _, v := range logits {
			sum += math.Exp(v - logits[best])
		}
		labels = append(labels, best)
		probabilities = append(probabilities, 1/sum)
	}
	return labels, probabilities, nil
}

// score counts pictures that the classifier is sure about as good ones, and the
// digits that it sees there. Width has no meaning here.
func (im images) score(samples []float64) (score, error) {
	labels, probabilities, err := im.judge.classify(samples)
	if err != nil {
		return score{}, err
	}
	var all, certain [classes]float64
	for i, l := range labels {
		all[l] += 1 / float64(len(labels))
		if probabilities[i] >= sure {
			certain[l] += 1 / float64(len(labels))
		}
	}
	s := score{of: classes, width: math.NaN()}
	for l := range classes {
		s.quality += certain[l]
	}
	for l := range classes {
		if certain[l] > coverage*s.quality {
			s.modes++
		}
		if all[l] > 0 {
			s.reverseKL += all[l] * math.Log(all[l]*classes)
		}
	}
	return s, nil
}
