//go:build !purego

package kernel

var implementations = []implementation{
	{"avx512", useAVX512, func() { useAVX512, useAVX2 = true, false }},
	{"avx2", useAVX2, func() { useAVX512, useAVX2 = false, true }},
	{"generic", true, func() { useAVX512, useAVX2 = false, false }},
}
