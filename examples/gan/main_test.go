package main

import (
	"bufio"
	"bytes"
	"fmt"
	"image/gif"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/leakyrelu/examples/gan/internal/runs/runstest"
)

// TestMain makes the test binary run the program, for tests that start it.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_GAN") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// gan returns a command that runs the program with these arguments in an empty
// directory.
func gan(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "RUN_GAN=1")
	cmd.Dir = t.TempDir()
	return cmd
}

// runProgram runs the program until it ends.
func runProgram(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// runFiles are the files of a complete run.
var runFiles = []string{"checkpoint.npz", "metrics.csv", "samples.png", "training.gif", "training.png"}

// wantRunFiles fails the test unless the directory contains exactly the files
// of a run, and each has the format of its name.
func wantRunFiles(t *testing.T, dir string) {
	t.Helper()
	var names []string
	for name, content := range runstest.Contents(t, dir) {
		names = append(names, name)
		var err error
		switch filepath.Ext(name) {
		case ".png":
			_, err = png.Decode(strings.NewReader(content))
		case ".gif":
			_, err = gif.DecodeAll(strings.NewReader(content))
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if slices.Sort(names); !slices.Equal(names, runFiles) {
		t.Errorf("%s contains %v, want %v", dir, names, runFiles)
	}
}

var result = regexp.MustCompile(`^modes \d/8  high quality \d+\.\d%  reverse KL \d\.\d{3}(?:  mode width \d\.\d\d)?\n` +
	`dead units: discriminator \d+\.\d%, generator \d+\.\d%\npicture: (.+)/samples.png\n$`)

// checkResult checks the program's output and the files.
func checkResult(t *testing.T, cmd *exec.Cmd, stdout, dir string) {
	t.Helper()
	m := result.FindStringSubmatch(stdout)
	if m == nil || m[1] != dir {
		t.Fatalf("stdout is %q, want a result and the picture in %s", stdout, dir)
	}
	wantRunFiles(t, filepath.Join(cmd.Dir, dir))
}

func TestShortRun(t *testing.T) {
	t.Parallel()
	var stdouts []string
	var files []map[string]string
	for range 2 {
		cmd := gan(t, "-steps", "10", "-seed", "3", "-alpha", "0.1")
		stdout, stderr, code := runProgram(t, cmd)
		if code != 0 {
			t.Fatalf("exit code %d, stderr %s", code, stderr)
		}
		checkResult(t, cmd, stdout, "gan-ring")
		stdouts = append(stdouts, stdout)
		files = append(files, runstest.Contents(t, filepath.Join(cmd.Dir, "gan-ring")))
		// Stderr is not a terminal here. So the output has lines and no control
		// characters.
		if n := strings.Count(stderr, "\n"); n != 10 || strings.ContainsAny(stderr, "\r\x1b") {
			t.Errorf("progress is %q, want ten plain lines", stderr)
		}
		if !strings.Contains(stderr, "step 10/10 ") {
			t.Errorf("progress is %q, want it to end with step 10/10", stderr)
		}
	}
	if stdouts[0] != stdouts[1] {
		t.Errorf("equal flags gave %q and %q", stdouts[0], stdouts[1])
	}
	for name, content := range files[0] {
		if files[1][name] != content {
			t.Errorf("equal flags gave two different files %s", name)
		}
	}
}

// TestOut runs the program with a directory, with the same directory again, and
// without one.
func TestOut(t *testing.T) {
	t.Parallel()
	cmd := gan(t, "-steps", "1", "-out", "a/b", "-activation", "builtin", "-data", "grid")
	stdout, stderr, code := runProgram(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	dir := filepath.Join(cmd.Dir, "a", "b")
	if !strings.Contains(stdout, "modes ") || !strings.Contains(stdout, "/25 ") || !strings.HasSuffix(stdout, "picture: a/b/samples.png\n") {
		t.Errorf("stdout is %q, want a result for the grid and the picture", stdout)
	}
	wantRunFiles(t, dir)
	before := runstest.Contents(t, dir)

	again := gan(t, "-steps", "1", "-out", "a/b")
	again.Dir = cmd.Dir
	stdout, stderr, code = runProgram(t, again)
	if code == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "-resume a/b") {
		t.Errorf("exit code %d, stdout %q, stderr %q, want one line that says how to continue", code, stdout, stderr)
	}
	runstest.WantFiles(t, dir, before)

	for _, want := range []string{"gan-ring", "gan-ring-2"} {
		cmd := gan(t, "-steps", "1")
		cmd.Dir = again.Dir
		stdout, stderr, code := runProgram(t, cmd)
		if code != 0 {
			t.Fatalf("exit code %d, stderr %s", code, stderr)
		}
		checkResult(t, cmd, stdout, want)
	}
}

// TestDigitsRun does a short run on digits, which first trains a classifier.
func TestDigitsRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("training a classifier takes seconds")
	}
	cmd := gan(t, "-steps", "1", "-data", "digits")
	stdout, stderr, code := runProgram(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	if !regexp.MustCompile(`^modes \d+/10  high quality \d+\.\d%  reverse KL \d\.\d{3}\nclassifier: right about 9\d\.\d% of real pictures\ndead units: .+\npicture: gan-digits/samples.png\n$`).MatchString(stdout) {
		t.Errorf("stdout is %q, want a result for digits, which have no width", stdout)
	}
	wantRunFiles(t, filepath.Join(cmd.Dir, "gan-digits"))
}

func TestHelp(t *testing.T) {
	stdout, stderr, code := runProgram(t, gan(t, "-h"))
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q, want 0 and nothing", code, stderr)
	}
	for _, want := range []string{"-data", "-mnist", "-loss", "-activation", "-alpha", "-steps", "-seed", "-seeds", "-out", "-resume", "-sum",
		"8 Gaussians", "98.9%", "Ctrl-C", fmt.Sprintf("(default %v)", defaults.Alpha), "checkpoint.npz"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help does not mention %s", want)
		}
	}
	for _, file := range runFiles {
		if !strings.Contains(stdout, file) {
			t.Errorf("the help does not mention the file %s", file)
		}
	}
	for _, name := range adversary.Games() {
		if !strings.Contains(stdout, name) {
			t.Errorf("the help does not mention the loss %s", name)
		}
	}
	if strings.Contains(stdout, "%!") {
		t.Errorf("the help is badly formatted: %s", stdout)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		want []string
	}{
		{"-stepps 5", []string{"-stepps"}},
		{"-steps 0", []string{"-steps", "0", "at least 1"}},
		{"-steps -3", []string{"-steps", "-3", "at least 1"}},
		{"-steps many", []string{"-steps", "many"}},
		{"-steps", []string{"-steps"}},
		{"-seed -1", []string{"-seed", "-1"}},
		{"-seeds 0", []string{"-seeds", "0", "at least 1"}},
		{"-alpha NaN", []string{"alpha", "NaN", "finite"}},
		{"-alpha -Inf", []string{"alpha", "-Inf", "finite"}},
		{"-alpha 1e39", []string{"alpha", "1e+39", "float32"}},
		{"-alpha x", []string{"-alpha", "x"}},
		{"-activation gelu", []string{"gelu", "leaky", "relu", "builtin"}},
		{"-activation relu -alpha 0.2", []string{"-alpha", "0.2", "relu"}},
		{"-loss wgan", []string{"wgan", "plain", "wgan-gp", "r1r2"}},
		{"-data rings", []string{"rings", "ring", "grid", "digits", "mnist"}},
		{"-data mnist", []string{"-mnist"}},
		{"-mnist nowhere", []string{"-mnist", "nowhere", "-data mnist"}},
		{"-steps 1 -out=", []string{"-out", "directory"}},
		{"-steps 1 -resume=", []string{"-resume", "directory"}},
		{"-sum=", []string{"-sum", "directory"}},
		{"-sum file -steps 3", []string{"-sum", "other flags"}},
		{"-resume file -out other", []string{"-resume", "-out"}},
		{"-resume file -seeds 2", []string{"-resume", "-seeds"}},
		{"-steps 5 more", []string{"more", "not a flag"}},
	} {
		cmd := gan(t, strings.Fields(test.args)...)
		if err := os.WriteFile(filepath.Join(cmd.Dir, "file"), []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := runProgram(t, cmd)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "; -h lists the flags\n") {
			t.Errorf("%s: exit code %d, stderr %q, stdout %q, want 2, one line with a hint at -h and nothing", test.args, code, stderr, stdout)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: stderr is %q, want it to mention %s", test.args, stderr, want)
			}
		}
		runstest.WantFiles(t, cmd.Dir, map[string]string{"file": "old"})
	}
}

