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
	linger = 50 * time.Microsecond
	polls  = 1 << 16 // take 35 µs or more
)

// A helper is a goroutine that takes part in calls of split, one after another,
// and ends when none has come for a while. The zero value has not started.
type helper struct {
	state atomic.Int32
	help  func() // what the goroutine runs: serve
}

// Only the caller turns gone or waiting into called. From there, one of the two
// goes on: the helper to working, or the caller, who needs it no more, back to
// waiting.
const (
	gone    = iota // no goroutine
	waiting        // for a call
	called
	working
)

// call calls h. If it has gone, it is started, if it may be.
func (h *helper) call(mayStart bool) {
	if h.state.CompareAndSwap(waiting, called) || !mayStart {
		return
	}
	h.state.Store(called)
	go h.help()
}

// wait returns when h is not at work, and will not be until the next call.
func (h *helper) wait() {
	if h.state.CompareAndSwap(called, waiting) {
		return
	}
	for n := 0; h.state.Load() == working; n++ {
		// It has no more than a chunk left. If that takes long, it has lost its
		// processor. It may need this one.
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
