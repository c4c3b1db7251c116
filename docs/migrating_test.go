package docs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/leakyrelu"
	"gorgonia.org/tensor"
)

// These tests check migrating.md.

func migrating(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGofmtRule applies the rule in the text. The test data has a call with a
// comment between its arguments, which gofmt drops, and a function value, which
// gofmt leaves.
func TestGofmtRule(t *testing.T) {
	swapped := gofmtRule(t, "testdata/before/model.go")
	want, err := os.ReadFile("testdata/after/model.go")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(swapped, `"gorgonia.org/leakyrelu"`) {
		t.Error("gofmt added the import, the text says that it does not")
	}
	if got := withImport(swapped); got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	command(t, "go", "build", "./testdata/after")
}

// TestGofmtRuleOnYOLO applies the rule to the example of Gorgonia that has most
// calls. A build overlay places the result with the example's other files, in a
// directory of this module that exists only in the overlay.
func TestGofmtRuleOnYOLO(t *testing.T) {
	dir := filepath.Join(command(t, "go", "list", "-m", "-f", "{{.Dir}}", "gorgonia.org/gorgonia"), "examples", "tiny-yolo-v2-coco")
	file := filepath.Join(dir, "feedforward.go")
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	swapped := gofmtRule(t, file)
	calls := strings.Count(string(source), "gorgonia.LeakyRelu(")
	if got := strings.Count(swapped, "leakyrelu.Apply("); got != calls || calls != 9 || strings.Contains(swapped, "LeakyRelu") {
		t.Errorf("%d of %d calls are replaced, want 9 of 9", got, calls)
	}
	if out, err := buildYOLO(t, dir, swapped); err == nil || !strings.Contains(out, "undefined: leakyrelu") {
		t.Errorf("without the import, go build says %q, want undefined: leakyrelu", out)
	}
	if out, err := buildYOLO(t, dir, withImport(swapped)); err != nil {
		t.Errorf("with the import, go build says %q", out)
	}
}

func buildYOLO(t *testing.T, dir, feedforward string) (string, error) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	changed, overlay := filepath.Join(temp, "feedforward.go"), filepath.Join(temp, "overlay.json")
	replace := map[string]string{}
	for _, file := range files {
		path, err := filepath.Abs(filepath.Join("testdata", "yolo", filepath.Base(file)))
		if err != nil {
			t.Fatal(err)
		}
		if replace[path] = file; filepath.Base(file) == "feedforward.go" {
			replace[path] = changed
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{changed: feedforward, overlay: string(text)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "build", "-o", os.DevNull, "-overlay", overlay, "./testdata/yolo").CombinedOutput()
	return string(out), err
}

// gofmtRule returns the file after the first command in the text.
func gofmtRule(t *testing.T, file string) string {
	t.Helper()
	m := regexp.MustCompile(`gofmt -r '([^']+)'`).FindStringSubmatch(migrating(t))
	if m == nil {
		t.Fatal("the text has no gofmt -r")
	}
	return command(t, "gofmt", "-r", m[1], file) + "\n"
}

// withImport adds the import, like goimports.
func withImport(source string) string {
	const gorgonia = "\t\"gorgonia.org/gorgonia\"\n"
	return strings.Replace(source, gorgonia, gorgonia+"\t\"gorgonia.org/leakyrelu\"\n", 1)
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stderr = new(strings.Builder)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%v", c, err, c.Stderr)
	}
	return strings.TrimSpace(string(out))
}

// TestSemanticsTable runs this package and the built-in for their columns, and
// evaluates the formula of the column for JAX and ONNX. TestPyTorch in the root
// package compares this package with PyTorch.
func TestSemanticsTable(t *testing.T) {
	t.Run("float32", testSemanticsTable[float32])
	t.Run("float64", testSemanticsTable[float64])
}

func testSemanticsTable[T float32 | float64](t *testing.T) {
	columns := []func(alpha float64, x T) (y, dx []T){
		func(alpha float64, x T) (y, dx []T) { return values(t, leakyrelu.Activation(alpha), x, x) },
		func(alpha float64, x T) (y, dx []T) {
			if x >= 0 {
				return []T{x}, []T{1}
			}
			return []T{T(alpha) * x}, []T{T(alpha)}
		},
		func(alpha float64, x T) (y, dx []T) { return values(t, builtIn(alpha), x, x) },
	}
	slopes := map[string][]float64{"any": {0.2, 2, 0, -0.5}, "α > 0": {0.2, 2}, "α = 0": {0}, "α < 0": {-0.5}}

	rows := regexp.MustCompile(`(?m)^\| (f.*) \|$`).FindAllStringSubmatch(migrating(t), -1)
	if len(rows) != 10 {
		t.Fatalf("the table has %d rows, want 10", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row[1], " | ")
		if len(cells) != 2+len(columns) || slopes[cells[1]] == nil {
			t.Fatalf("row %q: want points, slopes and %d columns", row[1], len(columns))
		}
		points := strings.Split(cells[0], ", ")
		for i, column := range columns {
			wants := strings.Split(cells[2+i], ", ")
			if len(wants) != len(points) {
				t.Fatalf("row %q: %d results for %d points", row[1], len(wants), len(points))
			}
			for j, point := range points {
				f, x, _ := strings.Cut(strings.TrimSuffix(point, ")"), "(")
				for _, alpha := range slopes[cells[1]] {
					got, dx := column(alpha, parseCell[T](t, x, alpha))
					if f == "f′" {
						got = dx
					}
					want := parseCell[T](t, wants[j], alpha)
					for _, got := range got {
						if fmt.Sprint(got) != fmt.Sprint(want) { // NaN equals NaN, and 0 differs from -0
							t.Errorf("%s, alpha %v, column %d: got %v, the table says %v", point, alpha, i+1, got, want)
						}
					}
				}
			}
		}
	}
}

func builtIn(alpha float64) func(*gorgonia.Node) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LeakyRelu(x, alpha) }
}

