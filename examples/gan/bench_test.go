package main

import (
	"slices"
	"testing"
	"time"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
)

// BenchmarkStep is a step of a default run. The same steps are done with
// Gorgonia's LeakyRelu in turn, and what is reported beside the time of ours is
// the median of their ratios.
func BenchmarkStep(b *testing.B) {
	for _, task := range []string{"ring", "digits"} {
		b.Run(task, func(b *testing.B) {
			trainers := map[string]*adversary.Trainer{}
			for _, activation := range []string{"leaky", "builtin"} {
				o, err := parse([]string{"-data", task, "-activation", activation, "-steps", "1000000000"})
				if err != nil {
					b.Fatal(err)
				}
				e, err := newExperiment(o.settings)
				if err != nil {
					b.Fatal(err)
				}
				trainers[activation] = adversary.NewTrainer(e.Training)
				for range 3 {
					next(b, trainers[activation])
				}
			}
			timed := func(activation string) float64 {
				start := time.Now()
				next(b, trainers[activation])
				return time.Since(start).Seconds()
			}
			ours, ratios := []float64{}, []float64{}
			for b.Loop() {
				leaky, builtin := timed("leaky"), timed("builtin")
				ours = append(ours, leaky)
				ratios = append(ratios, builtin/leaky)
			}
			slices.Sort(ours)
			slices.Sort(ratios)
			b.ReportMetric(0, "ns/op") // both together: of no interest
			b.ReportMetric(1e3*ours[len(ours)/2], "ms/step")
			b.ReportMetric(ratios[len(ratios)/2], "builtin/ours")
		})
	}
}

func next(b *testing.B, t *adversary.Trainer) {
	b.Helper()
	if _, err := t.Next(); err != nil {
		b.Fatal(err)
	}
}
