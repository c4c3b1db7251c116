// Command step compares a training step of examples/gan with the same step in
// PyTorch, and with the step that uses Gorgonia's LeakyRelu. It prints the rows
// of the table in examples/gan/README.md.
//
// Each contender runs in a process of its own, with one thread. They take turns.
// A ratio is the median of the rounds' ratios.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"gorgonia.org/leakyrelu/internal/peerbench/measure"
)

var (
	tags   = flag.String("tags", "", "build tags of the example: openblas, or none for pure Go")
	rounds = flag.Int("rounds", 15, "rounds")
	steps  = flag.Int("steps", 15, "steps in each turn")
	python = flag.String("python", "/usr/bin/python3", "a Python that has PyTorch")
)

//go:embed pytorch.py
var script string

func main() {
	flag.Parse()
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "step")
	if err != nil {
		log.Fatal(err)
	}
	err = compare(filepath.Join(dir, "gan.test"))
	os.RemoveAll(dir)
	if err != nil {
		log.Fatal(err)
	}
}

// compare prints a row for each kind of data. It builds the example's benchmark
// into the file program.
func compare(program string) error {
	build := exec.Command("go", "test", "-c", "-tags", *tags, "-o", program, "./gan")
	build.Dir = "../../examples"
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the example: %w", err)
	}
	blas := "pure Go"
	if *tags == "openblas" {
		blas = "OpenBLAS"
	}
	fmt.Println("| | step | time ÷ PyTorch's | time with Gorgonia's `LeakyRelu` ÷ with ours |")
	fmt.Println("|---|---|---|---|")
	for _, data := range []string{"ring", "digits"} {
		torch, err := measure.Start(exec.Command(*python, "-c", script, data))
		if err != nil {
			log.Printf("SKIPPED: PyTorch: %v", err)
		} else if _, err := torch.Time(*steps); err != nil { // a warm-up
			return err
		}
		var times, toTorch, toBuiltin []float64
		for range *rounds {
			ours, err := stepTime(program, data, "leaky")
			if err != nil {
				return err
			}
			builtin, err := stepTime(program, data, "builtin")
			if err != nil {
				return err
			}
			times, toBuiltin = append(times, ours), append(toBuiltin, builtin/ours)
			if torch == nil {
				continue
			}
			theirs, err := torch.Time(*steps)
			if err != nil {
				return err
			}
			toTorch = append(toTorch, ours/(float64(theirs)/float64(*steps)))
		}
		ratio := "–"
		if torch != nil {
			ratio = fmt.Sprintf("%.2f", measure.Median(toTorch))
		}
		fmt.Printf("| %s, %s | %v | %s | %.1f |\n", data, blas, time.Duration(measure.Median(times)).Round(100*time.Microsecond), ratio, measure.Median(toBuiltin))
	}
	return nil
}

var perStep = regexp.MustCompile(`(\d+(?:\.\d+)?) ns/op`)

// stepTime runs one of the example's benchmarks and returns the nanoseconds of
// a step.
func stepTime(program, data, activation string) (float64, error) {
	name := fmt.Sprintf("^BenchmarkStep$/^%s$/^%s$", data, activation)
	cmd := exec.Command(program, "-test.run=-", "-test.cpu=1", fmt.Sprintf("-test.benchtime=%dx", *steps), "-test.bench="+name)
	out, err := cmd.CombinedOutput()
	match := perStep.FindSubmatch(out)
	if err != nil || match == nil {
		return 0, fmt.Errorf("benchmark %s: %v\n%s", name, err, out)
	}
	return strconv.ParseFloat(string(match[1]), 64)
}
