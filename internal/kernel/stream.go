package kernel

import "unsafe"

// streamFrom is the size of dst, in bytes, from which storing past the caches is
// faster: about where dst alone fills a last-level cache of 32 MiB. In a training
// step it makes no difference: the memory there is new, and page faults dominate.
// But without it, on one core of an EPYC, a call on 2^24 float32 takes 1.4 times
// as long as PyTorch's, and with it 0.9 times.
//
// It is a variable so that tests can lower it.
var streamFrom = 32 << 20

// streams says whether to store past the caches. Where dst is x or g, it is in
// them anyway.
func streams[T Float](dst, x, g []T) bool {
	if len(dst) == 0 || len(dst)*sizeOf[T]() < streamFrom {
		return false
	}
	d := unsafe.SliceData(dst)
	return d != unsafe.SliceData(x) && d != unsafe.SliceData(g) && uintptr(unsafe.Pointer(d))%64 == 0
}
