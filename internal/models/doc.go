// Package models has only tests. They build models as people build them in
// Gorgonia. They train each model with gorgonia.LeakyRelu, with
// leakyrelu.Apply, and with leakyrelu.Apply in place. After every step they
// compare the results to the bit.
//
// Each model has a file, which says on which of Gorgonia's machines the model
// trains. compare_test.go compares. build_test.go and train_test.go have what
// the models share. running_test.go has the ways in which programs run a graph.
// holding_test.go has the ways in which they store an activation function.
// builtin_test.go shows where gorgonia.LeakyRelu gives other results.
//
// The figures are in docs/models.md.
package models