// parseCell parses a number in the notation of the table.
func parseCell[T float32 | float64](t *testing.T, s string, alpha float64) T {
	t.Helper()
	if s == "α" {
		return T(alpha)
	}
	v, err := strconv.ParseFloat(strings.Replace(s, "−", "-", 1), 64)
	if err != nil {
		t.Fatal(err)
	}
	return T(v)
}

// values returns f(x) and the derivative, on the tape machine and then on the
// Lisp machine. It needs at least two points, because one point would be a
// scalar.
func values[T float32 | float64](t *testing.T, f func(*gorgonia.Node) (*gorgonia.Node, error), x ...T) (y, dx []T) {
	t.Helper()
	for _, lisp := range []bool{false, true} {
		g := gorgonia.NewGraph()
		n := vector(g, "x", x)
		fx, err := f(n)
		if err != nil {
			t.Fatal(err)
		}
		var read gorgonia.Value
		gorgonia.Read(fx, &read)
		sum := gorgonia.Must(gorgonia.Sum(fx))
		var vm gorgonia.VM
		if lisp {
			vm = gorgonia.NewLispMachine(g)
		} else {
			if _, err := gorgonia.Grad(sum, n); err != nil {
				t.Fatal(err)
			}
			vm = gorgonia.NewTapeMachine(g)
		}
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		vm.Close()
		d, err := n.Grad()
		if err != nil {
			t.Fatal(err)
		}
		y, dx = append(y, read.Data().([]T)...), append(dx, d.Data().([]T)...)
	}
	return y, dx
}

func vector[T float32 | float64](g *gorgonia.ExprGraph, name string, elements []T) *gorgonia.Node {
	v := tensor.New(tensor.WithBacking(append([]T(nil), elements...)))
	return gorgonia.NewVector(g, v.Dtype(), gorgonia.WithShape(len(elements)), gorgonia.WithName(name), gorgonia.WithValue(v))
}

