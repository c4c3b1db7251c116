package main

import (
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// BenchmarkStep times a step of a default run, with this module's operator and
// with Gorgonia's LeakyRelu. Package internal/peerbench/step runs it in turns
// with the same step in PyTorch.
func BenchmarkStep(b *testing.B) {
	for _, kind := range []struct {
		name string
		data adversary.Data
	}{{"ring", data.Ring()}, {"digits", data.Pictures{Source: data.NewDigits()}}} {
		for _, activation := range []string{"leaky", "builtin"} {
			b.Run(kind.name+"/"+activation, func(b *testing.B) {
				o, err := parse([]string{"-data", kind.name, "-activation", activation})
				if err != nil {
					b.Fatal(err)
				}
				c, err := newConfig(o.settings)
				if err != nil {
					b.Fatal(err)
				}
				c.Data = kind.data
				t := adversary.NewTrainer(c)
				step := func() {
					if _, err := t.Next(); err != nil {
						b.Fatal(err)
					}
				}
				for range 30 {
					step() // a warm-up: the heap grows in the first steps
				}
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
			})
		}
	}
}
