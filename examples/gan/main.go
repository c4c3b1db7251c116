// Gan trains a generative adversarial network with LeakyReLU in both networks,
// counts what the generator has learned, and draws it.
//
//	go run ./examples/gan
//
// learns a ring of 8 narrow Gaussians in about a minute. After a mode collapse, the
// generator would reach only a few of the eight.
// The flag -h lists the other kinds of data and all flags.
//
// To read the program, begin with internal/adversary, which trains the two
// networks. README.md lists the other packages.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the program and returns the exit code.
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
		code = 130 // the convention of shells: 128 plus the number of the signal
	default:
		code = 1
	}
	fmt.Fprintln(stderr, "gan:", err)
	return code
}

// execute runs what the options ask for. It writes the result to stdout, also
// after an error such as an interruption.
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
	agree := func(*runs.Settings) error { return nil } // the settings are from these options
	built := func(runs.Settings) (runs.Experiment, error) { return e, nil }
	s, err := runs.OpenSweep(dir, agree, built)
	if err != nil {
		return err
	}
	return sweep(ctx, s, result, stderr)
}

// single does one run and writes its result.
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

// sweep does the runs of a sweep and sums up the complete ones.
func sweep(ctx context.Context, s *runs.Sweep, result *strings.Builder, stderr *os.File) error {
	err := s.Train(ctx, stderr)
	fmt.Fprintln(result, "runs:", s.Dir)
	return errors.Join(err, runs.Sum(result, s.Dir))
}
