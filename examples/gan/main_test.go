package main

import (
	"bufio"
	"bytes"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary be the program, for tests that run it.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_GAN") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// gan is the program with these arguments, in an empty directory.
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

// execute runs the program to its end.
func execute(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

var result = regexp.MustCompile(`^modes \d/8  high quality \d+\.\d%  reverse KL \d\.\d{3}  mode width \d\.\d\d\npicture: (.+)\n$`)

// checkResult checks what the program says and that the picture is there.
func checkResult(t *testing.T, cmd *exec.Cmd, stdout, picture string) {
	t.Helper()
	m := result.FindStringSubmatch(stdout)
	if m == nil || m[1] != picture {
		t.Fatalf("stdout is %q, want a result and the picture %s", stdout, picture)
	}
	f, err := os.Open(filepath.Join(cmd.Dir, picture))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("the picture is no PNG: %v", err)
	}
}

func TestShortRun(t *testing.T) {
	var stdouts []string
	for range 2 {
		cmd := gan(t, "-steps", "20", "-seed", "3", "-alpha", "0.1")
		stdout, stderr, code := execute(t, cmd)
		if code != 0 {
			t.Fatalf("exit code %d, stderr %s", code, stderr)
		}
		checkResult(t, cmd, stdout, "ring.png")
		stdouts = append(stdouts, stdout)
		// Stderr is not a terminal here: lines, and nothing to move a cursor with.
		if n := strings.Count(stderr, "\n"); n != 10 || strings.ContainsAny(stderr, "\r\x1b") {
			t.Errorf("progress is %q, want ten plain lines", stderr)
		}
		if !strings.Contains(stderr, "step 20/20 ") {
			t.Errorf("progress is %q, want it to end with step 20/20", stderr)
		}
	}
	if stdouts[0] != stdouts[1] {
		t.Errorf("equal flags gave %q and %q", stdouts[0], stdouts[1])
	}
}

func TestOtherOut(t *testing.T) {
	cmd := gan(t, "-steps", "1", "-out", "other.png", "-activation", "builtin")
	if err := os.WriteFile(filepath.Join(cmd.Dir, "other.png"), bytes.Repeat([]byte("old"), 1e6), 0o666); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := execute(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	checkResult(t, cmd, stdout, "other.png")
}

func TestHelp(t *testing.T) {
	stdout, stderr, code := execute(t, gan(t, "-h"))
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q, want 0 and nothing", code, stderr)
	}
	for _, want := range []string{"-steps", "-seed", "-out", "-alpha", "-activation", "8 Gaussians", "98.9%", "Ctrl-C", "(default 0.2)"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help does not mention %s", want)
		}
	}
	if strings.Contains(stdout, "%!") {
		t.Errorf("the help is badly formatted: %s", stdout)
	}
}

func TestBadFlags(t *testing.T) {
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
		{"-alpha NaN", []string{"alpha", "NaN", "finite"}},
		{"-alpha -Inf", []string{"alpha", "-Inf", "finite"}},
		{"-alpha 1e39", []string{"alpha", "1e+39", "float32"}},
		{"-alpha x", []string{"-alpha", "x"}},
		{"-activation relu", []string{"relu", "leaky", "builtin"}},
		{"-out missing/ring.png", []string{"-out", "missing/ring.png", "no such file"}},
		{"-out directory.png", []string{"-out", "directory.png", "is a directory"}},
		{"-out ring.jpg", []string{"-out", "ring.jpg", ".png"}},
		{"-out=", []string{"-out", `""`, ".png"}},
		{"-steps 5 more", []string{"more", "not a flag"}},
	} {
		cmd := gan(t, strings.Fields(test.args)...)
		if err := os.Mkdir(filepath.Join(cmd.Dir, "directory.png"), 0o777); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := execute(t, cmd)
		if code == 0 {
			t.Errorf("%s: exit code 0", test.args)
		}
		if strings.Count(stderr, "\n") != 1 || stdout != "" {
			t.Errorf("%s: stderr %q, stdout %q, want one line and nothing", test.args, stderr, stdout)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: stderr is %q, want it to mention %s", test.args, stderr, want)
			}
		}
		if files, _ := os.ReadDir(cmd.Dir); len(files) != 1 {
			t.Errorf("%s: left %v behind", test.args, files)
		}
	}
}

// TestCheckOut wants an old picture to survive until there is a new one, and
// nothing to appear before.
func TestCheckOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring.png")
	if err := checkOut(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a file has appeared (%v)", err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := checkOut(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file holds %q (%v), want what was there", got, err)
	}
}

// TestInterrupt sends a signal once training is under way.
func TestInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := gan(t, "-steps", "500")
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		pipe, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stderr := bufio.NewReader(pipe)
		if first, err := stderr.ReadString('\n'); err != nil || !strings.HasPrefix(first, "step 50/500 ") {
			t.Errorf("first line of progress is %q (%v)", first, err)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(stderr)
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v, want exit code 0", sig, err)
		}
		if !regexp.MustCompile(`interrupted after \d+ of 500 steps\n$`).Match(rest) {
			t.Errorf("%v: stderr ends with %q, want it to say after how many steps", sig, rest)
		}
		checkResult(t, cmd, stdout.String(), "ring.png")
	}
}
