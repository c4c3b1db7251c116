package kernel

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A helper stays awake for the next call for about as long as starting it
// takes. So in the worst case staying wastes as much as starting anew would
// have, and where calls follow each other, as in a chain of element-wise
// operators, none but the first waits for a start.
//
// It counts how often it looks for a call. A clock could stand still: in
// testing/synctest it does.
const (
	polls  = 1 << 16               // take 35 µs on a processor of 2022
	linger = 30 * time.Microsecond // after a call, the helper is still awake
)

// A helper is a goroutine that takes part in calls of split, one after another,
// and ends when none has come for a while.
type helper struct {
	state atomic.Int32
	help  func() // what the goroutine runs: serve. Made once, as it allocates.
}

// The caller turns gone (and starts the goroutine) or waiting into called; when
// it needs the helper no more, it turns called back into waiting. The helper
// turns called into working, then waiting, and at last gone.
const (
	gone    = iota // no goroutine
	waiting        // for a call, or for Go to begin with it
	called
	working
)

// call calls h. If it has gone, it is started, if it may be.
func (h *helper) call(mayStart bool) {
	if h.state.CompareAndSwap(waiting, called) || !mayStart {
		return
	}
	// It has gone: the last wait left nothing else, and a goroutine that has
	// gone does not touch the state again.
	h.state.Store(called)
	go h.help()
}

// wait returns when h is not at work, and will not be until the next call.
func (h *helper) wait() {
	if h.state.CompareAndSwap(called, waiting) {
		return
	}
	for n := 0; h.state.Load() == working; n++ {
		// It has no more than a chunk left. If that takes long, Go has taken its
		// turn away. It may need that of this goroutine.
		if n > polls {
			runtime.Gosched()
		}
	}
}

// serve works whenever h is called, until it has waited in vain.
func (h *helper) serve(work func()) {
	for n := 0; ; n++ {
		if h.state.Load() == called && h.state.CompareAndSwap(called, working) {
			work()
			h.state.Store(waiting)
			n = 0
		} else if n > polls && h.state.CompareAndSwap(waiting, gone) {
			return
		}
	}
}
