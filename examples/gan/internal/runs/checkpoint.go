package runs

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/tensor"
)

// A checkpoint has everything that the rest of a run depends on: the networks,
// the solvers' averages, the state of the random numbers, and the history so
// far. So a resumed run gives the same result as a run without an interruption.

const (
	checkpointName = "checkpoint.npz"
	progressName   = "run.json" // in the checkpoint: everything except the arrays
	historyName    = "history"  // in the checkpoint: the records
)

// reached has the settings of a run and the number of steps done.
type reached struct {
	Settings
	Step    int `json:"step"`
	Records int `json:"records"`
}

// Open opens the run in a directory to continue it. check returns an error if
// the settings are not acceptable. It may change the place of the data.
// experiment returns the experiment for the settings.
func Open(dir string, check func(*Settings) error, experiment func(Settings) (Experiment, error)) (*Run, error) {
	path := filepath.Join(dir, checkpointName)
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	defer z.Close()
	at, err := readReached(&z.Reader)
	if err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", path, err)
	}
	if err := check(&at.Settings); err != nil {
		return nil, err
	}
	e, err := experiment(at.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", path, err)
	}
	r := New(at.Settings, e, dir)
	if err := r.readCheckpoint(&z.Reader, at); err != nil {
		return nil, fmt.Errorf("%s can't be resumed: %w", path, err)
	}
	return r, nil
}

// save writes the checkpoint and the history.
func (r *Run) save() error {
	if err := replaceFile(r.Path(checkpointName), r.writeCheckpoint); err != nil {
		return err
	}
	return replaceFile(r.Path(metricsName), func(w io.Writer) error { return writeCSV(w, r.History) })
}

// snapshot has the arrays of a checkpoint. It shares the trainer's arrays with
// the trainer. The other arrays are copies in another form.
type snapshot struct {
	arrays  []adversary.Array
	random  *tensor.Dense
	history *tensor.Dense // a row for each record
	frames  *tensor.Dense // a row for each record
}

// newHistory returns a tensor for the given number of records.
func newHistory(records int) *tensor.Dense {
	return tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(records, len(columns)))
}

// records returns the records in a history.
func records(history *tensor.Dense) (records []Record) {
	for row := range slices.Chunk(history.Float64s(), len(columns)) {
		records = append(records, recordOf(row))
	}
	return records
}

// snapshot returns a snapshot with space for the given number of records.
func (r *Run) snapshot(records int) (*snapshot, error) {
	state := r.trainer.State()
	s := &snapshot{arrays: state.Arrays}
	add := func(name string, t *tensor.Dense) *tensor.Dense {
		s.arrays = append(s.arrays, adversary.Array{Name: name, Dense: t})
		return t
	}
	random, err := state.Random.MarshalBinary()
	if err != nil {
		return nil, err
	}
	s.random = add("random", tensor.New(tensor.WithShape(len(random)), tensor.WithBacking(random)))
	if records > 0 {
		s.history = add(historyName, newHistory(records))
		s.frames = add("frames", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(records, r.frameSize())))
	}
	return s, nil
}

// writeCheckpoint writes a checkpoint of r in its present state.
func (r *Run) writeCheckpoint(w io.Writer) error {
	s, err := r.snapshot(len(r.History))
	if err != nil {
		return err
	}
	for i, rec := range r.History {
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
	if err := json.NewEncoder(about).Encode(reached{r.Settings, r.Step(), len(r.History)}); err != nil {
		return err
	}
	for _, a := range s.arrays {
		if err := writeArray(z, a); err != nil {
			return err
		}
	}
	return z.Close()
}

// readReached reads the settings of a run and the number of steps done.
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

// readCheckpoint reads the state of a checkpoint into r, which must be new.
// After an error, r can't be used.
func (r *Run) readCheckpoint(z *zip.Reader, to reached) error {
	r.trainer.GoOn(to.Step)
	s, err := r.snapshot(to.Records)
	if err != nil {
		return err
	}
	for _, a := range s.arrays {
		if err := readArray(z, a); err != nil {
			return err
		}
	}
	if err := r.trainer.State().Random.UnmarshalBinary(s.random.Uint8s()); err != nil {
		return fmt.Errorf("random: %w", err)
	}
	if to.Records == 0 {
		return nil
	}
	r.History = records(s.history)
	for samples := range slices.Chunk(s.frames.Float32s(), r.frameSize()) {
		frame := make([]float64, len(samples))
		for i, v := range samples {
			frame[i] = float64(v)
		}
		r.frames = append(r.frames, frame)
	}
	return nil
}
