//go:build !purego

#include "textflag.h"

// Go's assembler does not know these instructions (Arm Architecture Reference
// Manual, C7.2). Operands are register numbers, in the order of Go's
// assembler: the destination last.
#define FMUL_4S(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d))  // Vd = Vn * Vm
#define FMUL_2D(m, n, d) WORD $(0x6E60DC00 | (m)<<16 | (n)<<5 | (d))
#define FADD_4S(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))  // Vd = Vn + Vm
#define FADD_2D(m, n, d) WORD $(0x4E60D400 | (m)<<16 | (n)<<5 | (d))
#define FCMGT0_4S(n, d)  WORD $(0x4EA0C800 | (n)<<5 | (d))            // Vd = Vn > 0 ? ones : zeros
#define FCMGT0_2D(n, d)  WORD $(0x4EE0C800 | (n)<<5 | (d))

// In all kernels: R0 dst, R1 x, R2 g, R3 n; V31 alpha in every lane;
// V0-V3 x, then x > 0; V4-V7 g; V16-V19 alpha*g, then the result;
// V20-V23 dst, where the result is added to it.

// func gate32NEON(dst, x, grad *float32, n int, alpha float32)
TEXT ·gate32NEON(SB), NOSPLIT, $0-36
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  grad+16(FP), R2
	MOVD  n+24(FP), R3
	FMOVS alpha+32(FP), F31
	VDUP  V31.S[0], V31.S4

blocks:
	CMP    $16, R3
	BLT    singles
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R2), [V4.S4, V5.S4, V6.S4, V7.S4]
	FMUL_4S(31, 4, 16)
	FMUL_4S(31, 5, 17)
	FMUL_4S(31, 6, 18)
	FMUL_4S(31, 7, 19)
	FCMGT0_4S(0, 0)
	FCMGT0_4S(1, 1)
	FCMGT0_4S(2, 2)
	FCMGT0_4S(3, 3)
	VBIT   V0.B16, V4.B16, V16.B16
	VBIT   V1.B16, V5.B16, V17.B16
	VBIT   V2.B16, V6.B16, V18.B16
	VBIT   V3.B16, V7.B16, V19.B16
	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(R0)
	SUB    $16, R3
	B      blocks

singles:
	CMP    $4, R3
	BLT    tail
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 16(R2), [V4.S4]
	FMUL_4S(31, 4, 16)
	FCMGT0_4S(0, 0)
	VBIT   V0.B16, V4.B16, V16.B16
	VST1.P [V16.S4], 16(R0)
	SUB    $4, R3
	B      singles

tail:
	CBZ     R3, done
	FMOVS.P 4(R1), F0
	FMOVS.P 4(R2), F4
	FMULS   F31, F4, F16
	FCMPS   $(0.0), F0
	FCSELS  GT, F4, F16, F16
	FMOVS.P F16, 4(R0)
	SUB     $1, R3
	B       tail

done:
	RET

// func gateAdd32NEON(dst, x, grad *float32, n int, alpha float32)
TEXT ·gateAdd32NEON(SB), NOSPLIT, $0-36
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  grad+16(FP), R2
	MOVD  n+24(FP), R3
	FMOVS alpha+32(FP), F31
	VDUP  V31.S[0], V31.S4

blocks:
	CMP    $16, R3
	BLT    singles
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R2), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1   (R0), [V20.S4, V21.S4, V22.S4, V23.S4]
	FMUL_4S(31, 4, 16)
	FMUL_4S(31, 5, 17)
	FMUL_4S(31, 6, 18)
	FMUL_4S(31, 7, 19)
	FCMGT0_4S(0, 0)
	FCMGT0_4S(1, 1)
	FCMGT0_4S(2, 2)
	FCMGT0_4S(3, 3)
	VBIT   V0.B16, V4.B16, V16.B16
	VBIT   V1.B16, V5.B16, V17.B16
	VBIT   V2.B16, V6.B16, V18.B16
	VBIT   V3.B16, V7.B16, V19.B16
	FADD_4S(16, 20, 16)
	FADD_4S(17, 21, 17)
	FADD_4S(18, 22, 18)
	FADD_4S(19, 23, 19)
	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(R0)
	SUB    $16, R3
	B      blocks

singles:
	CMP    $4, R3
	BLT    tail
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 16(R2), [V4.S4]
	VLD1   (R0), [V20.S4]
	FMUL_4S(31, 4, 16)
	FCMGT0_4S(0, 0)
	VBIT   V0.B16, V4.B16, V16.B16
	FADD_4S(16, 20, 16)
	VST1.P [V16.S4], 16(R0)
	SUB    $4, R3
	B      singles

