package preview

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Every heading is looked for on many pages: once is enough for an edition.
func TestContentsAreSearchedForOncePerEdition(t *testing.T) {
	root := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, "ch01.re"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("= はじめに\n\nこの章では、道具を入れます。\n")
	e := &edition{name: "1.pdf"}
	b := &book{chapters: []Chapter{{ID: "ch01", File: "ch01.re"}}, edition: e, wordsOf: e, words: [][]line{lines("はじめに", "この章では、道具を入れます。")}}
	s := &Server{opts: Options{Root: root}}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if list := s.contents(gone, b); len(list) > 0 {
		t.Errorf("nobody waits, and %v was searched for", list)
	}
	want := []Entry{{Title: "はじめに", Page: 1, Level: 1}}
	if list := s.contents(t.Context(), b); !slices.Equal(list, want) {
		t.Errorf("the contents are %v", list)
	}
	write("= 別の題\n")
	if list := s.contents(t.Context(), b); !slices.Equal(list, want) {
		t.Errorf("for the same edition the contents are %v", list)
	}
}
