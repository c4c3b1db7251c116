package runs

import (
	"fmt"
	"image"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/score"
)

// Settings are what the result of a run depends on, as a user chooses it.
type Settings struct {
	Data       string  `json:"data"`
	MNIST      string  `json:"mnist,omitempty"` // directory
	Loss       string  `json:"loss"`
	Activation string  `json:"activation"`
	Alpha      float64 `json:"alpha"`
	Steps      int     `json:"steps"`
	Seed       uint64  `json:"seed"`
}

// String is the flags that stand for the settings.
func (s Settings) String() string {
	text := "-data " + s.Data
	if s.MNIST != "" {
		text += " -mnist " + s.MNIST
	}
	return fmt.Sprintf("%s -loss %s -activation %s -alpha %v -steps %d -seed %d", text, s.Loss, s.Activation, s.Alpha, s.Steps, s.Seed)
}

// Experiment is what settings stand for.
type Experiment struct {
	Training adversary.Config
	Scorer   Scorer
	Painter  Painter
	Name     string // what is trained, in a few words
	Note     string // what else there is to say about a result, if anything
}

// Scorer says how well generated samples match the data.
type Scorer interface {
	Score(samples []float64) (score.Score, error)
	// Caption says what a score means, for a picture.
	Caption(score.Score) string
}

// Painter draws samples.
type Painter interface {
	// Picture shows generated samples and real ones.
	Picture(title string, real, generated []float64) (image.Image, error)
	// Frame is a smaller picture, for an animation, of Framed samples of either
	// kind.
	Frame(title string, real, generated []float64) (image.Image, error)
	Framed() int
}
