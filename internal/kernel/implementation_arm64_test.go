//go:build !purego

package kernel

var implementations = []implementation{{"neon", true, func() {}}}