// TestErrors uses valid flags with other errors.
func TestErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string][]string{
		"-data mnist -mnist nowhere": {"nowhere", "train-images"},
		"-out file":                  {"-out", "file", "not a directory"},
		"-out file/below":            {"-out", "file", "not a directory"},
		"-resume nowhere":            {"nowhere/checkpoint.npz", "no such file"},
		"-sum nowhere":               {"nowhere", "no such file"},
		"-sum .":                     {"no directories with runs"},
	} {
		cmd := gan(t, strings.Fields(args)...)
		if err := os.WriteFile(filepath.Join(cmd.Dir, "file"), []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := runProgram(t, cmd)
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, stderr %q, stdout %q, want 1, one line and nothing", args, code, stderr, stdout)
		}
		for _, want := range want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: stderr is %q, want it to mention %s", args, stderr, want)
			}
		}
		runstest.WantFiles(t, cmd.Dir, map[string]string{"file": "old"})
	}
}

// TestStdoutFull uses a stdout that returns an error on every write.
func TestStdoutFull(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-h", "-steps 1"} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("no /dev/full")
		}
		defer full.Close()
		cmd := gan(t, strings.Fields(args)...)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &stderr
		err = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%s: exit code %d (%v), stderr %q, want 1 and an error", args, code, err, stderr.String())
		}
	}
}