tail:
	CBZ     R3, done
	FMOVS.P 4(R1), F0
	FMOVS.P 4(R2), F4
	FMULS   F31, F4, F16
	FCMPS   $(0.0), F0
	FCSELS  GT, F4, F16, F16
	FMOVS   (R0), F20
	FADDS   F16, F20, F16
	FMOVS.P F16, 4(R0)
	SUB     $1, R3
	B       tail

done:
	RET

// func gate64NEON(dst, x, grad *float64, n int, alpha float64)
TEXT ·gate64NEON(SB), NOSPLIT, $0-40
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  grad+16(FP), R2
	MOVD  n+24(FP), R3
	FMOVD alpha+32(FP), F31
	VDUP  V31.D[0], V31.D2

blocks:
	CMP    $8, R3
	BLT    singles
	VLD1.P 64(R1), [V0.D2, V1.D2, V2.D2, V3.D2]
	VLD1.P 64(R2), [V4.D2, V5.D2, V6.D2, V7.D2]
	FMUL_2D(31, 4, 16)
	FMUL_2D(31, 5, 17)
	FMUL_2D(31, 6, 18)
	FMUL_2D(31, 7, 19)
	FCMGT0_2D(0, 0)
	FCMGT0_2D(1, 1)
	FCMGT0_2D(2, 2)
	FCMGT0_2D(3, 3)
	VBIT   V0.B16, V4.B16, V16.B16
	VBIT   V1.B16, V5.B16, V17.B16
	VBIT   V2.B16, V6.B16, V18.B16
	VBIT   V3.B16, V7.B16, V19.B16
	VST1.P [V16.D2, V17.D2, V18.D2, V19.D2], 64(R0)
	SUB    $8, R3
	B      blocks

singles:
	CMP    $2, R3
	BLT    tail
	VLD1.P 16(R1), [V0.D2]
	VLD1.P 16(R2), [V4.D2]
	FMUL_2D(31, 4, 16)
	FCMGT0_2D(0, 0)
	VBIT   V0.B16, V4.B16, V16.B16
	VST1.P [V16.D2], 16(R0)
	SUB    $2, R3
	B      singles

tail:
	CBZ     R3, done
	FMOVD.P 8(R1), F0
	FMOVD.P 8(R2), F4
	FMULD   F31, F4, F16
	FCMPD   $(0.0), F0
	FCSELD  GT, F4, F16, F16
	FMOVD.P F16, 8(R0)
	SUB     $1, R3
	B       tail

done:
	RET

// func gateAdd64NEON(dst, x, grad *float64, n int, alpha float64)
TEXT ·gateAdd64NEON(SB), NOSPLIT, $0-40
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  grad+16(FP), R2
	MOVD  n+24(FP), R3
	FMOVD alpha+32(FP), F31
	VDUP  V31.D[0], V31.D2

blocks:
	CMP    $8, R3
	BLT    singles
	VLD1.P 64(R1), [V0.D2, V1.D2, V2.D2, V3.D2]
	VLD1.P 64(R2), [V4.D2, V5.D2, V6.D2, V7.D2]
	VLD1   (R0), [V20.D2, V21.D2, V22.D2, V23.D2]
	FMUL_2D(31, 4, 16)
	FMUL_2D(31, 5, 17)
	FMUL_2D(31, 6, 18)
	FMUL_2D(31, 7, 19)
	FCMGT0_2D(0, 0)
	FCMGT0_2D(1, 1)
	FCMGT0_2D(2, 2)
	FCMGT0_2D(3, 3)
	VBIT   V0.B16, V4.B16, V16.B16
	VBIT   V1.B16, V5.B16, V17.B16
	VBIT   V2.B16, V6.B16, V18.B16
	VBIT   V3.B16, V7.B16, V19.B16
	FADD_2D(16, 20, 16)
	FADD_2D(17, 21, 17)
	FADD_2D(18, 22, 18)
	FADD_2D(19, 23, 19)
	VST1.P [V16.D2, V17.D2, V18.D2, V19.D2], 64(R0)
	SUB    $8, R3
	B      blocks

singles:
	CMP    $2, R3
	BLT    tail
	VLD1.P 16(R1), [V0.D2]
	VLD1.P 16(R2), [V4.D2]
	VLD1   (R0), [V20.D2]
	FMUL_2D(31, 4, 16)
	FCMGT0_2D(0, 0)
	VBIT   V0.B16, V4.B16, V16.B16
	FADD_2D(16, 20, 16)
	VST1.P [V16.D2], 16(R0)
	SUB    $2, R3
	B      singles

tail:
	CBZ     R3, done
	FMOVD.P 8(R1), F0
	FMOVD.P 8(R2), F4
	FMULD   F31, F4, F16
	FCMPD   $(0.0), F0
	FCSELD  GT, F4, F16, F16
	FMOVD   (R0), F20
	FADDD   F16, F20, F16
	FMOVD.P F16, 8(R0)
	SUB     $1, R3
	B       tail

done:
	RET
