package main

import (
	"fmt"
	"os"
	"time"
)

// waitUntilIdle waits until the machine is idle, but not longer than patience.
// It reports whether the machine became idle. If another program uses a
// processor, a comparison that needs all processors means nothing.
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

// processorTime returns how long all processors together were busy since the
// machine started, and the total time. The unit is that of /proc/stat.
func processorTime() (busy, total int) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0 // not Linux: treat the machine as idle
	}
	var user, nice, system, idle, iowait, irq, softirq, steal int
	fmt.Sscanf(string(stat), "cpu %d %d %d %d %d %d %d %d",
		&user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal)
	busy = user + nice + system + irq + softirq + steal
	return busy, busy + idle + iowait
}
