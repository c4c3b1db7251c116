// Command peerbench compares the kernels of leakyrelu with oneDNN, PyTorch
// and copy, and prints the tables of its README.
//
// The two contenders of a table take turns. A cell is the median over the
// rounds of our time divided by the peer's time.
package main

import (
	"flag"
	"fmt"
	"log"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"gorgonia.org/leakyrelu/internal/kernel"
	"gorgonia.org/leakyrelu/internal/peerbench/measure"
)

var (
	from   = flag.Int("from", 6, "smallest size, as a power of two")
	to     = flag.Int("to", 26, "largest size, as a power of two")
	rounds = flag.Int("rounds", 15, "rounds per cell")
	turn   = flag.Duration("turn", 20*time.Millisecond, "least time of one contender's turn, to find caches as it left them")
	wait   = flag.Duration("wait", time.Second, "how long a round waits for an idle machine")
	python = flag.String("python", "/usr/bin/python3", "a Python that has PyTorch")
	answer = flag.Bool("answer", false, "answer requests from another peerbench instead")
)

// A key identifies a case: forward or backward, in place or not, and the number
// of threads.
type key struct {
	threads           int
	backward, inPlace bool
}

// A benchCase is a key with its operands.
type benchCase struct {
	key
	dst, x, g []float32
	alpha     float32
}

// A contender computes one case.
type contender struct {
	run  func(reps int) (time.Duration, error)
	free func()
}

func main() {
	flag.Parse()
	log.SetFlags(0)
	// oneDNN's number of threads belongs to the thread that sets it.
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	if *answer {
		if err := answerRequests(); err != nil {
			log.Fatal(err)
		}
		return
	}
	if runtime.NumCPU() < 2 {
		log.Print("SKIPPED: two threads, because there is one processor")
	}
	torch, err := startPyTorch(*python)
	if err != nil {
		log.Printf("SKIPPED: PyTorch: %v", err)
	} else {
		fmt.Println(torch.Name)
	}
	avx2, err := startAVX2()
	if err != nil {
		log.Printf("SKIPPED: AVX2: %v", err)
	}

	table("oneDNN, one thread each", 1, newOneDNN)
	if runtime.NumCPU() >= 2 {
		table("oneDNN, two threads each", 2, newOneDNN)
	}
	if torch != nil {
		table("PyTorch, one thread each", 1, contend(torch))
	}
	if avx2 != nil {
		table("ourselves with AVX2 instead of AVX-512, one thread each", 1, contend(avx2))
	}
	table("copy, one thread", 1, newCopy)
	if runtime.NumCPU() >= 2 {
		table("ourselves on one thread, with two", 2, func(c benchCase) (contender, error) {
			c.threads = 1
			return newOurs(c)
		})
	}
}

// busyRounds counts the rounds of the current table in which the machine was
// not idle.
var busyRounds int

// table prints the ratios to one peer, for all sizes.
func table(title string, threads int, peer func(benchCase) (contender, error)) {
	fmt.Printf("\n### Against %s\n\n", title)
	fmt.Println("| elements | forward | in place | backward | in place | ours, forward |")
	fmt.Println("|---|---|---|---|---|---|")
	var all []float64
	busyRounds = 0
	for power := *from; power <= *to; power++ {
		fmt.Printf("| 2^%d ", power)
		var forward time.Duration
		for _, backward := range []bool{false, true} {
			for _, inPlace := range []bool{false, true} {
				ratio, ours, err := compare(newCase(key{threads, backward, inPlace}, 1<<power), peer)
				if err != nil {
					log.Fatal(err)
				}
				if !backward && !inPlace {
					forward = ours
				}
				all = append(all, ratio)
				fmt.Printf("| %.2f ", ratio)
			}
		}
		fmt.Printf("| %v |\n", forward)
	}
	sum := 0.0
	for _, r := range all {
		sum += math.Log(r)
	}
	fmt.Printf("\nGeometric mean %.2f, worst %.2f.", math.Exp(sum/float64(len(all))), slices.Max(all))
	if busyRounds > 0 {
		fmt.Printf(" Other programs were running in %d of %d rounds.", busyRounds, len(all)**rounds)
	}
	fmt.Println()
}

