//go:build gc && !purego

package kernel

// Every arm64 processor has NEON. There is no streaming form: Arm's cores
// detect a long run of stores and then bypass the caches by themselves (write
// streaming mode).
var implementations = []implementation{
	{"neon", true,
		forms[float32]{gate32NEON, gate32NEON, gateAdd32NEON},
		forms[float64]{gate64NEON, gate64NEON, gateAdd64NEON}},
	goLoop,
}
