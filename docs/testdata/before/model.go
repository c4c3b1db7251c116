// Package model holds the built-in in the ways that gofmt -r meets.
package model

import (
	"gorgonia.org/gorgonia"
)

// A function value is not a call.
var activation = gorgonia.LeakyRelu

func layers(x *gorgonia.Node) (*gorgonia.Node, error) {
	h, err := gorgonia.LeakyRelu(x, 0.1) // a comment behind a call
	if err != nil {
		return nil, err
	}
	h = gorgonia.Must(gorgonia.LeakyRelu(
		gorgonia.Must(gorgonia.LeakyRelu(h, 0.2)), // a comment between arguments
		0.3,
	))
	return activation(h, 0.4)
}
