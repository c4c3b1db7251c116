package main

/*
#cgo CFLAGS: -O2 -fopenmp
#cgo LDFLAGS: -ldnnl -lgomp
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_primitive_t primitive;
	dnnl_exec_arg_t args[3];
	int nargs;
} eltwise;

static int bind(eltwise *e, int arg, const dnnl_memory_desc_t *md, void *p) {
	e->args[e->nargs].arg = arg;
	return dnnl_memory_create(&e->args[e->nargs++].memory, md, e->engine, p);
}

// new_eltwise makes dst = gate(x, g), forward if g is NULL.
static int new_eltwise(eltwise *e, int threads, int64_t n, float *dst, float *x, float *g, float alpha) {
	omp_set_num_threads(threads);
	dnnl_memory_desc_t md;
	dnnl_dims_t dims = {n};
	dnnl_eltwise_desc_t d;
	dnnl_primitive_desc_t fwd, pd;
	int err;
	e->nargs = 0;
	if ((err = dnnl_engine_create(&e->engine, dnnl_cpu, 0))) return err;
	if ((err = dnnl_stream_create(&e->stream, e->engine, dnnl_stream_default_flags))) return err;
	if ((err = dnnl_memory_desc_init_by_tag(&md, 1, dims, dnnl_f32, dnnl_a))) return err;
	if ((err = dnnl_eltwise_forward_desc_init(&d, dnnl_forward_training, dnnl_eltwise_relu, &md, alpha, 0))) return err;
	if ((err = dnnl_primitive_desc_create(&fwd, &d, NULL, e->engine, NULL))) return err;
	pd = fwd;
	if (g) {
		if ((err = dnnl_eltwise_backward_desc_init(&d, dnnl_eltwise_relu, &md, &md, alpha, 0))) return err;
		if ((err = dnnl_primitive_desc_create(&pd, &d, NULL, e->engine, fwd))) return err;
		if ((err = bind(e, DNNL_ARG_DIFF_DST, &md, g))) return err;
	}
	if ((err = bind(e, DNNL_ARG_SRC, &md, x))) return err;
	if ((err = bind(e, g ? DNNL_ARG_DIFF_SRC : DNNL_ARG_DST, &md, dst))) return err;
	if ((err = dnnl_primitive_create(&e->primitive, pd))) return err;
	if (pd != fwd) dnnl_primitive_desc_destroy(fwd);
	dnnl_primitive_desc_destroy(pd);
	return 0;
}

// run_eltwise returns the time of reps executions in nanoseconds. The result is
// negative if one fails.
static double run_eltwise(eltwise *e, int threads, int reps) {
	omp_set_num_threads(threads);
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < reps; i++) {
		if (dnnl_primitive_execute(e->primitive, e->stream, e->nargs, e->args)) return -1;
		if (dnnl_stream_wait(e->stream)) return -1;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
}

static void free_eltwise(eltwise *e) {
	for (int i = 0; i < e->nargs; i++) dnnl_memory_destroy(e->args[i].memory);
	dnnl_primitive_destroy(e->primitive);
	dnnl_stream_destroy(e->stream);
	dnnl_engine_destroy(e->engine);
}
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// newOneDNN prepares the case for oneDNN, on the same memory. The loop over
// repetitions is in C, so that oneDNN's time does not include cgo's calls.
func newOneDNN(c benchCase) (contender, error) {
	pointer := func(s []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(s))) }
	g := pointer(c.g)
	if !c.backward {
		g = nil
	}
	e := (*C.eltwise)(C.calloc(1, C.sizeof_eltwise))
	threads := C.int(c.threads)
	if err := C.new_eltwise(e, threads, C.int64_t(len(c.dst)), pointer(c.dst), pointer(c.x), g, C.float(c.alpha)); err != 0 {
		return contender{}, fmt.Errorf("oneDNN: status %d for %+v", err, c.key)
	}
	return contender{
		run: func(reps int) (time.Duration, error) {
			ns := C.run_eltwise(e, threads, C.int(reps))
			if ns < 0 {
				return 0, fmt.Errorf("oneDNN: cannot execute %+v", c.key)
			}
			return time.Duration(ns), nil
		},
		free: func() {
			C.free_eltwise(e)
			C.free(unsafe.Pointer(e))
		},
	}, nil
}
