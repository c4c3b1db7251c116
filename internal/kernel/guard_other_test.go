//go:build !unix

package kernel

import "testing"

// guarded returns size bytes. What is around them is not guarded here.
func guarded(_ testing.TB, size int) []byte {
	return make([]byte, size)
}