// compare returns the median ratio of our time to the peer's, and our time
// for one call.
func compare(c benchCase, peer func(benchCase) (contender, error)) (ratio float64, ours time.Duration, err error) {
	us, err := newOurs(c)
	if err != nil {
		return 0, 0, err
	}
	them, err := peer(c)
	if err != nil {
		return 0, 0, err
	}
	defer them.free()
	reps := []int{1, 1}
	for i, contender := range []contender{us, them} {
		for {
			took, err := contender.run(reps[i])
			if err != nil {
				return 0, 0, err
			}
			if took >= *turn {
				break
			}
			reps[i] *= 2
		}
	}
	var ratios, times []float64
	for round := range *rounds {
		if !waitUntilIdle(*wait) {
			busyRounds++
		}
		var each [2]float64
		for i := range 2 {
			i ^= round & 1 // take turns in going first
			contender := []contender{us, them}[i]
			if c.threads > 1 {
				// OpenMP's threads spin for a while before they sleep.
				time.Sleep(5 * time.Millisecond)
			}
			if _, err := contender.run(max(1, reps[i]/8)); err != nil { // warm up
				return 0, 0, err
			}
			took, err := contender.run(reps[i])
			if err != nil {
				return 0, 0, err
			}
			each[i] = float64(took) / float64(reps[i])
		}
		ratios, times = append(ratios, each[0]/each[1]), append(times, each[0])
	}
	return measure.Median(ratios), time.Duration(measure.Median(times)), nil
}

func newOurs(c benchCase) (contender, error) {
	return contender{func(reps int) (time.Duration, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.threads))
		g := c.g
		if !c.backward {
			g = c.x
		}
		start := time.Now()
		for range reps {
			kernel.Gate(c.dst, c.x, g, c.alpha)
		}
		return time.Since(start), nil
	}, func() {}}, nil
}

// contend returns a function that makes a process a contender. The loop over
// repetitions is in the process.
func contend(p *measure.Process) func(benchCase) (contender, error) {
	return func(c benchCase) (contender, error) {
		return contender{func(reps int) (time.Duration, error) {
			return p.Time(c.backward, c.inPlace, len(c.dst), c.alpha, reps)
		}, func() {}}, nil
	}
}

// newCopy copies x. It moves as many bytes as the forward case, and two thirds
// of the bytes of the backward case.
func newCopy(c benchCase) (contender, error) {
	dst := operand(0, len(c.x))
	return contender{func(reps int) (time.Duration, error) {
		start := time.Now()
		for range reps {
			copy(dst, c.x)
		}
		return time.Since(start), nil
	}, func() {}}, nil
}

// newCase makes operands with random signs in separate memory. In place, alpha
// is 1. With a smaller alpha, the values would become subnormal and then zero
// from call to call.
func newCase(k key, n int) benchCase {
	c := benchCase{key: k, dst: operand(0, n), x: operand(1, n), g: operand(2, n), alpha: 0.01}
	if k.inPlace {
		c.alpha = 1
		if c.dst = c.x; k.backward {
			c.dst = c.g
		}
	}
	return c
}

var operands [3][]float32

// operand returns the first n elements of operand i. Its memory begins at a
// page. Go does not manage it, so C may use it.
func operand(i, n int) []float32 {
	if operands[i] == nil {
		size := 4 << *to
		m, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			log.Fatal(err)
		}
		operands[i] = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(m))), 1<<*to)
		state := uint32(i + 1)
		for j := range operands[i] {
			state = state*1664525 + 1013904223
			operands[i][j] = float32(int32(state)) / (1 << 31)
		}
	}
	return operands[i][:n]
}
