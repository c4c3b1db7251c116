package runs

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn"
	"gorgonia.org/leakyrelu/examples/gan/internal/nn/nntest"
	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
	"gorgonia.org/tensor"
)

// wantSameRun fails the test unless two runs are equal bit by bit, in memory
// and in their directories.
func wantSameRun(t *testing.T, name string, a, b *Run) {
	t.Helper()
	if a.Step() != b.Step() || len(a.History) != len(b.History) || len(a.frames) != len(b.frames) {
		t.Fatalf("%s: steps %d and %d, records %d and %d, frames %d and %d", name,
			a.Step(), b.Step(), len(a.History), len(b.History), len(a.frames), len(b.frames))
	}
	stateA, stateB := arrays(t, a), arrays(t, b)
	if len(stateA) != len(stateB) || len(stateA) == 0 {
		t.Fatalf("%s: %d and %d arrays", name, len(stateA), len(stateB))
	}
	for i, array := range stateA {
		if !nntest.SameBits(nn.Values(array), nn.Values(stateB[i])) {
			t.Errorf("%s: %s differs", name, array.Name)
		}
	}
	for i, r := range a.History {
		if !nntest.SameBits(r.row(), b.History[i].row()) {
			t.Errorf("%s: record %d is %+v and %+v", name, i, r, b.History[i])
		}
		if !nntest.SameBits(a.frames[i], b.frames[i]) {
			t.Errorf("%s: frame %d differs", name, i)
		}
	}
	if !nntest.SameBits(samples(t, a), samples(t, b)) {
		t.Errorf("%s: samples differ", name)
	}
	// The checkpoints contain everything else that the next step depends on.
	filesA, filesB := runstest.Contents(t, a.Dir), runstest.Contents(t, b.Dir)
	for _, file := range []string{checkpointName, "metrics.csv"} {
		if filesA[file] != filesB[file] || filesA[file] == "" {
			t.Errorf("%s: %s has %d bytes and %d, or others", name, file, len(filesA[file]), len(filesB[file]))
		}
	}
}

// arrays returns the arrays that the next steps of a run depend on.
func arrays(t *testing.T, r *Run) []adversary.Array {
	t.Helper()
	return r.trainer.State().Arrays
}

// samples returns generated samples.
func samples(t *testing.T, r *Run) []float64 {
	t.Helper()
	samples, _, err := r.evaluate()
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

// TestResume interrupts runs and resumes them. The results must equal those of
// runs without an interruption.
func TestResume(t *testing.T) {
	for _, test := range []struct {
		Settings
		interrupted []int
		until       int
	}{
		{Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 7, Seed: 3}, []int{1, 4, 6}, 7},
		// The discriminator has more updates than the generator.
		{Settings{Data: "grid", Loss: "wgan-gp", Activation: "builtin", Alpha: 0.1, Steps: 5, Seed: 4}, []int{2}, 5},
		// Convolutions.
		{Settings{Data: "digits", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 4, Seed: 7}, []int{2}, 4},
		// Not every step has a record.
		{Settings{Data: "ring", Loss: "plain", Activation: "relu", Steps: 200, Seed: 5}, []int{2, 5}, 9},
	} {
		if testing.Short() {
			test.interrupted, test.until = test.interrupted[:1], test.interrupted[0]+2
			if test.Activation == "relu" {
				continue
			}
		}
		name := fmt.Sprint(test.Settings)
		whole := started(t, test.Settings)
		whole.trainUntil(t, test.until)
		parts := started(t, test.Settings)
		for _, step := range test.interrupted {
			parts.trainUntil(t, step)
			before := parts
			parts = opened(t, parts.Dir)
			if parts.Settings != test.Settings {
				t.Fatalf("the settings are %+v, want %+v", parts.Settings, test.Settings)
			}
			wantSameRun(t, fmt.Sprintf("%s, opened after step %d", name, step), before, parts)
		}
		parts.trainUntil(t, test.until)
		wantSameRun(t, name, whole, parts)
		if n := test.until / max(1, test.Steps/looks); len(whole.History) != n {
			t.Errorf("%s: %d records, want %d", name, len(whole.History), n)
		}
	}
}

