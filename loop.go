package leakyrelu

import "gorgonia.org/leakyrelu/internal/kernel"

// loop runs the kernel over three values of the same shape in any layout: dst =
// gate(x, g), or dst += gate(x, g) if add is set.
type loop[T kernel.Float] struct {
	dst, x, g strided[T]
	alpha     T
	add       bool
}

// run visits every element. It finds the trailing dimensions in which all three
// values are row-major. Their elements form one contiguous run, often the whole
// tensor. It loops over the dimensions before these.
func (l *loop[T]) run() {
	outer, run := len(l.dst.dims), 1
	for outer > 0 && l.contiguous(outer-1, run) {
		outer--
		run *= l.dst.dims[outer]
	}
	l.walk(0, outer, run, 0, 0, 0)
}

// contiguous reports whether neighbours along dimension d are n elements apart
// in all three values.
func (l *loop[T]) contiguous(d, n int) bool {
	return l.dst.strides[d] == n && l.x.strides[d] == n && l.g.strides[d] == n
}

// walk loops over the dimensions d to outer-1, from the given offsets into the
// three values. The dimensions from outer on form a contiguous run.
func (l *loop[T]) walk(d, outer, run, dst, x, g int) {
	switch {
	case d == outer:
		l.kernel(l.dst.data[dst:dst+run], l.x.data[x:x+run], l.g.data[g:g+run])
	case d == outer-1 && run == 1:
		l.strip(d, dst, x, g)
	default:
		for range l.dst.dims[d] {
			l.walk(d+1, outer, run, dst, x, g)
			dst += l.dst.strides[d]
			x += l.x.strides[d]
			g += l.g.strides[d]
		}
	}
}

// strip computes one dimension whose elements are not neighbours in memory.
func (l *loop[T]) strip(d, dst, x, g int) {
	ddst, dx, dg := l.dst.strides[d], l.x.strides[d], l.g.strides[d]
	for range l.dst.dims[d] {
		v := kernel.Element(l.x.data[x], l.g.data[g], l.alpha)
		if l.add {
			v += l.dst.data[dst]
		}
		l.dst.data[dst] = v
		dst, x, g = dst+ddst, x+dx, g+dg
	}
}

func (l *loop[T]) kernel(dst, x, g []T) {
	if l.add {
		kernel.GateAdd(dst, x, g, l.alpha)
	} else {
		kernel.Gate(dst, x, g, l.alpha)
	}
}
