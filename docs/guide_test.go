package docs_test

import (
	"os"
	"testing"
)

func TestX(t *testing.T) {
	for _, w := range wrongs {
		t.Run(w.name, func(t *testing.T) { s := w.says(t); t.Log("\n" + s) })
	}
	_ = os.Args
}
