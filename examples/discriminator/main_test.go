package main

import (
	"io"
	"testing"
)

// TestModes checks that the generator reaches all modes.
func TestModes(t *testing.T) {
	reached, err := train(1, io.Discard)
	if err != nil || reached != modes {
		t.Errorf("%d modes, error %v, want %d and none", reached, err, modes)
	}
}
