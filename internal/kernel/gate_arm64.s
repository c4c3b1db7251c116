//go:build gc && !purego

#include "textflag.h"

// Go's assembler lacks these instructions (Arm Architecture Reference Manual,
// C7.2). m, n and d are register numbers. The destination is last, as in Go's
// assembler. double is 0 for lanes of float32, and 1 for lanes of float64.
#define FMUL(double, m, n, d)  WORD $(0x6E20DC00 | (double)<<22 | (m)<<16 | (n)<<5 | (d)) // Vd = Vn * Vm
#define FADD(double, m, n, d)  WORD $(0x4E20D400 | (double)<<22 | (m)<<16 | (n)<<5 | (d)) // Vd = Vn + Vm
#define FCMGT0(double, n, d)   WORD $(0x4EA0C800 | (double)<<22 | (n)<<5 | (d))           // Vd = Vn > 0 ? ones : zeros
#define BIT(m, n, d)           WORD $(0x6EA01C00 | (m)<<16 | (n)<<5 | (d))                // Vd = Vm ? Vn : Vd, bit by bit

// Registers in all kernels:
//
//	R0 dst, R1 x, R2 g, R3 the number of elements left
//	V31      alpha in every lane
//	V0-V3    x, then x > 0
//	V4-V7    g
//	V16-V19  the result
//	V20-V23  dst, in gateAdd only
//
// A single element is the first lane of a vector.

// PICK sets V(16+i) = gate(V(i), V(4+i)).
#define PICK(double, i)              \
	FMUL(double, 31, 4+(i), 16+(i)); \
	FCMGT0(double, i, i);            \
	BIT(i, 4+(i), 16+(i))

// ADD4, ADD1 and ADDELEMENT add dst to the result, for 4 vectors, 1 vector and 1
// element. gate uses NOTHING instead.
#define ADD4(double, FMOV)                            \
	VLD1 (R0), [V20.B16, V21.B16, V22.B16, V23.B16]; \
	FADD(double, 16, 20, 16);                        \
	FADD(double, 17, 21, 17);                        \
	FADD(double, 18, 22, 18);                        \
	FADD(double, 19, 23, 19)
#define ADD1(double, FMOV) \
	VLD1 (R0), [V20.B16]; \
	FADD(double, 16, 20, 16)
#define ADDELEMENT(double, FMOV) \
	FMOV (R0), F20;             \
	FADD(double, 16, 20, 16)
#define NOTHING(double, FMOV)

// LOOP is a kernel without the loads of its arguments. A vector has lanes elements
// of size bytes. FMOV moves one element.
#define LOOP(double, lanes, size, FMOV, SUM4, SUM1, SUMELEMENT) \
blocks:                                                  \
	CMP    $(4*lanes), R3;                               \
	BLT    vectors;                                      \
	VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16];     \
	VLD1.P 64(R2), [V4.B16, V5.B16, V6.B16, V7.B16];     \
	PICK(double, 0);                                     \
	PICK(double, 1);                                     \
	PICK(double, 2);                                     \
	PICK(double, 3);                                     \
	SUM4(double, FMOV);                                  \
	VST1.P [V16.B16, V17.B16, V18.B16, V19.B16], 64(R0); \
	SUB    $(4*lanes), R3;                               \
	B      blocks;                                       \
vectors:                                                 \
	CMP    $lanes, R3;                                   \
	BLT    elements;                                     \
	VLD1.P 16(R1), [V0.B16];                             \
	VLD1.P 16(R2), [V4.B16];                             \
	PICK(double, 0);                                     \
	SUM1(double, FMOV);                                  \
	VST1.P [V16.B16], 16(R0);                            \
	SUB    $lanes, R3;                                   \
	B      vectors;                                      \
elements:                                                \
	CBZ    R3, done;                                     \
	FMOV.P size(R1), F0;                                 \
	FMOV.P size(R2), F4;                                 \
	PICK(double, 0);                                     \
	SUMELEMENT(double, FMOV);                            \
	FMOV.P F16, size(R0);                                \
	SUB    $1, R3;                                       \
	B      elements;                                     \
done:                                                    \
	RET

// func gate32NEON(dst, x, grad []float32, alpha float32)
TEXT ·gate32NEON(SB), NOSPLIT, $0-76
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R3
	MOVD  x_base+24(FP), R1
	MOVD  grad_base+48(FP), R2
	FMOVS alpha+72(FP), F31
	VDUP  V31.S[0], V31.S4
	LOOP(0, 4, 4, FMOVS, NOTHING, NOTHING, NOTHING)

// func gateAdd32NEON(dst, x, grad []float32, alpha float32)
TEXT ·gateAdd32NEON(SB), NOSPLIT, $0-76
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R3
	MOVD  x_base+24(FP), R1
	MOVD  grad_base+48(FP), R2
	FMOVS alpha+72(FP), F31
	VDUP  V31.S[0], V31.S4
	LOOP(0, 4, 4, FMOVS, ADD4, ADD1, ADDELEMENT)

// func gate64NEON(dst, x, grad []float64, alpha float64)
TEXT ·gate64NEON(SB), NOSPLIT, $0-80
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R3
	MOVD  x_base+24(FP), R1
	MOVD  grad_base+48(FP), R2
	FMOVD alpha+72(FP), F31
	VDUP  V31.D[0], V31.D2
	LOOP(1, 2, 8, FMOVD, NOTHING, NOTHING, NOTHING)

// func gateAdd64NEON(dst, x, grad []float64, alpha float64)
TEXT ·gateAdd64NEON(SB), NOSPLIT, $0-80
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R3
	MOVD  x_base+24(FP), R1
	MOVD  grad_base+48(FP), R2
	FMOVD alpha+72(FP), F31
	VDUP  V31.D[0], V31.D2
	LOOP(1, 2, 8, FMOVD, ADD4, ADD1, ADDELEMENT)
