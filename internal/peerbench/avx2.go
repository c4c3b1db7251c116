package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"golang.org/x/sys/cpu"
	"gorgonia.org/leakyrelu/internal/peerbench/measure"
)

// startAVX2 starts this program in a second process. It answers requests with
// the kernels for AVX2.
func startAVX2() (*measure.Process, error) {
	if !cpu.X86.HasAVX512F {
		return nil, errors.New("this processor has no AVX-512 to compare it with")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-answer", fmt.Sprintf("-to=%d", *to))
	cmd.Env = append(os.Environ(), "GODEBUG=cpu.avx512f=off")
	return measure.Start(cmd)
}

// answerRequests is the main loop of the process that startAVX2 starts.
func answerRequests() error {
	fmt.Println("AVX2")
	for {
		k, n, reps := key{threads: 1}, 0, 0
		var alpha float32
		if _, err := fmt.Scanln(&k.backward, &k.inPlace, &n, &alpha, &reps); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		us, err := newOurs(newCase(k, n))
		if err != nil {
			return err
		}
		took, err := us.run(reps)
		if err != nil {
			return err
		}
		fmt.Println(took.Nanoseconds())
	}
}
