package main

import (
	"fmt"

	"gorgonia.org/tensor"
)

// settings are what the result of a run depends on, as a user chooses it.
type settings struct {
	Data       string  `json:"data"`
	MNIST      string  `json:"mnist,omitempty"` // directory
	Loss       string  `json:"loss"`
	Activation string  `json:"activation"`
	Alpha      float64 `json:"alpha"`
	Steps      int     `json:"steps"`
	Seed       uint64  `json:"seed"`
}

// defaultSteps take about a minute for points, and a few for pictures, on two
// cores without OpenBLAS.
var defaultSteps = map[string]int{"ring": 6500, "grid": 6500, "digits": 1500, "mnist": 1500}

// check says what is wrong with the settings that newConfig would not notice.
func (s settings) check() error {
	switch {
	case defaultSteps[s.Data] == 0:
		return fmt.Errorf("-data is %q, expected ring, grid, digits or mnist", s.Data)
	case s.Data == "mnist" && s.MNIST == "":
		return fmt.Errorf("-data is mnist, expected -mnist with the directory of its files, too")
	case s.Data != "mnist" && s.MNIST != "":
		return fmt.Errorf("-mnist is %q, expected it only with -data mnist", s.MNIST)
	case s.Steps < 1:
		return fmt.Errorf("-steps is %d, expected at least 1", s.Steps)
	}
	return nil
}

// newConfig returns what the settings stand for, but for the seed.
func newConfig(s settings) (c config, err error) {
	if err := s.check(); err != nil {
		return c, err
	}
	c = config{dtype: tensor.Float32, steps: s.Steps}
	if c.act, err = newActivation(s.Activation, s.Alpha, c.dtype); err != nil {
		return c, err
	}
	if c.game, err = newGame(s.Loss); err != nil {
		return c, err
	}
	c.batch, c.recipe = 64, c.images
	switch s.Data {
	case "ring":
		c.task, c.batch, c.recipe = ring(), 128, c.points
	case "grid":
		c.task, c.batch, c.recipe = grid(), 128, c.points
	case "digits":
		c.task, err = newImages(newDigits())
	case "mnist":
		var pictures *mnist
		if pictures, err = readMNIST(s.MNIST); err == nil {
			c.task, err = newImages(pictures)
		}
	}
	return c, err
}
