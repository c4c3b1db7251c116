package main

import (
	"flag"
	"fmt"
	"io"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
)

// options are what the flags set.
type options struct {
	settings runs.Settings
	seeds    int
	out      string
	resume   string
	set      map[string]bool // flags that were given
}

var defaults = runs.Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.1, Seed: 1}

// help is the program's help.
func help() string {
	return fmt.Sprintf(`Usage: gan [flags]

Trains a generative adversarial network with LeakyReLU in the generator and in
the discriminator, and draws generated samples beside real ones. Progress goes to
stderr, the result to stdout:

  modes         modes that the generator reaches: with a sample of high quality
  high quality  share of points within 3 standard deviations of a mode's centre
                (98.9%% of the real ones)
  reverse KL    divergence of the modes' shares of the samples from equal ones
  mode width    standard deviation within the modes, compared with the data's
  dead units    share of hidden units that can't learn any more

Among pictures of digits, a sample is of high quality if a classifier, which the
program trains first, is sure of what it shows. A mode is a digit, reached if more
than 1%% of these samples show it.

In the directory of the run are, in the end,

  samples.png     the picture
  training.png    losses and metrics over the steps
  training.gif    the samples, as they change
  metrics.csv     the numbers behind them
  checkpoint.npz  networks and all else that -resume needs; numpy.load reads it

Equal flags give equal results, on machines of a kind. Ctrl-C ends the training early, with the results
of what there is, and -resume goes on from there; a second Ctrl-C ends the
program. Built with -tags openblas, it needs OpenBLAS (Debian's libopenblas-dev)
and a fraction of the time.

Flags:
  -data NAME        what to learn: ring of 8 Gaussians, grid of 25, digits drawn
                    from fonts, or mnist (default %[1]s)
  -mnist DIR        where train-images-idx3-ubyte and train-labels-idx1-ubyte
                    are, compressed or not
  -loss NAME        plain, the first GAN's; wgan-gp, Wasserstein with gradient
                    penalty; r1r2, relativistic with penalties on real and on
                    generated samples (default %[2]s)
  -activation NAME  leaky, this module's operator; relu, the same without a
                    slope; or builtin, Gorgonia's LeakyRelu (default %[3]s)
  -alpha SLOPE      slope where the input is not positive (default %[4]v)
  -steps N          training steps, at least 1 (default %[6]d for points, %[7]d for
                    pictures)
  -seed N           seed of all random numbers (default %[5]d)
  -seeds N          run this and the following seeds, N in all, as many at a time
                    as there are processors, and sum them up (default 1)
  -out DIR          directory for the files, without a run in it yet
                    (default gan-NAME of the data, with a number if need be)
  -resume DIR       go on with the run in this directory; all other flags are
                    what they were, and need not be given, but for -mnist if
                    its files are elsewhere now
`, defaults.Data, defaults.Loss, defaults.Activation, defaults.Alpha, defaults.Seed, plans["ring"].steps, plans["digits"].steps)
}

// parse reads the command line.
func parse(args []string) (options, error) {
	o := options{settings: defaults, set: map[string]bool{}}
	s := &o.settings
	flags := flag.NewFlagSet("gan", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error, in one line
	flags.StringVar(&s.Data, "data", s.Data, "")
	flags.StringVar(&s.MNIST, "mnist", "", "")
	flags.StringVar(&s.Loss, "loss", s.Loss, "")
	flags.StringVar(&s.Activation, "activation", s.Activation, "")
	flags.Float64Var(&s.Alpha, "alpha", s.Alpha, "")
	flags.IntVar(&s.Steps, "steps", 0, "")
	flags.Uint64Var(&s.Seed, "seed", s.Seed, "")
	flags.IntVar(&o.seeds, "seeds", 1, "")
	flags.StringVar(&o.out, "out", "", "")
	flags.StringVar(&o.resume, "resume", "", "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	flags.Visit(func(f *flag.Flag) { o.set[f.Name] = true })
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("argument %q is not a flag, expected flags only", flags.Arg(0))
	case o.seeds < 1:
		return o, fmt.Errorf("-seeds is %d, expected at least 1", o.seeds)
	case o.set["out"] && o.out == "":
		return o, fmt.Errorf("-out is empty, expected a directory")
	case o.set["resume"] && o.resume == "":
		return o, fmt.Errorf("-resume is empty, expected a directory")
	case o.resume != "" && (o.set["out"] || o.set["seeds"]):
		return o, fmt.Errorf("-resume goes without -out and -seeds: it goes on with one run, where it is")
	}
	if s.Activation == "relu" {
		if o.set["alpha"] && s.Alpha != 0 {
			return o, fmt.Errorf("-alpha is %v, expected 0 or none with -activation relu", s.Alpha)
		}
		s.Alpha = 0
	}
	if !o.set["steps"] {
		s.Steps = plans[s.Data].steps
	}
	return o, nil
}

// agree says whether the flags that were given agree with what a run was started
// with. Only the files of MNIST may be elsewhere now.
func (o options) agree(s *runs.Settings) error {
	if o.set["mnist"] {
		s.MNIST = o.settings.MNIST
	}
	for _, f := range []struct {
		name       string
		given, was any
	}{
		{"data", o.settings.Data, s.Data},
		{"loss", o.settings.Loss, s.Loss},
		{"activation", o.settings.Activation, s.Activation},
		{"alpha", o.settings.Alpha, s.Alpha},
		{"steps", o.settings.Steps, s.Steps},
		{"seed", o.settings.Seed, s.Seed},
	} {
		if o.set[f.name] && f.given != f.was {
			return fmt.Errorf("-%s is %v, but the run in %s was started with %v", f.name, f.given, o.resume, f.was)
		}
	}
	return nil
}
