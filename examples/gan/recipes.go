package main

import (
	"fmt"
	"strings"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
	"gorgonia.org/leakyrelu/examples/gan/internal/draw"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/runs"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
	"gorgonia.org/tensor"
)

// The settings for each kind of data and each loss. The meaning of a recipe is in
// internal/adversary/recipe.go, the number of updates in a step in losses.go next
// to it, the scale of the points in internal/data/mixture.go.

// plan has the settings for a kind of data.
type plan struct {
	what     string // for the help
	steps    int    // default
	takes    string // time for these steps, in pure Go and with OpenBLAS, for the help
	batch    int
	networks adversary.Networks
	recipes  map[string]adversary.Recipe // by the name of the loss
}

var (
	pointNetworks   = adversary.Points(2, 64)
	pictureNetworks = adversary.Pictures(32, 128, 16, data.Side)

	pointRecipes = map[string]adversary.Recipe{
		"plain":   {Rate: 2e-3, Fall: adversary.Cosine, Beta1: 0.5, Beta2: 0.99},
		"wgan-gp": {Rate: 2e-3, Fall: adversary.Cosine, Beta1: 0, Beta2: 0.9, FirstWeight: 1, LastWeight: 1},
		"r1r2":    {Rate: 4e-3, Fall: adversary.Geometric, Beta1: 0, Beta2: 0.99, FirstWeight: 0.1, LastWeight: 0.003, Hold: 0.5},
	}
	pictureRecipes = map[string]adversary.Recipe{
		"plain":   {Rate: 5e-4, Fall: adversary.Cosine, Beta1: 0.5, Beta2: 0.99},
		"wgan-gp": {Rate: 1e-3, Fall: adversary.Cosine, Beta1: 0, Beta2: 0.9, FirstWeight: 10, LastWeight: 10},
		"r1r2":    {Rate: 2e-3, Fall: adversary.Cosine, Beta1: 0.5, Beta2: 0.99, FirstWeight: 0.3, LastWeight: 0.03},
	}
)

// plans maps the name of the data to its plan.
var plans = map[string]plan{
	"ring": {
		what:  "8 Gaussians in a ring",
		steps: 6500, takes: "50 s, 15 s",
		batch: 128, networks: pointNetworks, recipes: pointRecipes,
	},
	"grid": {
		what:  "25 Gaussians in a grid",
		steps: 20000, takes: "3 min, 35 s",
		batch: 128, networks: pointNetworks, recipes: pointRecipes,
	},
	"digits": {
		what:  "digits drawn from fonts",
		steps: 6000, takes: "4 min, 70 s",
		batch: 64, networks: pictureNetworks, recipes: pictureRecipes,
	},
	"mnist": {
		what:  "digits written by hand",
		steps: 6000, takes: "4 min, 70 s",
		batch: 64, networks: pictureNetworks, recipes: pictureRecipes,
	},
}

// planTable returns a line of the help for each kind of data.
func planTable() string {
	var table strings.Builder
	for _, name := range []string{"ring", "grid", "digits", "mnist"} {
		p := plans[name]
		fmt.Fprintf(&table, "                      %-7s %-23s %6d steps  %s\n", name, p.what, p.steps, p.takes)
	}
	return table.String()
}

// check returns an error if settings are not valid. It does not check the
// contents of files.
func check(s runs.Settings) error {
	_, known := plans[s.Data]
	switch {
	case !known:
		return fmt.Errorf("-data is %q, expected ring, grid, digits or mnist", s.Data)
	case s.Data == "mnist" && s.MNIST == "":
		return fmt.Errorf("-data is mnist, expected also -mnist with the directory of its files")
	case s.Data != "mnist" && s.MNIST != "":
		return fmt.Errorf("-mnist is %q, expected it only with -data mnist", s.MNIST)
	case s.Steps < 1:
		return fmt.Errorf("-steps is %d, expected at least 1", s.Steps)
	}
	_, err := newConfig(s)
	return err
}

// newConfig returns the training configuration for the settings, without the
// data.
func newConfig(s runs.Settings) (c adversary.Config, err error) {
	p := plans[s.Data]
	c = adversary.Config{
		Networks: p.networks, Recipe: p.recipes[s.Loss], Dtype: tensor.Float32,
		Batch: p.batch, Steps: s.Steps, Seed: s.Seed,
	}
	if c.Act, err = nn.NewActivation(s.Activation, s.Alpha, c.Dtype); err != nil {
		return c, err
	}
	c.Game, err = adversary.NewGame(s.Loss)
	return c, err
}

// newExperiment returns the experiment for the settings.
func newExperiment(s runs.Settings) (e runs.Experiment, err error) {
	if err := check(s); err != nil {
		return e, err
	}
	if e.Training, err = newConfig(s); err != nil {
		return e, err
	}
	e.Name = fmt.Sprintf("%v in both networks", e.Training.Act)
	switch s.Data {
	case "ring":
		setPoints(&e, data.Ring())
	case "grid":
		setPoints(&e, data.Grid())
	case "digits":
		err = setPictures(&e, data.NewDigits())
	case "mnist":
		var pictures *data.MNIST
		if pictures, err = data.ReadMNIST(s.MNIST); err == nil {
			err = setPictures(&e, pictures)
		}
	}
	return e, err
}

func setPoints(e *runs.Experiment, m data.Mixture) {
	e.Training.Data, e.Scorer, e.Painter = m, score.Points{Mixture: m}, draw.Points{Mixture: m}
}

// setPictures sets up pictures as the data. It trains a classifier, which takes
// seconds.
func setPictures(e *runs.Experiment, source data.Source) error {
	pictures := data.Pictures{Source: source}
	judge, err := score.NewClassifier(pictures)
	if err != nil {
		return err
	}
	e.Training.Data, e.Scorer, e.Painter = pictures, judge, draw.Pictures{}
	e.Note = fmt.Sprintf("classifier: right about %.1f%% of real pictures", 100*judge.Accuracy)
	return nil
}
