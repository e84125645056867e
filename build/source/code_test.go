package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bookci/bookci/internal/testbook"
)

// codeOf is the hash of the code of a small book with the given files.
func codeOf(t *testing.T, recipe any, change map[string]string) string {
	t.Helper()
	root := testbook.Folder(t, testbook.Small(change))
	s, err := Find(t.Context(), root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := OpenHashCache(filepath.Join(t.TempDir(), "hashes.json"), root, time.Now)
	code, err := c.Code(s.Files, s.Files, recipe)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestWhatRunsIsTold(t *testing.T) {
	sound := codeOf(t, 1, nil)
	for name, change := range map[string]map[string]string{
		"a paragraph": {"ch01.re": "= One\n\nAnother paragraph, with @<m>{\\frac{1}{2\\}}.\n"},
		"a picture":   {"images/a.png": "pixels"},
		"a comment":   {"ch01.re": "= One\n\nA paragraph, with @<m>{\\frac{1}{2\\}}.\n#@# \\write18{x}\n"},
	} {
		if codeOf(t, 1, change) != sound {
			t.Errorf("%s is code", name)
		}
	}
	for name, change := range map[string]map[string]string{
		"an extension": {"review-ext.rb": "p 1"},
		"a style":      {"sty/a.sty": "\\relax"},
		"a hook":       {"hooks/before": "#!/bin/sh\n"},
		"the config":   {"config.yml": "bookname: other\n"},
		"raw TeX":      {"ch01.re": "= One\n\n//raw[|latex|\\write18{x}]\n"},
		"embedded TeX": {"ch01.re": "= One\n\n//embed[latex]{\n\\input{x}\n//}\n"},
		"TeX in a sum": {"ch01.re": "= One\n\n@<m>{\\immediate\\write1{x\\}}\n"},
		"a graph":      {"ch01.re": "= One\n\n//graph[a][gnuplot]{\nsystem(\"x\")\n//}\n"},
	} {
		if codeOf(t, 1, change) == sound {
			t.Errorf("%s is no code", name)
		}
	}
	if codeOf(t, 2, nil) == sound {
		t.Error("the settings do not count")
	}
}

// A tool can set a file's time back; its inode's time it cannot.
func TestAFileWithItsOldSizeAndTimeIsReadAgain(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"ch01.re": "before"})
	name := filepath.Join(root, "ch01.re")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	// The clock is an hour ahead, so that what is hashed now counts as settled.
	c := OpenHashCache(filepath.Join(t.TempDir(), "hashes.json"), root, func() time.Time { return time.Now().Add(time.Hour) })
	f := File{Path: "ch01.re", Size: 6, MTime: old.UnixNano()}
	first, err := c.sum(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("after!"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	second, err := c.sum(f)
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("the old hash was taken")
	}
}

func TestHashesOfFilesThatAreGoneAreDropped(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"a.re": "a", "b.re": "b"})
	kept := filepath.Join(t.TempDir(), "hashes.json")
	c := OpenHashCache(kept, root, time.Now)
	for _, name := range []string{"a.re", "b.re"} {
		if _, err := c.sum(File{Path: name, Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(root, "b.re")); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	again := OpenHashCache(kept, root, time.Now)
	if _, ok := again.known["b.re"]; ok || len(again.known) != 1 {
		t.Errorf("known: %v", again.known)
	}
}
