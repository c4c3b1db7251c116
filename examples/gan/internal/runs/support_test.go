package runs

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
	"gorgonia.org/leakyrelu/examples/gan/internal/draw"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
	"gorgonia.org/tensor"
)

// tinyExperiment returns the experiment for settings in these tests: small
// networks for points, and smaller ones for pictures. The pictures get no real
// score.
func tinyExperiment(s Settings) (e Experiment, err error) {
	c := adversary.Config{Dtype: tensor.Float32, Batch: 4, Steps: s.Steps, Seed: s.Seed, Recipe: adversary.Recipe{
		Rate: 4e-3, Fall: adversary.Geometric, Beta1: 0.5, Beta2: 0.99, FirstWeight: 0.1, LastWeight: 0.003, Hold: 0.5,
	}}
	if c.Act, err = nn.NewActivation(s.Activation, s.Alpha, c.Dtype); err != nil {
		return e, err
	}
	if c.Game, err = adversary.NewGame(s.Loss); err != nil {
		return e, err
	}
	points := func(m data.Mixture) {
		c.Data, c.Networks = m, adversary.Points(2, 6)
		e.Scorer, e.Painter = score.Points{Mixture: m}, draw.Points{Mixture: m}
	}
	switch s.Data {
	case "ring":
		points(data.Ring())
	case "grid":
		points(data.Grid())
	case "digits":
		c.Data, c.Networks = data.Pictures{Source: data.NewDigits()}, adversary.Pictures(3, 4, 2, data.Side)
		e.Scorer, e.Painter = blind{}, draw.Pictures{}
	default:
		return e, fmt.Errorf("-data is %q", s.Data)
	}
	e.Training = c
	return e, nil
}

// blind gives all samples the same score.
type blind struct{}

func (blind) Score(samples []float64) (score.Score, error) {
	return score.Score{Modes: 1, Of: 10, Quality: 0.5, ReverseKL: samples[0]}, nil
}

func (blind) Caption(score.Score) string { return "nobody knows" }

// started returns a new run in its own directory.
func started(t *testing.T, s Settings) *Run {
	t.Helper()
	e, err := tinyExperiment(s)
	if err != nil {
		t.Fatal(err)
	}
	return New(s, e, t.TempDir())
}

// trainUntil trains until a step and then interrupts the run.
func (r *Run) trainUntil(t *testing.T, step int) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	err := r.Train(ctx, func() {
		if r.Step() == step {
			interrupt()
		}
	})
	if err != nil && !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if r.Step() != step {
		t.Fatalf("training ended after step %d, want %d", r.Step(), step)
	}
}

// agree accepts all settings.
func agree(*Settings) error { return nil }

// opened returns the run in a directory.
func opened(t *testing.T, dir string) *Run {
	t.Helper()
	r, err := Open(dir, agree, tinyExperiment)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
