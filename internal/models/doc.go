// Package models holds tests only: models as people build them in Gorgonia,
// each trained with gorgonia.LeakyRelu, with leakyrelu.Apply, and with
// leakyrelu.Apply in place, and compared after every step to the bit.
//
// Each model has a file. It says which Gorgonia machines train the model. The
// comparison is in compare_test.go, and what the models share in build_test.go
// and train_test.go. The files running_test.go and holding_test.go go through
// the ways programs run a graph and the ways they hold an activation function,
// and builtin_test.go shows where gorgonia.LeakyRelu computes something else.
//
// The figures are in docs/models.md.
package models
