//go:build !gc || purego || !(amd64 || arm64)

package kernel

var implementations = []implementation{goLoop}
