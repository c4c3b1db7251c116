//go:build unix

package kernel

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkSplit runs Gate(dst, x, x) with GOMAXPROCS 1, 2, 8 and 32. It
// reports wall time and processor time, relative to GOMAXPROCS 1. One iteration
// runs all four, with a pause before each. 2^20 float32 are below splitFrom,
// 2^21 reach it.
func BenchmarkSplit(b *testing.B) {
	for _, power := range []int{20, 21, 22, 24} {
		b.Run(fmt.Sprintf("2^%d", power), func(b *testing.B) {
			n := 1 << power
			dst, x := make([]float32, n), make([]float32, n)
			processors(b, 1)
			all := []int{1, 2, 8, 32}
			wall, cpu := make([][]float64, len(all)), make([][]float64, len(all))
			b.ResetTimer()
			for range b.N {
				for i, procs := range all {
					processors(b, procs)
					time.Sleep(time.Millisecond)
					Gate(dst, x, x, 0.01)
					startCPU, start := processorTime(b), time.Now()
					for range 1 + 1<<24/n {
						Gate(dst, x, x, 0.01)
					}
					wall[i] = append(wall[i], float64(time.Since(start)))
					cpu[i] = append(cpu[i], float64(processorTime(b)-startCPU))
				}
			}
			b.ReportMetric(0, "ns/op") // hide the time of a whole round
			for i, procs := range all[1:] {
				b.ReportMetric(median(wall[i+1])/median(wall[0]), fmt.Sprintf("wall-%d", procs))
				b.ReportMetric(median(cpu[i+1])/median(cpu[0]), fmt.Sprintf("cpu-%d", procs))
			}
		})
	}
}

// processorTime returns the processor time that this process has used so far.
func processorTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