// TestLonger continues a complete run for more steps. The schedule must be that
// of a run with the new number of steps.
func TestLonger(t *testing.T) {
	s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 3, Seed: 6}
	r := started(t, s)
	r.trainUntil(t, 3)
	longer := func(s *Settings) error { s.Steps = 8; return nil }
	r, err := Open(r.Dir, longer, tinyExperiment)
	if err != nil {
		t.Fatal(err)
	}
	if r.Settings.Steps != 8 || r.Experiment.Training.Steps != 8 {
		t.Fatalf("%d steps, the trainer's %d, want 8", r.Settings.Steps, r.Experiment.Training.Steps)
	}
	r.trainUntil(t, 5)
	again := opened(t, r.Dir) // the checkpoint has the new number of steps
	wantSameRun(t, "longer", r, again)
	again.trainUntil(t, 8)
	if last := again.History[len(again.History)-1]; last.Step != 8 || again.History[2].Step != 3 {
		t.Errorf("the records are %+v, want them to go on to step 8", again.History)
	}
}

// TestResumeAtOnce resumes a run that was interrupted before its first step.
func TestResumeAtOnce(t *testing.T) {
	s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 3, Seed: 6}
	whole, parts := started(t, s), started(t, s)
	whole.trainUntil(t, 3)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := parts.Train(ctx, func() {}); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	parts = opened(t, parts.Dir)
	if parts.Step() != 0 {
		t.Fatalf("step %d, want 0", parts.Step())
	}
	parts.trainUntil(t, 3)
	wantSameRun(t, "interrupted before the first step", whole, parts)
}

// member is a file in an archive.
type member struct {
	name, content string
	method        uint16 // of compression
}

// unzip returns the members of an archive.
func unzip(t *testing.T, archive []byte) []member {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var members []member
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, member{f.Name, string(content), f.Method})
	}
	return members
}

