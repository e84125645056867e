package book

import (
	"path/filepath"
	"testing"

	"github.com/bookci/bookci/internal/testbook"
)

func TestTheRootIsThatOfBookciYmlElseGitsElseTheBook(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"home/.git/HEAD":                  "ref: refs/heads/main\n",
		"home/repo/.git/HEAD":             "ref: refs/heads/main\n",
		"home/repo/books/vol1/config.yml": "x",
		"home/repo/sub/.git":              "gitdir: ../.git/modules/sub\n",
		"home/repo/sub/a/":                "dir",
		"home/loose/a/":                   "dir",
		"home/empty/.git/":                "dir",
		"home/empty/a/":                   "dir",
		"home/set/bookci.yml":             "x",
		"home/set/.git/HEAD":              "x",
		"home/set/deep/.git/HEAD":         "x",
		"home/set/deep/a/":                "dir",
		"bookci.yml":                      "not for those in home",
	})
	for dir, want := range map[string]string{
		"home/repo/books/vol1": "home/repo",
		"home/repo":            "home/repo",
		"home/repo/sub/a":      "home/repo/sub",
		"home/loose/a":         "home/loose/a", // not the settings that home itself keeps in git
		"home/empty/a":         "home/empty/a",
		"home/set/deep/a":      "home/set",
		"home":                 "home",
	} {
		r, err := FindRoot(filepath.Join(root, dir), filepath.Join(root, "home"))
		if err != nil || r.Dir != filepath.Join(root, want) {
			t.Errorf("the root of %s is %s, want %s (%v)", dir, r.Dir, want, err)
		}
		if (r.Settings != "") != (want == "home/set") {
			t.Errorf("%s has the settings %q", dir, r.Settings)
		}
	}
}
