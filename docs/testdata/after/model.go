// Package model holds the built-in in the ways that gofmt -r meets.
package model

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
)

// A function value is not a call.
var activation = gorgonia.LeakyRelu

func layers(x *gorgonia.Node) (*gorgonia.Node, error) {
	h, err := leakyrelu.Apply(x, 0.1) // a comment behind a call
	if err != nil {
		return nil, err
	}
	h = gorgonia.Must(leakyrelu.Apply(
		gorgonia.Must(leakyrelu.Apply(h, 0.2)),
		0.3))
	return activation(h, 0.4)
}
