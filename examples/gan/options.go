package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
)

// options are the values of the flags.
type options struct {
	settings runs.Settings
	seeds    int
	out      string
	resume   string
	sum      string
	set      map[string]bool // flags that were given
}

var defaults = runs.Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.1, Seed: 1}

// help returns the program's help.
func help() string {
	return fmt.Sprintf(`Usage: gan [flags]

Trains a generative adversarial network with LeakyReLU in the generator and in
the discriminator, and draws generated samples beside real ones. Progress goes
to stderr, the result to stdout. The result has these numbers:

  modes         modes in which the generator has a sample of high quality
  high quality  share of points within 3 standard deviations of a mode's centre
                (98.9%% of the real ones)
  reverse KL    divergence between the modes' shares and equal shares, best is 0
  mode width    standard deviation within the modes, divided by that of the data
  dead units    share of hidden units that get no gradient from a whole batch

For pictures of digits, the program first trains a classifier. A sample is of
high quality if the classifier is sure which digit it shows. A mode is a digit.
It is reached if it is on more than 1%% of the samples of high quality.

The directory of the run contains at the end:

  samples.png     the picture
  training.png    losses and metrics over the steps
  training.gif    the samples during the training
  metrics.csv     losses and metrics as numbers
  checkpoint.npz  the networks and everything else that -resume needs;
                  numpy.load reads it

Equal flags give equal results with the same build on the same machine. With
-tags openblas, the program needs OpenBLAS (Debian's libopenblas-dev) and is
several times as fast. Ctrl-C or SIGTERM ends the training early and writes the
results so far. -resume continues such a run. A second Ctrl-C ends the program
at once. The exit code is 0, or 1 after an error, 2 after wrong flags, 130 after
an interruption.

Flags:
  -data NAME        what to learn (default %[1]s). The table shows the default
                    steps and their time on one core, in pure Go and with
                    OpenBLAS:
%[6]s  -mnist DIR        directory of train-images-idx3-ubyte and
                    train-labels-idx1-ubyte, compressed or not; for -data mnist
  -loss NAME        plain, the first GAN's; wgan-gp, Wasserstein with gradient
                    penalty; r1r2, relativistic with penalties on real and on
                    generated samples (default %[2]s)
  -activation NAME  leaky, this module's operator; relu, the same with a slope
                    of 0; or builtin, Gorgonia's LeakyRelu (default %[3]s)
  -alpha SLOPE      slope where the input is not positive (default %[4]v); it is
                    0 with -activation relu
  -steps N          training steps, at least 1 (default: see -data)
  -seed N           seed of the training's random numbers (default %[5]d)
  -seeds N          run N seeds, beginning with -seed, and sum up the results
                    (default 1). As many run at a time as there are
                    processors.
  -out DIR          directory for the files, must not contain a run (default
                    gan-DATA, with a number if that exists)
  -resume DIR       continue the run, or the runs of -seeds, in this directory.
                    The flags keep their values. Only -mnist may be another
                    directory, and -steps a larger number. The learning
                    rate and the penalty are then those of a run with the
                    new number of steps. So the rate rises again after the
                    end of a shorter run.
  -sum DIR          only sum up the runs in the directories inside this one, for
                    example seeds that ran on other machines; no other flag
`, defaults.Data, defaults.Loss, defaults.Activation, defaults.Alpha, defaults.Seed, planTable())
}

// usageError is an error in the flags.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// parse reads the command line. Its errors are usageErrors, except
// [flag.ErrHelp].
func parse(args []string) (options, error) {
	o := options{settings: defaults, set: map[string]bool{}}
	err := o.parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		err = usageError{err}
	}
	return o, err
}

func (o *options) parse(args []string) error {
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
	flags.StringVar(&o.sum, "sum", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	flags.Visit(func(f *flag.Flag) { o.set[f.Name] = true })
	if flags.NArg() > 0 {
		return fmt.Errorf("argument %q is not a flag, expected flags only", flags.Arg(0))
	}
	for _, name := range []string{"out", "resume", "sum"} {
		if o.set[name] && flags.Lookup(name).Value.String() == "" {
			return fmt.Errorf("-%s is empty, expected a directory", name)
		}
	}
	switch {
	case o.sum != "" && len(o.set) > 1:
		return fmt.Errorf("-sum can't be combined with other flags: it only reads existing runs")
	case o.resume != "" && (o.set["out"] || o.set["seeds"]):
		return fmt.Errorf("-resume can't be combined with -out or -seeds: it continues the existing runs in their directory")
	case o.seeds < 1:
		return fmt.Errorf("-seeds is %d, expected at least 1", o.seeds)
	}
	if s.Activation == "relu" {
		if o.set["alpha"] && s.Alpha != 0 {
			return fmt.Errorf("-alpha is %v, expected 0 or none with -activation relu", s.Alpha)
		}
		s.Alpha = 0
	}
	if !o.set["steps"] {
		s.Steps = plans[s.Data].steps
	}
	if o.resume != "" || o.sum != "" {
		return nil // the existing runs have the other settings
	}
	return check(*s)
}

// agree returns an error if the given flags differ from the settings that a run
// was started with. Only the directory of MNIST may be different, and the
// number of steps may be larger.
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
		{"seed", o.settings.Seed, s.Seed},
	} {
		if o.set[f.name] && f.given != f.was {
			return usageError{fmt.Errorf("-%s is %v, but the run in %s was started with %v", f.name, f.given, o.resume, f.was)}
		}
	}
	if o.set["steps"] {
		if o.settings.Steps < s.Steps {
			return usageError{fmt.Errorf("-steps is %d, but the run in %s was started with %d, expected at least as many", o.settings.Steps, o.resume, s.Steps)}
		}
		s.Steps = o.settings.Steps
	}
	return nil
}
