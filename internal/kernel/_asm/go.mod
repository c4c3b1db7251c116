module gorgonia.org/leakyrelu/internal/kernel/_asm

go 1.24

require github.com/mmcloughlin/avo v0.6.0

require (
	golang.org/x/mod v0.26.0 // indirect
	golang.org/x/sync v0.16.0 // indirect
	golang.org/x/tools v0.35.0 // indirect; the version that avo asks for does not build with Go 1.25
)
