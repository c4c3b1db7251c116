//go:build race

package kernel

// raceDetector says that sync.Pool forgets at random what is put into it, to
// bring races to light.
const raceDetector = true
