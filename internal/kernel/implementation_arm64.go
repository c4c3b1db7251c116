//go:build gc && !purego

package kernel

// Every arm64 processor has NEON.
var implementations = []implementation{
	{"neon", true,
		forms[float32]{gate32NEON, gateAdd32NEON},
		forms[float64]{gate64NEON, gateAdd64NEON}},
	goLoop,
}
