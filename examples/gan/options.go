package main

import (
	"errors"
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
	sum      string
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

Equal flags give equal results, on machines of a kind. Built with -tags openblas,
the program needs OpenBLAS (Debian's libopenblas-dev) and a fraction of the time.
Ctrl-C, or SIGTERM, ends the training early, with the results of what there is,
and -resume goes on from there; a second one ends the program. The exit code is
0, or 1 after an error, 2 after wrong flags, 130 after an interruption.

Flags:
  -data NAME        what to learn (default %[1]s), and how long it takes by
                    default on one core, in pure Go and with OpenBLAS:
%[6]s  -mnist DIR        where train-images-idx3-ubyte and train-labels-idx1-ubyte
                    are, compressed or not
  -loss NAME        plain, the first GAN's; wgan-gp, Wasserstein with gradient
                    penalty; r1r2, relativistic with penalties on real and on
                    generated samples (default %[2]s)
  -activation NAME  leaky, this module's operator; relu, the same without a
                    slope; or builtin, Gorgonia's LeakyRelu (default %[3]s)
  -alpha SLOPE      slope where the input is not positive (default %[4]v)
  -steps N          training steps, at least 1 (default above)
  -seed N           seed of all random numbers (default %[5]d)
  -seeds N          run this and the following seeds, N in all, as many at a time
                    as there are processors, and sum them up (default 1)
  -out DIR          directory for the files, without a run in it yet
                    (default gan-NAME of the data, with a number if need be)
  -resume DIR       go on with the run, or with the runs of -seeds, in this
                    directory. All other flags are what they were, and need not
                    be given, but for -mnist if its files are elsewhere now, and
                    for -steps, if there are to be more. Learning rate and
                    penalty are then those of a run of so many steps: after the
                    end of a shorter one, the rate rises again.
  -sum DIR          sum up the runs in the directories below this one, such as
                    those of seeds that other machines have run, and do nothing
                    else
`, defaults.Data, defaults.Loss, defaults.Activation, defaults.Alpha, defaults.Seed, planTable())
}

// usageError is an error in the flags.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// parse reads the command line. Its errors are usageErrors, but for
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
		return fmt.Errorf("-sum goes without other flags: it reads what there is")
	case o.resume != "" && (o.set["out"] || o.set["seeds"]):
		return fmt.Errorf("-resume goes without -out and -seeds: it goes on with the runs that there are, where they are")
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
		return nil // what there is says the rest
	}
	return check(*s)
}

// agree says whether the flags that were given agree with what a run was started
// with. Only the files of MNIST may be elsewhere now, and the steps may be more.
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
			return usageError{fmt.Errorf("-steps is %d, but the run in %s was started with %d, expected as many or more", o.settings.Steps, o.resume, s.Steps)}
		}
		s.Steps = o.settings.Steps
	}
	return nil
}