// interrupted runs the program and sends it a signal after the first line of
// progress.
func interrupted(t *testing.T, cmd *exec.Cmd, sig os.Signal) (stdout, stderr string, code int) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout = &out
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(pipe)
	if first, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(first, "step 1/") && !strings.HasPrefix(first, "step 2/") {
		t.Errorf("first line of progress is %q (%v)", first, err)
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // the caller checks the exit code
	return out.String(), string(rest), cmd.ProcessState.ExitCode()
}

// TestInterrupt sends a signal during the training and resumes the run. The
// files must equal those of a run without an interruption.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	steps, signals := "6", []os.Signal{os.Interrupt, syscall.SIGTERM}
	contradictions := [][]string{{"-steps", "5"}, {"-seed", "6"}, {"-data", "grid"}}
	if testing.Short() {
		signals = signals[:1]
	}
	flags := []string{"-steps", steps, "-seed", "5"}
	whole := gan(t, flags...)
	wholeStdout, stderr, code := runProgram(t, whole)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	want := runstest.Contents(t, filepath.Join(whole.Dir, "gan-ring"))

	for _, sig := range signals {
		cmd := gan(t, flags...)
		stdout, rest, code := interrupted(t, cmd, sig)
		if code != 130 || !regexp.MustCompile(`gan: interrupted after \d+ of `+steps+` steps, continue with -resume gan-ring\n$`).MatchString(rest) {
			t.Errorf("%v: exit code %d, stderr %q, want 130 and after how many steps", sig, code, rest)
		}
		checkResult(t, cmd, stdout, "gan-ring")

		dir := filepath.Join(cmd.Dir, "gan-ring")
		before := runstest.Contents(t, dir)
		for _, contradiction := range contradictions {
			resumed := gan(t, append(contradiction, "-resume", "gan-ring")...)
			resumed.Dir = cmd.Dir
			stdout, stderr, code := runProgram(t, resumed)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, contradiction[0]+" is "+contradiction[1]) {
				t.Errorf("%v: exit code %d, stdout %q, stderr %q, want one line about it", contradiction, code, stdout, stderr)
			}
			runstest.WantFiles(t, dir, before)
		}

		contradictions = nil // check them only once

		resumed := gan(t, append(flags, "-resume", "gan-ring")...)
		resumed.Dir = cmd.Dir
		resumedStdout, stderr, code := runProgram(t, resumed)
		if code != 0 {
			t.Fatalf("%v: exit code %d, stderr %s", sig, code, stderr)
		}
		if resumedStdout != wholeStdout {
			t.Errorf("%v: resumed, the result is %q, want %q", sig, resumedStdout, wholeStdout)
		}
		for name, content := range runstest.Contents(t, dir) {
			if want[name] != content {
				t.Errorf("%v: resumed, %s differs from that of a run without an interruption", sig, name)
			}
		}
		wantRunFiles(t, dir)
	}
}

