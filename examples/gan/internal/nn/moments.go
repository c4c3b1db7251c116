package nn

import (
	"errors"
	"reflect"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A run that is resumed needs what Adam remembers from step to step: how many
// there were, and for each parameter a mean of its gradients and one of their
// squares. Gorgonia's solver keeps that to itself, so this file reaches into it.

// Moments are Adam's means for the parameters, none before the first step.
type Moments struct {
	Steps          int
	Means, Squares []*tensor.Dense
}

var errMoments = errors.New("this version of Gorgonia does not keep Adam's moments where v0.9.18 does")

// Moments returns the solver's moments, which change when it steps.
func (u *Update) Moments() (m Moments, err error) {
	steps, cache, err := memory(u.solver)
	if err != nil {
		return m, err
	}
	m.Steps = int(steps.Int())
	for i := range cache.Len() {
		mean, square := means(cache.Index(i).Elem())
		m.Means = append(m.Means, mean.Interface().(*tensor.Dense))
		m.Squares = append(m.Squares, square.Interface().(*tensor.Dense))
	}
	return m, nil
}

// SetMoments makes the solver go on from m.
func (u *Update) SetMoments(m Moments) error {
	steps, cache, err := memory(u.solver)
	if err != nil {
		return err
	}
	steps.SetInt(int64(m.Steps))
	if len(m.Means) == 0 { // the solver makes them in its first step
		cache.SetZero()
		return nil
	}
	cache.Set(reflect.MakeSlice(cache.Type(), len(m.Means), len(m.Means)))
	for i := range m.Means {
		pair := reflect.New(cache.Type().Elem().Elem())
		mean, square := means(pair.Elem())
		mean.Set(reflect.ValueOf(m.Means[i]))
		square.Set(reflect.ValueOf(m.Squares[i]))
		cache.Index(i).Set(pair)
	}
	return nil
}

// memory are the solver's fields: the number of steps, and a slice of pointers
// to pairs of means.
func memory(solver *gorgonia.AdamSolver) (steps, cache reflect.Value, err error) {
	s := reflect.ValueOf(solver).Elem()
	steps, cache = s.FieldByName("iter"), s.FieldByName("cache")
	if !steps.IsValid() || steps.Kind() != reflect.Int || !cache.IsValid() || cache.Kind() != reflect.Slice {
		return steps, cache, errMoments
	}
	pair := cache.Type().Elem()
	if pair.Kind() != reflect.Pointer || pair.Elem().Kind() != reflect.Struct {
		return steps, cache, errMoments
	}
	value := reflect.TypeFor[gorgonia.Value]()
	for _, name := range []string{"Value", "d"} {
		if f, ok := pair.Elem().FieldByName(name); !ok || f.Type != value {
			return steps, cache, errMoments
		}
	}
	return exported(steps), exported(cache), nil
}

// means are the two of a pair.
func means(pair reflect.Value) (mean, square reflect.Value) {
	return exported(pair.FieldByName("Value")), exported(pair.FieldByName("d"))
}

// exported is the field of a struct as if its name began with a capital.
func exported(field reflect.Value) reflect.Value {
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}
