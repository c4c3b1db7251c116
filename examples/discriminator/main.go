// Discriminator trains the smallest complete GAN. A generator learns to place
// points on a ring of 8 Gaussians. A discriminator learns to distinguish these
// points from real ones. Both use LeakyReLU.
//
//	go run ./examples/discriminator
//
// It takes a few seconds. Read it from top to bottom and copy the parts you need.
package main

import (
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

const (
	modes = 8    // Gaussians, evenly spaced on the unit circle
	sigma = 0.05 // their standard deviation: wider than in examples/gan, so it takes seconds

	alpha  = 0.2 // slope of LeakyReLU where its input is not positive
	noise  = 2   // random numbers that the generator turns into a point
	hidden = 32  // units in each hidden layer
	batch  = 128 // points of each kind, real and generated, in a step
	steps  = 2000
)

func main() {
	const seed = 1 // a run with the same seed gives the same result
	if _, err := train(seed, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// train returns the number of modes that the generator reaches after the
// training.
//
// Each network learns in a graph of its own, because a graph can have only one
// Grad: a second one often gives wrong gradients, without an error. The graphs
// share the tensors with the parameters, so each graph uses the results of the
// other.
func train(seed uint64, w io.Writer) (reached int, err error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	generator := newNetwork(rng, noise, hidden, hidden, 2)
	discriminator := newNetwork(rng, 2, hidden, hidden, 1)

	// The generator learns to make the discriminator say "real".
	graph := gorgonia.NewGraph()
	z, targetsG := zeros(batch, noise), zeros(batch, 1)
	params := generator.in(graph, "generator")
	points := forward(params, input(graph, "z", z))
	var generated gorgonia.Value
	gorgonia.Read(points, &generated) // the machine may overwrite points.Value() during a run
	ratings := forward(discriminator.in(graph, "discriminator"), points)
	learnerG, err := newLearner(params, crossEntropy(ratings, input(graph, "targets", targetsG)))
	if err != nil {
		return 0, err
	}
	defer learnerG.vm.Close()

	// The discriminator learns to distinguish real points from generated ones.
	graph = gorgonia.NewGraph()
	samples, targetsD := zeros(2*batch, 2), zeros(2*batch, 1)
	params = discriminator.in(graph, "discriminator")
	ratings = forward(params, input(graph, "samples", samples))
	learnerD, err := newLearner(params, crossEntropy(ratings, input(graph, "targets", targetsD)))
	if err != nil {
		return 0, err
	}
	defer learnerD.vm.Close()

	for i := range batch {
		targetsG.Float32s()[i], targetsD.Float32s()[i], targetsD.Float32s()[batch+i] = 1, 1, -1
	}
	for step := 1; step <= steps; step++ {
		drawNoise(rng, z)
		if err := learnerG.step(); err != nil {
			return 0, fmt.Errorf("step %d of the generator: %w", step, err)
		}
		// The points are from before this step of the generator. This saves a run.
		xy := generated.Data().([]float32)
		drawRing(rng, samples.Float32s()[:2*batch])
		copy(samples.Float32s()[2*batch:], xy)
		if err := learnerD.step(); err != nil {
			return 0, fmt.Errorf("step %d of the discriminator: %w", step, err)
		}
		if step%200 == 0 {
			reached = countModes(xy)
			fmt.Fprintf(w, "step %4d: %d of %d modes, losses D %.2f, G %.2f\n",
				step, reached, modes, learnerD.loss.Data(), learnerG.loss.Data())
		}
	}
	return reached, nil
}

// A network is a list of dense layers: the weights of the first layer, its
// biases, the weights of the second layer, and so on.
type network []*tensor.Dense

// newNetwork returns layers of the given sizes, input first. The biases are 0.
// The weights are random, with a variance at which signals keep their size (He
// et al., arXiv:1502.01852).
func newNetwork(rng *rand.Rand, sizes ...int) (n network) {
	for i, out := range sizes[1:] {
		in := sizes[i]
		weights := zeros(in, out)
		for j := range weights.Float32s() {
			weights.Float32s()[j] = float32(rng.NormFloat64() * leakyrelu.Gain(alpha) / math.Sqrt(float64(in)))
		}
		n = append(n, weights, zeros(1, out))
	}
	return n
}

// in puts the network into a graph. Gorgonia merges nodes with the same name,
// type and shape, so every network has its own name.
func (n network) in(graph *gorgonia.ExprGraph, name string) (params gorgonia.Nodes) {
	for i, t := range n {
		params = append(params, input(graph, fmt.Sprint(name, i), t))
	}
	return params
}

func input(graph *gorgonia.ExprGraph, name string, t *tensor.Dense) *gorgonia.Node {
	return gorgonia.NewMatrix(graph, t.Dtype(), gorgonia.WithName(name), gorgonia.WithShape(t.Shape()...), gorgonia.WithValue(t))
}

func zeros(rows, columns int) *tensor.Dense {
	return tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, columns))
}

// forward applies a network to the rows of x. Must panics on an error. All
// shapes are known here, so an error is a mistake in this program.
func forward(params gorgonia.Nodes, x *gorgonia.Node) *gorgonia.Node {
	for i := 0; i < len(params); i += 2 {
		if i > 0 {
			x = gorgonia.Must(leakyrelu.Apply(x, alpha, leakyrelu.InPlace()))
		}
		x = gorgonia.Must(gorgonia.Mul(x, params[i]))
		x = gorgonia.Must(gorgonia.BroadcastAdd(x, params[i+1], nil, []byte{0}))
	}
	return x
}

// crossEntropy is the mean of log(1+exp(−target·rating)). The target is what the
// rating should say: 1 for "real", −1 for "generated". The generator wants 1 for
// its own points.
func crossEntropy(ratings, targets *gorgonia.Node) *gorgonia.Node {
	right := gorgonia.Must(gorgonia.HadamardProd(targets, ratings))
	return gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Softplus(gorgonia.Must(gorgonia.Neg(right))))))
}

