// Gan trains a generative adversarial network with LeakyReLU in both networks,
// and draws what the generator has learned.
//
// The data are the ring of 8 Gaussians, small and easily forgotten in part: a
// generator that falls for mode collapse ends up on a few of the eight. The
// program counts them.
//
//	go run ./examples/gan
//
// It takes about a minute. Run it with -h for what can be set.
//
// To read it, begin with train.go, which alternates between the two networks
// (networks.go) and their losses (losses.go). What concerns the operator is in
// activation.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"gorgonia.org/tensor"
)

const usage = `Usage: gan [flags]

Trains a generative adversarial network on a ring of 8 Gaussians, with LeakyReLU
in the generator and in the discriminator, and draws generated points on real
ones. Progress goes to stderr, the result to stdout:

  modes         modes that the generator reaches: with a point of high quality
  high quality  share of points within 3 standard deviations of a mode's centre
                (98.9%% of the real ones)
  reverse KL    divergence of the modes' shares of the points from equal ones
  mode width    standard deviation within the modes, compared with the data's

Equal flags give equal results. Ctrl-C ends the training early, with the result
and the picture of what there is; a second one ends the program.

Flags:
  -steps N          training steps, at least 1 (default %d)
  -seed N           seed of all random numbers (default %d)
  -out FILE         where to draw the picture, a name that ends in .png
                    (default %s)
  -alpha SLOPE      slope of LeakyReLU where its input is not positive
                    (default %v)
  -activation NAME  leaky, this module's operator, or builtin, Gorgonia's
                    LeakyRelu, for comparison (default %s)
`

// options are what the flags set.
type options struct {
	steps      int
	seed       uint64
	out        string
	alpha      float64
	activation string
}

var defaults = options{steps: 10000, seed: 1, out: "ring.png", alpha: 0.2, activation: "leaky"}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Printf(usage, defaults.steps, defaults.seed, defaults.out, defaults.alpha, defaults.activation)
		return
	}
	if err == nil {
		err = run(o, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gan:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string) (options, error) {
	o := defaults
	flags := flag.NewFlagSet("gan", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error, in one line
	flags.IntVar(&o.steps, "steps", o.steps, "")
	flags.Uint64Var(&o.seed, "seed", o.seed, "")
	flags.StringVar(&o.out, "out", o.out, "")
	flags.Float64Var(&o.alpha, "alpha", o.alpha, "")
	flags.StringVar(&o.activation, "activation", o.activation, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("argument %q is not a flag, expected flags only", flags.Arg(0))
	}
	if o.steps < 1 {
		return o, fmt.Errorf("-steps is %d, expected at least 1", o.steps)
	}
	return o, nil
}

// run trains, and reports on what came out of it.
func run(o options, stdout io.Writer, stderr *os.File) error {
	act, err := newActivation(o.activation, o.alpha, tensor.Float32)
	if err != nil {
		return err
	}
	if err := checkOut(o.out); err != nil {
		return err
	}
	t := newTrainer(config{
		data: ring(), dtype: tensor.Float32, act: act,
		hidden: 64, batch: 64, steps: o.steps, seed: o.seed,
	})

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal is not caught
	if err := train(ctx, t, stderr); err != nil {
		return err
	}
	if t.step < t.steps {
		fmt.Fprintf(stderr, "interrupted after %d of %d steps\n", t.step, t.steps)
	}

	generated, s, err := t.evaluate()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, s)
	title := fmt.Sprintf("GAN with LeakyReLU after %d steps: %v", t.step, s)
	real := t.data.sample(rand.New(rand.NewPCG(o.seed, 2)), len(generated))
	if err := drawPicture(o.out, title, t.data, real, generated); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "picture:", o.out)
	return nil
}

// train does all steps, or as many as it can until ctx is done.
func train(ctx context.Context, t *trainer, stderr *os.File) error {
	p := newProgress(stderr, t.steps)
	defer p.finish()
	for t.step < t.steps && ctx.Err() == nil {
		l, err := t.next()
		if err != nil {
			return err
		}
		p.at(t.step)
		if p.wants(t.step) {
			_, s, err := t.evaluate()
			if err != nil {
				return err
			}
			p.show(t.step, l, s)
		}
	}
	return nil
}

// checkOut says why the picture can't be written to path, and leaves the path
// as it is: what is there stays until there is a new picture.
func checkOut(path string) error {
	if filepath.Ext(path) != ".png" {
		return fmt.Errorf("-out is %q, expected a name that ends in .png", path)
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("-out can't be written: %w", err)
	}
	f.Close()
	if errors.Is(missing, os.ErrNotExist) {
		return os.Remove(path)
	}
	return nil
}
