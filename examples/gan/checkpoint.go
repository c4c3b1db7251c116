package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"

	"gorgonia.org/tensor"
)

// A checkpoint is all that the rest of a run depends on, so that one which is
// resumed ends as if it had not been interrupted: the networks, what their
// solvers remember, the state of the random numbers, and the trace so far.

const (
	checkpointName = "checkpoint.npz"
	progressName   = "run.json" // in the checkpoint, what is not an array
)

// reached is what a run has been told to do and how far it has come.
type reached struct {
	settings
	Step    int `json:"step"`
	Records int `json:"records"`
}

// learner is a network with what changes it.
type learner struct {
	name string
	*network
	*update
	rounds int // updates in a step
}

func (t *trainer) learners() []learner {
	return []learner{
		{"generator", t.generator, t.updateGenerator, 1},
		{"discriminator", t.discriminator, t.updateDiscriminator, t.rounds},
	}
}

// snapshot is the arrays of a checkpoint. Parameters and what solvers remember
// are the run's own tensors; the rest the run keeps in another form.
type snapshot struct {
	arrays  []array
	random  *tensor.Dense
	history *tensor.Dense // a row for each record
	frames  *tensor.Dense // the same
}

// snapshot has room for so many records.
func (r *run) snapshot(records int) (*snapshot, error) {
	s := new(snapshot)
	add := func(name string, t *tensor.Dense) *tensor.Dense {
		s.arrays = append(s.arrays, array{name, t})
		return t
	}
	addAll := func(name string, ts []*tensor.Dense) {
		for i, t := range ts {
			add(fmt.Sprintf("%s %d", name, i), t)
		}
	}
	addAll("average", r.average.parameters())
	for _, l := range r.learners() {
		addAll(l.name, l.parameters())
		m, err := momentsOf(l.solver)
		if err != nil {
			return nil, err
		}
		addAll(l.name+" mean", m.means)
		addAll(l.name+" square", m.squares)
	}
	state, err := r.random.MarshalBinary()
	if err != nil {
		return nil, err
	}
	s.random = add("random", tensor.New(tensor.WithShape(len(state)), tensor.WithBacking(state)))
	if records > 0 {
		s.history = add("history", tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(records, len(columns))))
		s.frames = add("frames", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(records, r.framed()*r.size())))
	}
	return s, nil
}

// writeCheckpoint writes a checkpoint of r as it is.
func (r *run) writeCheckpoint(w io.Writer) error {
	s, err := r.snapshot(len(r.history))
	if err != nil {
		return err
	}
	for i, rec := range r.history {
		copy(s.history.Float64s()[i*len(columns):], rec.row())
		for j, v := range r.frames[i] {
			s.frames.Float32s()[i*len(r.frames[i])+j] = float32(v)
		}
	}

	z := zip.NewWriter(w)
	about, err := z.Create(progressName)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(about).Encode(reached{r.settings, r.step, len(r.history)}); err != nil {
		return err
	}
	for _, a := range s.arrays {
		if err := writeArray(z, a); err != nil {
			return err
		}
	}
	return z.Close()
}

// readReached reads how far a run has come.
func readReached(z *zip.Reader) (to reached, err error) {
	about, err := readMember(z, progressName)
	if err != nil {
		return to, err
	}
	if err := json.Unmarshal(about, &to); err != nil {
		return to, fmt.Errorf("%s: %w", progressName, err)
	}
	if to.Step < 0 || to.Step > to.Steps || to.Records < 0 || to.Records > to.Step {
		return to, fmt.Errorf("%s: step %d, %d steps, %d records, expected 0 ≤ records ≤ step ≤ steps", progressName, to.Step, to.Steps, to.Records)
	}
	return to, nil
}

// readCheckpoint makes r, which is new, go on from where the checkpoint was
// written. After an error r is of no use.
func (r *run) readCheckpoint(z *zip.Reader, to reached) error {
	r.step = to.Step
	if r.step > 0 {
		for _, l := range r.learners() {
			m := moments{steps: r.step * l.rounds}
			for _, p := range l.parameters() {
				m.means = append(m.means, p.Clone().(*tensor.Dense))
				m.squares = append(m.squares, p.Clone().(*tensor.Dense))
			}
			if err := setMoments(l.solver, m); err != nil {
				return err
			}
		}
	}
	s, err := r.snapshot(to.Records)
	if err != nil {
		return err
	}
	for _, a := range s.arrays {
		if err := readArray(z, a); err != nil {
			return err
		}
	}
	if err := r.random.UnmarshalBinary(s.random.Uint8s()); err != nil {
		return fmt.Errorf("random: %w", err)
	}
	for i := range to.Records {
		r.history = append(r.history, recordOf(s.history.Float64s()[i*len(columns):]))
		n := r.framed() * r.size()
		frame := make([]float64, n)
		for j := range frame {
			frame[j] = float64(s.frames.Float32s()[i*n+j])
		}
		r.frames = append(r.frames, frame)
	}
	return nil
}
