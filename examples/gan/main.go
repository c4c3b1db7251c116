// Gan trains a generative adversarial network with LeakyReLU in both networks,
// counts what the generator has learned, and draws it.
//
//	go run ./examples/gan
//
// learns a ring of 8 narrow Gaussians in about a minute. A generator that falls
// for mode collapse ends up on a few of the eight.
// Run it with -h for what else there is to learn, and how.
//
// To read it, begin with internal/adversary, where two networks learn from each
// other. README.md says what else is where.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
)

func main() {
	tuneCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal is not caught
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// tuneCollector lets garbage pile up to 4 times what is alive, unless GOGC says
// otherwise. A run keeps a few MB and makes as many in a step, so that with Go's
// default of 1 collecting takes 15% of a step on points. With 16 times a step takes
// longer again: its memory is no longer in the caches.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdout io.Writer, stderr *os.File) (code int) {
	o, err := parse(args)
	if err == nil {
		err = execute(ctx, o, stdout, stderr)
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		if _, err = io.WriteString(stdout, help()); err == nil {
			return 0
		}
		code = 1
	case errors.As(err, &usage):
		err = fmt.Errorf("%w; -h lists the flags", err)
		code = 2
	case errors.Is(err, runs.ErrInterrupted):
		code = 130 // as shells have it: 128 and the number of the signal
	default:
		code = 1
	}
	fmt.Fprintln(stderr, "gan:", err)
	return code
}

// execute does what the options say. What there is to say in the end goes to
// stdout, also after an error, such as an interruption.
func execute(ctx context.Context, o options, stdout io.Writer, stderr *os.File) error {
	var result strings.Builder
	err := train(ctx, o, &result, stderr)
	if _, e := io.WriteString(stdout, result.String()); e != nil {
		return errors.Join(err, fmt.Errorf("writing the result: %w", e))
	}
	return err
}

func train(ctx context.Context, o options, result *strings.Builder, stderr *os.File) error {
	switch {
	case o.sum != "":
		return runs.Sum(result, o.sum)
	case o.resume != "" && runs.IsSweep(o.resume):
		s, err := runs.OpenSweep(o.resume, o.agree, newExperiment)
		if err != nil {
			return err
		}
		return sweep(ctx, s, result, stderr)
	case o.resume != "":
		r, err := runs.Open(o.resume, o.agree, newExperiment)
		if err != nil {
			return err
		}
		return single(ctx, r, result, stderr)
	}

	e, err := newExperiment(o.settings)
	if err != nil {
		return err
	}
	dir, err := runs.NewDirectory(o.out, o.settings.Data)
	if err != nil {
		return err
	}
	if o.seeds == 1 {
		return single(ctx, runs.New(o.settings, e, dir), result, stderr)
	}
	if err := runs.NewSweep(o.settings, e, o.seeds, dir); err != nil {
		return err
	}
	agree := func(*runs.Settings) error { return nil } // they are from these options
	built := func(runs.Settings) (runs.Experiment, error) { return e, nil }
	s, err := runs.OpenSweep(dir, agree, built)
	if err != nil {
		return err
	}
	return sweep(ctx, s, result, stderr)
}

// single does a run, and reports on what came out of it.
func single(ctx context.Context, r *runs.Run, result *strings.Builder, stderr *os.File) error {
	p := runs.NewProgress(stderr, r.Step(), r.Settings.Steps)
	trained := r.Train(ctx, func() { p.Show(r.Step(), r.Status()) })
	p.Finish()
	if trained != nil && !errors.Is(trained, runs.ErrInterrupted) {
		return trained
	}
	s, err := r.Draw()
	if err != nil {
		return errors.Join(trained, err)
	}
	fmt.Fprintln(result, s)
	if r.Experiment.Note != "" {
		fmt.Fprintln(result, r.Experiment.Note)
	}
	if len(r.History) > 0 {
		d := r.History[len(r.History)-1].Dead
		fmt.Fprintf(result, "dead units: discriminator %.1f%%, generator %.1f%%\n", 100*d.Discriminator, 100*d.Generator)
	}
	fmt.Fprintln(result, "picture:", r.Path(runs.SamplesName))
	return trained
}

// sweep does the runs of a sweep, and sums up those that are complete.
func sweep(ctx context.Context, s *runs.Sweep, result *strings.Builder, stderr *os.File) error {
	err := s.Train(ctx, stderr)
	fmt.Fprintln(result, "runs:", s.Dir)
	return errors.Join(err, runs.Sum(result, s.Dir))
}
