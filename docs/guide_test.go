package docs_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// blocks returns the fenced blocks of the given language in the guide.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	guide, err := os.ReadFile("writing-an-op.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(guide), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("the guide has no block of %s", language)
	}
	return blocks
}

// Each block of Go in the guide is a part of a test file in this directory.
func TestGuideCode(t *testing.T) {
	var source string
	for _, name := range []string{"swish_test.go", "wrong_test.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source += "\n" + string(b)
	}
	for _, code := range blocks(t, "go") {
		if !strings.Contains(source, "\n"+code) {
			t.Errorf("this code of the guide is in no source file of this directory:\n%s", code)
		}
	}
}

// Each message in the guide comes from a wrong operator, and the guide quotes
// the message of each wrong operator.
func TestGuideMessages(t *testing.T) {
	quoted := blocks(t, "text")
	for _, w := range wrongs {
		t.Run(w.name, func(t *testing.T) {
			says := w.says(t) + "\n"
			for i, q := range quoted {
				if sameMessage(q, says) {
					quoted[i] = ""
					return
				}
			}
			t.Errorf("the guide does not quote this:\n%s", says)
		})
	}
	if t.Failed() {
		return
	}
	for _, q := range quoted {
		if q != "" {
			t.Errorf("nothing says this text of the guide:\n%s", q)
		}
	}
}

// sameMessage says whether messages agree in all but the last digits of their
// numbers, as processors round differently, and in the place of a panic.
func sameMessage(a, b string) bool {
	place := regexp.MustCompile(`\(\w+\.go:\d+, in [^)]*\)`)
	a, b = place.ReplaceAllString(a, "(place)"), place.ReplaceAllString(b, "(place)")
	number := regexp.MustCompile(`\d+(\.\d+)?(e-?\d+)?`)
	if number.ReplaceAllString(a, "#") != number.ReplaceAllString(b, "#") {
		return false
	}
	as, bs := number.FindAllString(a, -1), number.FindAllString(b, -1)
	for i := range as {
		x, errX := strconv.ParseFloat(as[i], 64)
		y, errY := strconv.ParseFloat(bs[i], 64)
		if errX != nil || errY != nil || math.Abs(x-y) > 0.01*math.Abs(y) {
			return false
		}
	}
	return true
}
