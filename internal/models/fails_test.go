package models

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What Gorgonia itself can't train on a machine fails with this package's
// operator as it fails with the built-in. These helpers show it, and say what
// to change here once Gorgonia can.

const seenIn = "seen in Gorgonia v0.9.18"

// failsAt runs the steps before step n, which must agree, and then expects the
// same error with every variant.
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
			t.Errorf("step %d with %s works on the %s machine, expected the error %q, %s; if Gorgonia is mended, train on this machine with compare", n, v.name, on.name, message, seenIn)
		case !strings.Contains(err.Error(), message):
			t.Errorf("step %d with %s fails on the %s machine with %q, expected %q as with the built-in, %s", n, v.name, on.name, err, message, seenIn)
		}
	}
}

// crashes expects that the first step ends the process, with the same panic
// with every variant. It runs each in a process of its own: a panic on the
// goroutine that a machine starts can't be recovered.
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
			t.Errorf("a step with %s works on the %s machine, expected the panic %q, %s; if Gorgonia is mended, train on this machine with compare", v.name, on.name, message, seenIn)
		case !strings.Contains(string(output), message):
			t.Errorf("a step with %s on the %s machine ends with\n%s\nexpected the panic %q as with the built-in, %s", v.name, on.name, output, message, seenIn)
		}
	}
}
