package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
)

// python is an interpreter with PyTorch: Debian's python3-torch, which computes
// with OpenBLAS.
const python = "/usr/bin/python3"

// BenchmarkStep compares a step of a default run with the same step in PyTorch
// (step.py) and with the same step with Gorgonia's LeakyRelu. The programs run
// in turns. The benchmark reports the medians of the rounds' ratios. Run it
// with -cpu 1, because PyTorch uses one thread.
func BenchmarkStep(b *testing.B) {
	tuneCollector()
	for _, data := range []string{"ring", "digits"} {
		b.Run(data, func(b *testing.B) {
			const steps = 5 // in each turn
			torch := startPyTorch(b, data)
			ours, builtin := newSteps(b, data, "leaky"), newSteps(b, data, "builtin")
			var times, toBuiltin, toTorch []float64
			for b.Loop() {
				t := ours(b, steps)
				times = append(times, t)
				toBuiltin = append(toBuiltin, builtin(b, steps)/t)
				if torch != nil {
					toTorch = append(toTorch, t/torch(b, steps))
				}
			}
			b.ReportMetric(0, "ns/op") // the total time has no meaning here
			b.ReportMetric(1e3*median(times), "ms/step")
			b.ReportMetric(median(toBuiltin), "builtin/ours")
			if torch != nil {
				b.ReportMetric(median(toTorch), "ours/PyTorch")
			}
		})
	}
}

// stepper does n steps and returns the seconds per step.
type stepper func(b *testing.B, n int) float64

func newSteps(b *testing.B, data, activation string) stepper {
	b.Helper()
	o, err := parse([]string{"-data", data, "-activation", activation, "-steps", "1000000000"})
	if err != nil {
		b.Fatal(err)
	}
	e, err := newExperiment(o.settings)
	if err != nil {
		b.Fatal(err)
	}
	t := adversary.NewTrainer(e.Training)
	run := func(b *testing.B, n int) float64 {
		b.Helper()
		start := time.Now()
		for range n {
			if _, err := t.Next(); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(start).Seconds() / float64(n)
	}
	run(b, 3) // warm-up
	return run
}

// startPyTorch returns nil if PyTorch is not installed.
func startPyTorch(b *testing.B, data string) stepper {
	b.Helper()
	cmd := exec.Command(python, "step.py", data)
	cmd.Env = append(cmd.Environ(), "OMP_NUM_THREADS=1")
	requests, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Logf("SKIPPED: PyTorch: %v", err)
		return nil
	}
	b.Cleanup(func() {
		requests.Close()
		io.Copy(io.Discard, output)
		cmd.Wait()
	})
	answers := bufio.NewReader(output)
	if version, err := answers.ReadString('\n'); err != nil {
		b.Logf("SKIPPED: PyTorch: %s has none", python)
		return nil
	} else {
		b.Logf("PyTorch %s", strings.TrimSpace(version))
	}
	run := func(b *testing.B, n int) float64 {
		b.Helper()
		if _, err := fmt.Fprintln(requests, n); err != nil {
			b.Fatal(err)
		}
		line, err := answers.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		ns, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			b.Fatal(err)
		}
		return 1e-9 * ns / float64(n)
	}
	run(b, 3)
	return run
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