// TestEqualElsewhere compares with the built-in at random finite bit patterns
// of x and of the upstream gradient. Zeros of different sign are equal here.
func TestEqualElsewhere(t *testing.T) {
	const n = 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	finite := func() []float32 {
		vs := make([]float32, n)
		for i := range vs {
			for vs[i] == 0 || vs[i]-vs[i] != 0 { // infinite or NaN
				vs[i] = math.Float32frombits(rng.Uint32())
			}
		}
		return vs
	}
	for _, alpha := range []float64{0, 0.01, 0.2, 1, 2, -0.5} {
		x, dy := finite(), finite()
		for i := range dy {
			if math.Abs(alpha*float64(dy[i])) > math.MaxFloat32 {
				dy[i] /= 2 * float32(alpha)
			}
		}
		weighted := func(f func(*gorgonia.Node) (*gorgonia.Node, error)) (y, dx []float32) {
			return values(t, func(n *gorgonia.Node) (*gorgonia.Node, error) {
				return gorgonia.HadamardProd(gorgonia.Must(f(n)), vector(n.Graph(), "dy", dy))
			}, x...)
		}
		y, dx := weighted(leakyrelu.Activation(alpha))
		wantY, wantDx := weighted(builtIn(alpha))
		if !slices.Equal(y, wantY) {
			t.Errorf("alpha %v: values differ", alpha)
		}
		if !slices.Equal(dx, wantDx) {
			t.Errorf("alpha %v: gradients differ", alpha)
		}
	}
}

// The upstream gradient, or its product with the slope, is infinite.
func TestInfiniteUpstreamGradient(t *testing.T) {
	for _, dy := range []float64{math.Inf(1), math.MaxFloat64} {
		for _, c := range []struct {
			name     string
			function func(*gorgonia.Node) (*gorgonia.Node, error)
			want     float64
		}{
			{"here", leakyrelu.Activation(2), dy},
			{"the built-in", builtIn(2), math.NaN()},
		} {
			_, dx := values(t, func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return gorgonia.HadamardProd(gorgonia.Must(c.function(x)), gorgonia.NewConstant(dy))
			}, 1.0, 1)
			for _, dx := range dx {
				if fmt.Sprint(dx) != fmt.Sprint(c.want) {
					t.Errorf("%s: the gradient at 1 for the upstream gradient %v is %v, want %v", c.name, dy, dx, c.want)
				}
			}
		}
	}
}

// With slope 0 only the gradient at 0 differs from Rectify.
func TestSlopeZeroIsRectify(t *testing.T) {
	for _, x := range []float64{-3, 3, 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN()} {
		y, dx := values(t, leakyrelu.Activation(0), x, x)
		wantY, wantDx := values(t, gorgonia.Rectify, x, x)
		if x == 0 {
			if fmt.Sprint(dx, wantDx) != "[0 0 0 0] [1 1 1 1]" {
				t.Errorf("gradients at %v: %v here, %v of Rectify, want 0 and 1", x, dx, wantDx)
			}
			wantDx = dx
		}
		if got, want := fmt.Sprint(y, dx), fmt.Sprint(wantY, wantDx); got != want {
			t.Errorf("value and gradient at %v are %v, Rectify's %v", x, got, want)
		}
	}
}

// The built-in accepts any slope. TestNodeErrors in the root package tests the
// errors of this package.
func TestBuiltInTakesAnySlope(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName("x"))
	for _, alpha := range []float64{math.NaN(), math.Inf(1), 1e39} {
		if _, err := gorgonia.LeakyRelu(x, alpha); err != nil {
			t.Errorf("the built-in refuses %v: %v", alpha, err)
		}
	}
}

