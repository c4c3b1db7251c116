package runs

import (
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"io"
	"math/rand/v2"

	"gorgonia.org/leakyrelu/examples/gan/internal/draw"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

// Draw writes the pictures and returns the score of the samples in the first
// one.
func (r *Run) Draw() (score.Score, error) {
	generated, s, err := r.evaluate()
	if err != nil {
		return s, err
	}
	real := r.Experiment.Training.Data.Sample(rand.New(rand.NewPCG(r.Settings.Seed, 3)), score.Samples)
	title := fmt.Sprintf("%s, after %d steps: %s", r.Experiment.Name, r.Step(), r.Experiment.Scorer.Caption(s))
	samples, err := r.Experiment.Painter.Picture(title, real, generated)
	if err != nil {
		return s, err
	}
	if err := savePNG(r.Path(SamplesName), samples); err != nil {
		return s, err
	}
	if len(r.History) == 0 { // interrupted before the first record
		return s, nil
	}
	curves, err := drawHistory(title, r.History)
	if err != nil {
		return s, err
	}
	if err := savePNG(r.Path(trainingName), curves); err != nil {
		return s, err
	}
	var frames []image.Image
	for i, samples := range r.frames {
		f, err := r.Experiment.Painter.Frame(fmt.Sprintf("step %d", r.History[i].Step), real[:len(samples)], samples)
		if err != nil {
			return s, err
		}
		frames = append(frames, f)
	}
	return s, replaceFile(r.Path(movieName), func(w io.Writer) error { return gif.EncodeAll(w, draw.Animate(frames)) })
}

// drawHistory draws the training: the losses at the top, the shares of reached
// modes and of good samples in the middle, and the shares of dead units at the
// bottom.
func drawHistory(title string, history []Record) (image.Image, error) {
	curve := func(name string, c color.Color, y func(Record) float64) draw.Curve {
		values := make([]float64, len(history))
		for i, r := range history {
			values[i] = y(r)
		}
		return draw.Curve{Name: name, Color: c, Y: values}
	}
	steps := curve("", nil, func(r Record) float64 { return float64(r.Step) }).Y
	return draw.Curves(title, steps,
		draw.Panel{Title: "loss of each network", Curves: []draw.Curve{
			curve("discriminator", draw.Blue, func(r Record) float64 { return r.Losses.Discriminator }),
			curve("generator", draw.Orange, func(r Record) float64 { return r.Losses.Generator }),
		}},
		draw.Panel{Title: "what the generator has learned", Shares: true, Curves: []draw.Curve{
			curve("modes reached", color.Black, func(r Record) float64 { return 100 * float64(r.Score.Modes) / float64(r.Score.Of) }),
			curve("high quality", draw.Green, func(r Record) float64 { return 100 * r.Score.Quality }),
		}},
		draw.Panel{Title: "hidden units that can't learn any more", Shares: true, Curves: []draw.Curve{
			curve("discriminator", draw.Blue, func(r Record) float64 { return 100 * r.Dead.Discriminator }),
			curve("generator", draw.Orange, func(r Record) float64 { return 100 * r.Dead.Generator }),
		}})
}
