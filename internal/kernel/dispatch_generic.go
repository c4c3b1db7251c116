//go:build purego || !(amd64 || arm64)

package kernel

func run[T Float](f form, dst, x, g []T, alpha T) {
	runGeneric(f, dst, x, g, alpha)
}