// A learner reduces a loss. A machine computes the loss and its gradients. A
// solver moves the parameters against the gradients.
type learner struct {
	vm     gorgonia.VM
	solver gorgonia.Solver
	params []gorgonia.ValueGrad
	loss   gorgonia.Value // before the last step
}

func newLearner(params gorgonia.Nodes, loss *gorgonia.Node) (*learner, error) {
	if _, err := gorgonia.Grad(loss, params...); err != nil {
		return nil, err
	}
	l := &learner{
		solver: gorgonia.NewAdamSolver(gorgonia.WithLearnRate(3e-3), gorgonia.WithBeta1(0.5), gorgonia.WithBeta2(0.99)),
		params: gorgonia.NodesToValueGrads(params),
	}
	gorgonia.Read(loss, &l.loss)
	l.vm = gorgonia.NewTapeMachine(loss.Graph(), gorgonia.BindDualValues(params...))
	return l, nil
}

func (l *learner) step() error {
	l.vm.Reset()
	if err := l.vm.RunAll(); err != nil {
		return err
	}
	return l.solver.Step(l.params)
}

// countModes returns the number of modes that points reach. A mode is reached if
// at least two points are within 3 standard deviations of its centre.
func countModes(points []float32) (reached int) {
	for mode := range modes {
		x, y := centre(mode)
		near := 0
		for i := 0; i < len(points); i += 2 {
			if math.Hypot(float64(points[i])-x, float64(points[i+1])-y) < 3*sigma {
				near++
			}
		}
		if near >= 2 {
			reached++
		}
	}
	return reached
}

// centre returns the centre of a mode.
func centre(mode int) (x, y float64) {
	sin, cos := math.Sincos(2 * math.Pi * float64(mode) / modes)
	return cos, sin
}

// drawRing fills points with real points.
func drawRing(rng *rand.Rand, points []float32) {
	for i := 0; i < len(points); i += 2 {
		x, y := centre(rng.IntN(modes))
		points[i], points[i+1] = float32(x+sigma*rng.NormFloat64()), float32(y+sigma*rng.NormFloat64())
	}
}

// drawNoise fills z with random numbers between −1 and 1.
func drawNoise(rng *rand.Rand, z *tensor.Dense) {
	for i := range z.Float32s() {
		z.Float32s()[i] = 2*rng.Float32() - 1
	}
}