// TestResumeBad resumes from a damaged checkpoint.
func TestResumeBad(t *testing.T) {
	t.Parallel()
	started := gan(t, "-steps", "1", "-out", "run")
	if _, stderr, code := runProgram(t, started); code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	good := runstest.Read(t, filepath.Join(started.Dir, "run", "checkpoint.npz"))
	flipped := bytes.Clone(good)
	flipped[len(good)/3] ^= 1
	for name, bad := range map[string][]byte{"truncated": good[:len(good)/2], "flipped": flipped, "empty": nil} {
		cmd := gan(t, "-resume", "run")
		dir := filepath.Join(cmd.Dir, "run")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "checkpoint.npz"), bad, 0o666); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := runProgram(t, cmd)
		if code == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "run/checkpoint.npz") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want one line that names the file", name, code, stdout, stderr)
		}
		runstest.WantFiles(t, dir, map[string]string{"checkpoint.npz": string(bad)})
	}
}

// TestPlans checks that there is a recipe for each kind of data with each loss.
func TestPlans(t *testing.T) {
	for name, p := range plans {
		if p.steps < 1 || p.batch < 1 || p.networks == nil {
			t.Errorf("%s: %+v", name, p)
		}
		for _, loss := range adversary.Games() {
			if r := p.recipes[loss]; r.Rate <= 0 || r.Fall == nil {
				t.Errorf("%s, %s: %+v", name, loss, r)
			}
		}
	}
}

// TestKill kills the program, so it can't save, and resumes from the last
// checkpoint. The files must equal those of a run without an interruption.
func TestKill(t *testing.T) {
	t.Parallel()
	flags := []string{"-steps", "4", "-seed", "5", "-out", "run"}
	whole := gan(t, flags...)
	wholeStdout, stderr, code := runProgram(t, whole)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	cmd := gan(t, flags...)
	if stdout, _, code := interrupted(t, cmd, os.Kill); code != -1 || stdout != "" {
		t.Fatalf("exit code %d, stdout %q, want it killed before the end", code, stdout)
	}
	resumed := gan(t, "-resume", "run")
	resumed.Dir = cmd.Dir
	stdout, stderr, code := runProgram(t, resumed)
	if code != 0 || stdout != wholeStdout {
		t.Errorf("exit code %d, stderr %q, stdout %q, want %q", code, stderr, stdout, wholeStdout)
	}
	for _, name := range runFiles {
		got, want := runstest.Read(t, filepath.Join(cmd.Dir, "run", name)), runstest.Read(t, filepath.Join(whole.Dir, "run", name))
		if !bytes.Equal(got, want) {
			t.Errorf("resumed, %s differs from that of a run without an interruption", name)
		}
	}
}
