// Gan trains a generative adversarial network with LeakyReLU in both networks,
// counts what the generator has learned, and draws it.
//
//	go run ./examples/gan
//
// learns a ring of 8 narrow Gaussians in about a minute. A generator that falls
// for mode collapse ends up on a few of the eight.
// Run it with -h for what else there is to learn, and how.
//
// To read it, begin with train.go, which alternates between the two networks
// (networks.go, layers.go) and their losses (losses.go). What they learn is in
// mixture.go, images.go, digits.go and mnist.go, how well they have in metrics.go,
// classifier.go and dead.go. What concerns the operator is in activation.go.
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
		return resume(ctx, o, stdout, stderr)
	}
	c, err := newConfig(o.settings)
	if err != nil {
		return err
	}
	dir, err := newDirectory(o.out, o.Data)
	if err != nil {
		return err
	}
	if o.seeds > 1 {
		return sweep(ctx, o, c, dir, stdout, stderr)
	}
	return single(ctx, newRun(o.settings, c, dir), stdout, stderr)
}

// resume goes on with the run in a directory.
func resume(ctx context.Context, o options, stdout io.Writer, stderr *os.File) error {
	r, err := openRun(o.resume, o.agree)
	if err != nil {
		return err
	}
	return single(ctx, r, stdout, stderr)
}

// single trains, and reports on what came out of it.
func single(ctx context.Context, r *run, stdout io.Writer, stderr *os.File) error {
	p := newProgress(stderr, r.step, r.steps)
	err := r.train(ctx, func() { p.show(r.step, r.status()) })
	p.finish()
	if err != nil {
		return err
	}
	if r.step < r.steps {
		fmt.Fprintf(stderr, "interrupted after %d of %d steps, go on by -resume %s\n", r.step, r.steps, r.dir)
	}
	s, err := r.draw()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, s)
	if im, ok := r.task.(images); ok {
		fmt.Fprintf(stdout, "classifier: right about %.1f%% of real pictures\n", 100*im.judge.accuracy)
	}
	if len(r.history) > 0 {
		d := r.history[len(r.history)-1].dead
		fmt.Fprintf(stdout, "dead units: discriminator %.1f%%, generator %.1f%%\n", 100*d.discriminator, 100*d.generator)
	}
	fmt.Fprintln(stdout, "picture:", r.path(samplesName))
	return nil
}