// rezip makes an archive of the members. change may change a member. It returns
// false to leave the member out.
func rezip(t *testing.T, members []member, change func(*member) (keep bool)) []byte {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, m := range members {
		if !change(&m) {
			continue
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// npy returns a tensor in NumPy's format.
func npy(t *testing.T, d *tensor.Dense) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.WriteNpy(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wantRefused writes a checkpoint into a new directory. Open must return an
// error in one line, with the name of the file and the other texts. The
// directory must not change.
func wantRefused(t *testing.T, name string, checkpoint []byte, mentions ...string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, checkpointName)
	if err := os.WriteFile(path, checkpoint, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, agree, tinyExperiment)
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	for _, mention := range append(mentions, path) {
		if text := err.Error(); !strings.Contains(text, mention) || strings.Contains(text, "\n") {
			t.Errorf("%s: the error is %q, want one line that mentions %q", name, text, mention)
		}
	}
	runstest.WantFiles(t, dir, map[string]string{checkpointName: string(checkpoint)})
}

// TestBadCheckpoint damages a checkpoint in many ways.
func TestBadCheckpoint(t *testing.T) {
	s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 5, Seed: 8}
	r := started(t, s)
	r.trainUntil(t, 2)
	good := runstest.Read(t, r.Path(checkpointName))
	members := unzip(t, good)
	same := rezip(t, members, func(*member) bool { return true })
	if !bytes.Equal(same, good) {
		t.Fatal("an archive of the same members has other bytes: the rest would show nothing")
	}

	for _, n := range []int{0, 1, 100, len(good) / 2, len(good) - 1} {
		wantRefused(t, fmt.Sprintf("the first %d of %d bytes", n, len(good)), good[:n], "can't be read")
	}
	wantRefused(t, "text", []byte("not an archive\n"), "can't be read")

	// Some tests use only some of the trainer's arrays, to save time, but all
	// other members.
	every := 7
	if testing.Short() {
		every = 20
	}
	some := func(i int) bool { return i%every == 0 || i >= len(members)-3 }

	// Change one bit of a member's compressed data.
	z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range z.File {
		if !some(i) {
			continue
		}
		start, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		at := start + int64(f.CompressedSize64)/2
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		wantRefused(t, "a bit of "+f.Name, bad, f.Name)
	}

	for i, missing := range members {
		if !some(i) {
			continue
		}
		wantRefused(t, "without "+missing.name, rezip(t, members, func(m *member) bool { return *m != missing }), "contains no "+missing.name)
	}

	// Wrong arrays.
	rows, columns := 6, 6 // of the generator's second weights
	array := "generator 2.npy"
	zeros := func(dt tensor.Dtype, shape ...int) string {
		return npy(t, tensor.New(tensor.Of(dt), tensor.WithShape(shape...)))
	}
	right := zeros(tensor.Float32, rows, columns)
	replaced := func(old, new string) string {
		if len(old) != len(new) || strings.Count(right, old) != 1 {
			t.Fatalf("%q can't be replaced by %q", old, new)
		}
		return strings.Replace(right, old, new, 1)
	}
	shape := fmt.Sprintf("(%d, %d)", rows, columns)
	for _, test := range []struct{ name, content, mention string }{
		{"another shape", zeros(tensor.Float32, rows+1, columns), "expected"},
		{"another shape of the same size", zeros(tensor.Float32, 2*rows, columns/2), "expected"},
		{"one dimension", zeros(tensor.Float32, rows*columns), "expected"},
		{"float64", zeros(tensor.Float64, rows, columns), "expected"},
		{"float64 in the same number of bytes", zeros(tensor.Float64, rows/2, columns), "expected"},
		{"integers", replaced("f4", "i4"), "expected"},
		{"Fortran's order", replaced("False", "True "), ""},
		{"a negative size", replaced(shape, fmt.Sprintf("(-%d,%d)", rows, columns)), ""},
		{"negative sizes", replaced(shape+"}", fmt.Sprintf("(-%d,-%d)", rows, columns)), ""},
		{"another size in the header", replaced(shape, "(9999)"), ""},
		{"nothing", "", "0 bytes"},
		{"half of it", right[:len(right)/2], "bytes"},
		{"more than it", right + "more", "bytes"},
		{"no array", strings.Repeat("x", len(right)), ""},
	} {
		bad := rezip(t, members, func(m *member) bool {
			if m.name == array {
				m.content = test.content
			}
			return true
		})
		wantRefused(t, test.name, bad, array, test.mention)
	}
	wantRefused(t, "another random state", rezip(t, members, func(m *member) bool {
		if m.name == "random.npy" {
			m.content = strings.Replace(m.content, "pcg:", "pgc:", 1)
		}
		return true
	}), "random")

	// Impossible settings and steps.
	for _, test := range []struct{ old, new, mention string }{
		{`{`, `[`, progressName},
		{`"ring"`, `"rings"`, `"rings"`},
		{`"r1r2"`, `"r3"`, `"r3"`},
		{`"leaky"`, `"gelu"`, `"gelu"`},
		{`"alpha":0.2`, `"alpha":1e300`, "float32"},
		{`"alpha":0.2`, `"alpha":"much"`, progressName},
		{`"steps":5`, `"steps":0`, "0"},
		{`"steps":5`, `"steps":1`, "1"},
		{`"steps":5`, `"steps":5.5`, progressName},
		{`"step":2`, `"step":-2`, "-2"},
		{`"step":2`, `"step":6`, "6"},
		{`"records":2`, `"records":-1`, "-1"},
		{`"records":2`, `"records":3`, "3"},
		{`"records":2`, `"records":1`, "history"},
	} {
		bad := rezip(t, members, func(m *member) bool {
			if m.name == progressName {
				if strings.Count(m.content, test.old) != 1 {
					t.Fatalf("%s is %s, want one %s there", progressName, m.content, test.old)
				}
				m.content = strings.Replace(m.content, test.old, test.new, 1)
			}
			return true
		})
		wantRefused(t, test.new+" for "+test.old, bad, test.mention)
	}
}

// TestOpenErrors opens a directory without a run, and a run whose settings
// check rejects.
func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, agree, tinyExperiment); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, checkpointName)) {
		t.Errorf("without a checkpoint: got error %v, want one that names it", err)
	}
	s := Settings{Data: "ring", Loss: "plain", Activation: "leaky", Alpha: 0.3, Steps: 2, Seed: 9}
	r := started(t, s)
	r.trainUntil(t, 1)
	before := runstest.Contents(t, r.Dir)
	against := fmt.Errorf("something against it")
	_, err := Open(r.Dir, func(got *Settings) error {
		if *got != s {
			t.Errorf("settings %+v, want %+v", got, s)
		}
		return against
	}, tinyExperiment)
	if err != against {
		t.Errorf("got error %v, want the one of check", err)
	}
	runstest.WantFiles(t, r.Dir, before)
}

