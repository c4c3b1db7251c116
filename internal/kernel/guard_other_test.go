//go:build !unix

package kernel

import "testing"

// guarded returns size bytes, without guard pages.
func guarded(_ testing.TB, size int) []byte {
	return make([]byte, size)
}
