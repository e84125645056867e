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
	return codeIn(t, recipe, testbook.Folder(t, testbook.Small(change)))
}

// codeIn is the hash of the code of the book in root.
func codeIn(t *testing.T, recipe any, root string) string {
	t.Helper()
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
		"an extension":  {"review-ext.rb": "p 1"},
		"a style":       {"sty/a.sty": "\\relax"},
		"a hook":        {"hooks/before": "#!/bin/sh\n"},
		"the config":    {"config.yml": "bookname: other\n"},
		"raw TeX":       {"ch01.re": "= One\n\n//raw[|latex|\\write18{x}]\n"},
		"embedded TeX":  {"ch01.re": "= One\n\n//embed[latex]{\n\\input{x}\n//}\n"},
		"TeX in a sum":  {"ch01.re": "= One\n\n@<m>{\\immediate\\write1{x\\}}\n"},
		"behind a mark": {"ch01.re": "\ufeff//embed[latex]{\nx\n//}\n"},
		"of old Macs":   {"ch01.re": "= One\r\r//embed[latex]{\rx\r//}\r"},
		"in pieces":     {"ch01.re": "= One\n\n@<m>{\\scantokens{\\string\\op enout\\}}\n"},
		"TeX of a file": {"ch01.re": "= One\n\n@<m>{\\InputIfFileExists{notes.txt\\}{\\}{\\}}\n"},
		"a file of TeX": {"ch01.re": "= One\n\n//texequation{\n\\begin{filecontents}{book.aux}\n//}\n"},
		"a graph":       {"ch01.re": "= One\n\n//graph[a][gnuplot]{\nsystem(\"x\")\n//}\n"},
	} {
		if codeOf(t, 1, change) == sound {
			t.Errorf("%s is no code", name)
		}
	}
	if codeOf(t, 2, nil) == sound {
		t.Error("the settings do not count")
	}
}

func TestCodeBehindALinkIsTold(t *testing.T) {
	for link, to := range map[string]string{"ch09.re": "notes.txt", "hooks/before": "../notes.txt"} {
		root := testbook.Folder(t, testbook.Small(map[string]string{"notes.txt": "//embed[latex]{\none\n//}\n", "hooks/": "dir"}))
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
		before := codeIn(t, 1, root)
		if err := os.WriteFile(filepath.Join(root, "notes.txt"), []byte("//embed[latex]{\ntwo\n//}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if codeIn(t, 1, root) == before {
			t.Errorf("what %s leads to is no code", link)
		}
	}
}

// A folder that is renamed during a watch is told once, by the watch.
func TestTheHashesOfARootThatIsGoneAreNotKept(t *testing.T) {
	root := testbook.Folder(t, testbook.Small(nil))
	s, err := Find(t.Context(), root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := OpenHashCache(filepath.Join(root, ".bookci/hashes.json"), root, time.Now)
	if _, _, err := c.Fingerprint(s.Files, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(root, root+"-renamed"); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(root); err == nil {
		t.Error("the folder was made again")
	}
}
