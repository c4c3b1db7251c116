package main

import (
	"fmt"
	"os"
	"time"
)

// waitUntilIdle waits until the machine has been idle for a moment, and
// reports whether it was before the patience ran out. Whatever else runs on a
// processor makes a comparison on all of them worthless.
func waitUntilIdle(patience time.Duration) bool {
	for deadline := time.Now().Add(patience); ; {
		busyBefore, totalBefore := processorTime()
		time.Sleep(60 * time.Millisecond)
		busy, total := processorTime()
		if 10*(busy-busyBefore) <= total-totalBefore {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// processorTime returns the time since the start that all processors together
// were busy, and in total, in the units of /proc/stat.
func processorTime() (busy, total int) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0 // not Linux: take it for idle
	}
	var user, nice, system, idle, iowait, irq, softirq, steal int
	fmt.Sscanf(string(stat), "cpu %d %d %d %d %d %d %d %d",
		&user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal)
	busy = user + nice + system + irq + softirq + steal
	return busy, busy + idle + iowait
}
