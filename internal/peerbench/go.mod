module gorgonia.org/leakyrelu/internal/peerbench

go 1.24

require gorgonia.org/leakyrelu v0.0.0

require golang.org/x/sys v0.35.0

replace gorgonia.org/leakyrelu => ../..
