package kernel

import "unsafe"

// streamFrom is the size of dst, in bytes, from which streaming stores are
// used. They write past the caches. They are faster if dst alone is about as
// large as the last-level cache, here 32 MiB. In a training step they make no
// difference: the memory is new, and page faults take most of the time. On one
// core of an EPYC, a call on 2^24 float32 takes 1.4 times as long as PyTorch's
// without them, and 0.9 times with them.
//
// It is a variable so that tests can lower it.
var streamFrom = 32 << 20

// streams reports whether to use streaming stores. They bring nothing if dst is
// x or g: then dst is in the caches already. They need a dst that begins at a
// cache line.
func streams[T Float](dst, x, g []T) bool {
	if len(dst) == 0 || len(dst)*sizeOf[T]() < streamFrom {
		return false
	}
	d := unsafe.SliceData(dst)
	return d != unsafe.SliceData(x) && d != unsafe.SliceData(g) && uintptr(unsafe.Pointer(d))%64 == 0
}
