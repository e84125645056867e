package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestTeXsOwnLogIsKeptBesideTheMakersAndGoesWithTheNextBuild(t *testing.T) {
	state := t.TempDir()
	if err := os.Mkdir(filepath.Join(state, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := &making{record: &record{name: "book-pdf"}}
	m.b = &Builder{State: state}
	m.keepTeXLog([]byte("Overfull"))
	kept := filepath.Join(state, "log", "book-pdf.tex.log")
	if text, err := os.ReadFile(kept); err != nil || string(text) != "Overfull" {
		t.Errorf("kept %q, %v", text, err)
	}
	m.keepTeXLog(nil)
	if _, err := os.Lstat(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log of a build before is there: %v", err)
	}
}
