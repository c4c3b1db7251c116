package models

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Gorgonia can't train some models on the Lisp machine. These helpers check
// that such a model fails in the same way with the built-in and with this
// package's operator. If the model trains with a later version of Gorgonia, the
// message says what to change here.

const seenIn = "seen in Gorgonia v0.9.18"

// failsAt runs the steps before step n, in which all variants must agree. In
// step n it expects the same error with every variant.
func failsAt(t *testing.T, m model, on machine, n int, message string) {
	t.Helper()
	var want []*record
	for i, v := range variants(m.alpha) {
		step := m.build(t, on, v.apply)
		for k := range n {
			got := new(record)
			done(t, step(k, got))
			if i == 0 {
				want = append(want, got)
			} else {
				same(t, v.name, got, want[k])
			}
		}
		switch err := step(n, nil); {
		case err == nil:
			t.Errorf("step %d with %s works on the %s machine, expected the error %q, %s; if Gorgonia has fixed this, train on this machine with compare", n, v.name, on.name, message, seenIn)
		case !strings.Contains(err.Error(), message):
			t.Errorf("step %d with %s fails on the %s machine with %q, expected %q as with the built-in, %s", n, v.name, on.name, err, message, seenIn)
		}
	}
}

// crashes expects that the first step ends the process with the same panic for
// every variant. It runs each variant in a new process, because the panic is on
// a goroutine of the machine and can't be recovered.
func crashes(t *testing.T, m model, on machine, message string) {
	t.Helper()
	const environment = "LEAKYRELU_CRASH_WITH"
	if name, ok := os.LookupEnv(environment); ok {
		for _, v := range variants(m.alpha) {
			if v.name == name {
				done(t, m.build(t, on, v.apply)(0, nil))
			}
		}
		return
	}
	for _, v := range variants(m.alpha) {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), environment+"="+v.name)
		output, err := cmd.CombinedOutput()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			t.Fatal(err) // it didn't start
		}
		switch {
		case err == nil:
			t.Errorf("a step with %s works on the %s machine, expected the panic %q, %s; if Gorgonia has fixed this, train on this machine with compare", v.name, on.name, message, seenIn)
		case !strings.Contains(string(output), message):
			t.Errorf("a step with %s on the %s machine ends with\n%s\nexpected the panic %q as with the built-in, %s", v.name, on.name, output, message, seenIn)
		}
	}
}