func TestNodesAndNames(t *testing.T) {
	const alpha = 0.2
	nodes := func(f func(*gorgonia.Node) (*gorgonia.Node, error)) (operators int, y *gorgonia.Node) {
		g := gorgonia.NewGraph()
		y = gorgonia.Must(f(gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("x"))))
		for _, n := range g.AllNodes() {
			if !n.IsVar() && n.Op().Arity() > 0 {
				operators++
			}
		}
		return operators, y
	}
	if n, _ := nodes(builtIn(alpha)); n != 6 {
		t.Errorf("the built-in is %d operators, want 6", n)
	}
	n, y := nodes(leakyrelu.Activation(alpha))
	if n != 1 {
		t.Errorf("the activation is %d operators, want 1", n)
	}
	for _, text := range []string{y.Name(), y.Graph().ToDot()} {
		if !strings.Contains(text, "LeakyReLU{alpha=0.2}") {
			t.Errorf("LeakyReLU{alpha=0.2} is not in %s", text)
		}
	}
}

// In PyTorch with inplace=True, h + leaky_relu(h) is twice the activation.
func TestResidualInPlace(t *testing.T) {
	y, _ := values(t, func(x *gorgonia.Node) (*gorgonia.Node, error) {
		h := gorgonia.Must(gorgonia.Neg(x))
		return gorgonia.Add(h, gorgonia.Must(leakyrelu.Apply(h, 0.5, leakyrelu.InPlace())))
	}, 2.0, 2)
	if fmt.Sprint(y) != "[-3 -3 -3 -3]" {
		t.Errorf("h + LeakyReLU(h) at h = -2 is %v, want -2 - 1", y)
	}
}

// TestInitialWeights measures the standard deviation of initial weights.
func TestInitialWeights(t *testing.T) {
	const in, out, alpha = 400, 1000, 0.2
	gain := leakyrelu.Gain(alpha)
	for _, c := range []struct {
		name string
		init gorgonia.InitWFn
		dt   tensor.Dtype
		want float64
	}{
		{"HeN", gorgonia.HeN(gain), tensor.Float64, gain / math.Sqrt(in)},
		{"Gaussian", gorgonia.Gaussian(0, gain/math.Sqrt(in)), tensor.Float32, gain / math.Sqrt(in)},
		{"GlorotN", gorgonia.GlorotN(gain), tensor.Float64, gain * math.Sqrt(2./(in+out))},
		{"GlorotN", gorgonia.GlorotN(gain), tensor.Float32, gain * math.Sqrt(2./(in+out))},
	} {
		w := gorgonia.NewMatrix(gorgonia.NewGraph(), c.dt, gorgonia.WithShape(in, out), gorgonia.WithInit(c.init))
		squares := 0.
		switch vs := w.Value().Data().(type) {
		case []float64:
			for _, v := range vs {
				squares += v * v
			}
		case []float32:
			for _, v := range vs {
				squares += float64(v) * float64(v)
			}
		}
		// The standard error of this estimate is 0.1%.
		if got := math.Sqrt(squares / (in * out)); math.Abs(got/c.want-1) > 0.01 {
			t.Errorf("%s, %v: standard deviation %v, want %v", c.name, c.dt, got, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("HeN draws float32, the text says that it panics")
		}
	}()
	gorgonia.HeN(gain)(tensor.Float32, in, out)
}

// TestGoMod compares the versions in the text with go.mod.
func TestGoMod(t *testing.T) {
	var mod struct {
		Go      string
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(command(t, "go", "mod", "edit", "-json", "../go.mod")), &mod); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{"go": mod.Go}
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	said := regexp.MustCompile("(?m)^go: (?:upgraded|added) ([^ ]+) .*?=> ([^ \n]+)$").FindAllStringSubmatch(migrating(t), -1)
	if len(said) != 6 {
		t.Errorf("the text names %d versions, want 6", len(said))
	}
	for _, s := range said {
		if versions[s[1]] != s[2] && versions[s[1]] != strings.TrimPrefix(s[2], "v") {
			t.Errorf("the text says that %s becomes %s, go.mod has %q", s[1], s[2], versions[s[1]])
		}
	}
}