// TestCheckpointHistory checks that the checkpoint keeps float32 samples
// exactly, and NaN for an undefined width.
func TestCheckpointHistory(t *testing.T) {
	s := Settings{Data: "ring", Loss: "plain", Activation: "leaky", Alpha: 0.3, Steps: 2, Seed: 10}
	r := started(t, s)
	r.trainUntil(t, 1)
	r.History[0].Score.Width = math.NaN()
	r.History[0].Losses.Generator = math.Pi
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, r.Dir)
	if got, want := again.History[0].row(), r.History[0].row(); !nntest.SameBits(got, want) {
		t.Errorf("the record is %v, want %v", got, want)
	}
	if !nntest.SameBits(again.frames[0], r.frames[0]) {
		t.Error("the frame has changed")
	}
}

// TestNumPy loads a checkpoint in Python.
func TestNumPy(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	if err := exec.Command(python, "-c", "import numpy").Run(); err != nil {
		t.Skip("python3 has no numpy")
	}
	s := Settings{Data: "ring", Loss: "r1r2", Activation: "leaky", Alpha: 0.2, Steps: 3, Seed: 11}
	r := started(t, s)
	r.trainUntil(t, 2)
	out, err := exec.Command(python, "-c", `
import json, numpy, sys
z = numpy.load(sys.argv[1])
for name in z.files:
    if name != "run.json":
        print(name, z[name].dtype, z[name].shape, sep="|")
print(json.loads(z["run.json"])["step"])
for v in z["average 2"].ravel(): print(float(v).hex())
`, r.Path(checkpointName)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var want strings.Builder
	snapshot, err := r.snapshot(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range snapshot.arrays {
		shape := fmt.Sprint([]int(a.Shape()))
		shape = strings.ReplaceAll(strings.Trim(shape, "[]"), " ", ", ")
		if a.Dims() == 1 {
			shape += ","
		}
		fmt.Fprintf(&want, "%s|%v|(%s)\n", a.Name, a.Dtype(), shape)
	}
	fmt.Fprintln(&want, 2)
	for _, v := range nn.Values(snapshot.arrays[2]) {
		fmt.Fprintln(&want, pythonHex(v))
	}
	if string(out) != want.String() {
		t.Errorf("Python says\n%.2000s\nwant\n%.2000s", out, want.String())
	}
}

// pythonHex formats v as Python's float.hex does: 13 digits, no leading zeros
// in the exponent.
func pythonHex(v float64) string {
	if v == 0 {
		return "0x0.0p+0"
	}
	text := fmt.Sprintf("%.13x", v)
	mantissa, exponent, _ := strings.Cut(text, "p")
	sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
	if digits == "" {
		digits = "0"
	}
	return mantissa + "p" + sign + digits
}
