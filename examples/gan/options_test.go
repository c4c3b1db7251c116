package main

import (
	"flag"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
)

func TestParse(t *testing.T) {
	o, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.settings.Data != "ring" || o.settings.Activation != "leaky" || o.settings.Steps != plans["ring"].steps || o.seeds != 1 || o.out != "" || o.resume != "" {
		t.Errorf("without flags: got %+v", o)
	}
	if err := check(o.settings); err != nil {
		t.Errorf("without flags: %v", err)
	}

	o, err = parse(strings.Fields("-data mnist -mnist D -loss plain -activation builtin -alpha -0.5 -steps 7 -seed 18446744073709551615 -seeds 3 -out O"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (runs.Settings{Data: "mnist", MNIST: "D", Loss: "plain", Activation: "builtin", Alpha: -0.5, Steps: 7, Seed: 1<<64 - 1}); o.settings != want || o.seeds != 3 || o.out != "O" {
		t.Errorf("got %+v, want %+v, 3 seeds, out O", o, want)
	}

	for args, want := range map[string]runs.Settings{
		"-activation relu":          {Activation: "relu", Alpha: 0, Data: "ring", Steps: plans["ring"].steps},
		"-activation relu -alpha 0": {Activation: "relu", Alpha: 0, Data: "ring", Steps: plans["ring"].steps},
		"-data grid":                {Activation: "leaky", Alpha: defaults.Alpha, Data: "grid", Steps: plans["grid"].steps},
		"-data digits":              {Activation: "leaky", Alpha: defaults.Alpha, Data: "digits", Steps: plans["digits"].steps},
		"-data digits -steps 3":     {Activation: "leaky", Alpha: defaults.Alpha, Data: "digits", Steps: 3},
	} {
		o, err := parse(strings.Fields(args))
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		got := runs.Settings{Activation: o.settings.Activation, Alpha: o.settings.Alpha, Data: o.settings.Data, Steps: o.settings.Steps}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", args, got, want)
		}
		if err := check(o.settings); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
	if _, err := parse([]string{"-h"}); err != flag.ErrHelp {
		t.Errorf("-h: got error %v, want %v", err, flag.ErrHelp)
	}
}

// TestOptionsCheck checks that the given flags must agree with the resumed run,
// and that other flags do not matter.
func TestOptionsCheck(t *testing.T) {
	was := runs.Settings{Data: "mnist", MNIST: "D", Loss: "plain", Activation: "builtin", Alpha: 0.5, Steps: 7, Seed: 2}
	for args, want := range map[string]string{
		"": "",
		"-data mnist -mnist D -loss plain -activation builtin -alpha 0.5 -steps 7 -seed 2": "",
		"-alpha 0.50":      "",
		"-data ring":       "-data is ring, but the run in R was started with mnist",
		"-mnist E":         "", // the new directory of the files
		"-loss r1r2":       "-loss is r1r2, but the run in R was started with plain",
		"-activation relu": "-activation is relu, but the run in R was started with builtin",
		"-alpha 0.2":       "-alpha is 0.2, but the run in R was started with 0.5",
		"-steps 8":         "",
		"-steps 6":         "-steps is 6, but the run in R was started with 7, expected at least as many",
		"-seed 1":          "-seed is 1, but the run in R was started with 2",
	} {
		o, err := parse(append(strings.Fields(args), "-resume", "R"))
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		got := ""
		s := was
		if err := o.agree(&s); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got error %q, want %q", args, got, want)
		}
		if now := o.set["steps"]; now && got == "" && s.Steps != o.settings.Steps || !now && s.Steps != was.Steps {
			t.Errorf("%s: %d steps", args, s.Steps)
		}
		if now := o.set["mnist"]; now && s.MNIST != o.settings.MNIST || !now && s.MNIST != was.MNIST {
			t.Errorf("%s: the files are in %s", args, s.MNIST)
		}
	}
}
