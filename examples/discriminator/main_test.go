package main

import (
	"io"
	"testing"
)

// TestModes checks that the generator reaches all modes with each seed.
func TestModes(t *testing.T) {
	seeds := 2
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		if found, err := train(uint64(seed), io.Discard); err != nil || found != modes {
			t.Errorf("seed %d: %d modes, error %v, want %d and none", seed, found, err, modes)
		}
	}
}
