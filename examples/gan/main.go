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
	"syscall"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
)

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(help())
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop) // a second signal is not caught
		err = execute(ctx, o, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gan:", err)
		os.Exit(1)
	}
}

// execute does what the options say.
func execute(ctx context.Context, o options, stdout io.Writer, stderr *os.File) error {
	if o.resume != "" {
		r, err := runs.Open(o.resume, o.agree, newExperiment)
		if err != nil {
			return err
		}
		return single(ctx, r, stdout, stderr)
	}
	e, err := newExperiment(o.settings)
	if err != nil {
		return err
	}
	dir, err := runs.NewDirectory(o.out, o.settings.Data)
	if err != nil {
		return err
	}
	if o.seeds > 1 {
		return runs.Sweep(ctx, o.settings, e, o.seeds, dir, stdout, stderr)
	}
	return single(ctx, runs.New(o.settings, e, dir), stdout, stderr)
}

// single trains, and reports on what came out of it.
func single(ctx context.Context, r *runs.Run, stdout io.Writer, stderr *os.File) error {
	steps := r.Settings.Steps
	p := runs.NewProgress(stderr, r.Step(), steps)
	err := r.Train(ctx, func() { p.Show(r.Step(), r.Status()) })
	p.Finish()
	if err != nil {
		return err
	}
	if r.Step() < steps {
		fmt.Fprintf(stderr, "interrupted after %d of %d steps, go on by -resume %s\n", r.Step(), steps, r.Dir)
	}
	s, err := r.Draw()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, s)
	if r.Experiment.Note != "" {
		fmt.Fprintln(stdout, r.Experiment.Note)
	}
	if len(r.History) > 0 {
		d := r.History[len(r.History)-1].Dead
		fmt.Fprintf(stdout, "dead units: discriminator %.1f%%, generator %.1f%%\n", 100*d.Discriminator, 100*d.Generator)
	}
	fmt.Fprintln(stdout, "picture:", r.Path(runs.SamplesName))
	return nil
}
