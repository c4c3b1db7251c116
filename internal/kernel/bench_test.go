package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The bytes per second count each slice that is read or written once: 2 slices
// for copy and the forward pass, 3 for the backward pass, 4 for GateAdd. Signs
// are random. In place, alpha is 1. With a smaller alpha, the values would
// become subnormal and then zero from run to run.

func BenchmarkCopy(b *testing.B) {
	forEachSize(b, 2, func(dst, x, _ []float32) { copy(dst, x) })
}

func BenchmarkForward(b *testing.B) {
	forEachSize(b, 2, func(dst, x, _ []float32) { Gate(dst, x, x, 0.01) })
}

func BenchmarkForwardInPlace(b *testing.B) {
	forEachSize(b, 2, func(_, x, _ []float32) { Gate(x, x, x, 1) })
}

func BenchmarkBackward(b *testing.B) {
	forEachSize(b, 3, func(dst, x, g []float32) { Gate(dst, x, g, 0.01) })
}

func BenchmarkBackwardInPlace(b *testing.B) {
	forEachSize(b, 3, func(_, x, g []float32) { Gate(g, x, g, 1) })
}

func BenchmarkBackwardAdd(b *testing.B) {
	forEachSize(b, 4, func(dst, x, g []float32) { GateAdd(dst, x, g, 0) })
}

// BenchmarkGoLoop is BenchmarkForward on one core without assembly.
func BenchmarkGoLoop(b *testing.B) {
	forEachSize(b, 2, func(dst, x, _ []float32) { genericGate(dst, x, x, 0.01) })
}

// BenchmarkLongestWait reports the longest time that a goroutine waits for the
// processor while another goroutine makes five long calls. The waiting
// goroutine wakes every 200 µs. Both share one processor.
func BenchmarkLongestWait(b *testing.B) {
	processors(b, 1)
	dst, x := make([]float32, 1<<26), make([]float32, 1<<26)
	stop, longest := make(chan bool), make(chan time.Duration)
	go func() {
		most := time.Duration(0)
		for {
			select {
			case <-stop:
				longest <- most
				return
			default:
				start := time.Now()
				time.Sleep(200 * time.Microsecond)
				most = max(most, time.Since(start)-200*time.Microsecond)
			}
		}
	}()
	b.ResetTimer()
	for range b.N {
		for range 5 {
			Gate(dst, x, x, 0.01)
		}
	}
	stop <- true
	b.ReportMetric(float64(<-longest)/1e6, "ms-longest-wait")
}

func forEachSize(b *testing.B, slices int, compute func(dst, x, g []float32)) {
	for power := 6; power <= 26; power += 2 {
		b.Run(fmt.Sprintf("2^%d", power), func(b *testing.B) {
			n := 1 << power
			dst, x, g := make([]float32, n), make([]float32, n), make([]float32, n)
			random := rand.New(rand.NewPCG(1, 2))
			for i := range n {
				x[i], g[i] = random.Float32()-0.5, random.Float32()-0.5
			}
			b.SetBytes(int64(slices * n * 4))
			b.ResetTimer()
			for range b.N {
				compute(dst, x, g)
			}
		})
	}
}
