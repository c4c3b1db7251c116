package runs

import (
	"fmt"
	"image"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

// Settings are the user's choices that the result of a run depends on.
type Settings struct {
	Data       string  `json:"data"`
	MNIST      string  `json:"mnist,omitempty"` // directory
	Loss       string  `json:"loss"`
	Activation string  `json:"activation"`
	Alpha      float64 `json:"alpha"`
	Steps      int     `json:"steps"`
	Seed       uint64  `json:"seed"`
}

// String returns the flags for the settings.
func (s Settings) String() string {
	text := "-data " + s.Data
	if s.MNIST != "" {
		text += " -mnist " + s.MNIST
	}
	return fmt.Sprintf("%s -loss %s -activation %s -alpha %v -steps %d -seed %d", text, s.Loss, s.Activation, s.Alpha, s.Steps, s.Seed)
}

// Experiment has what a run with some settings needs.
type Experiment struct {
	Training adversary.Config
	Scorer   Scorer
	Painter  Painter
	Name     string // short description of the training
	Note     string // a remark on the result, or empty
}

// Scorer measures how well generated samples match the data.
type Scorer interface {
	Score(samples []float64) (score.Score, error)
	// Caption describes a score in the caption of a picture.
	Caption(score.Score) string
}

// Painter draws samples.
type Painter interface {
	// Picture draws generated samples and real ones.
	Picture(title string, real, generated []float64) (image.Image, error)
	// Frame draws a smaller picture for an animation, with Framed real and
	// Framed generated samples.
	Frame(title string, real, generated []float64) (image.Image, error)
	Framed() int
}
