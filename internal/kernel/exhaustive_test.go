package kernel

import (
	"flag"
	"math"
	"sync"
	"testing"
)

var exhaustive = flag.Bool("exhaustive", false, "run TestExhaustive: all 2³² float32 patterns, minutes")

// TestExhaustive runs every implementation on all float32 bit patterns of x,
// forward and backward. In the backward pass, g takes all patterns too.
func TestExhaustive(t *testing.T) {
	if !*exhaustive {
		t.Skip("-exhaustive is not set")
	}
	forEachImplementation(t, func(t *testing.T) {
		const chunk = 1 << 15
		var workers sync.WaitGroup
		firsts := make(chan uint32)
		for range 2 {
			workers.Add(1)
			go func() {
				defer workers.Done()
				dst, x, g := make([]float32, chunk), make([]float32, chunk), make([]float32, chunk)
				for first := range firsts {
					for i := range x {
						b := first + uint32(i)
						x[i] = math.Float32frombits(b)
						g[i] = math.Float32frombits(b*0x9E3779B1 + 0x7F4A7C15) // a bijection, so g takes every pattern once
					}
					for _, up := range [][]float32{x, g} {
						Gate(dst, x, up, 0.01)
						for i := range dst {
							want := definition(x[i], up[i], 0.01)
							if math.Float32bits(dst[i]) != math.Float32bits(want) {
								t.Errorf("gate(%#x, %#x): got %#x, want %#x", math.Float32bits(x[i]), math.Float32bits(up[i]), math.Float32bits(dst[i]), math.Float32bits(want))
								break
							}
						}
					}
				}
			}()
		}
		for first := uint64(0); first < 1<<32; first += chunk {
			firsts <- uint32(first)
		}
		close(firsts)
		workers.Wait()
	})
}
