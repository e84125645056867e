package book

import (
	"slices"
	"strings"
	"testing"
)

func TestAChapterWhosePageAMakerWritesItselfIsTold(t *testing.T) {
	for _, c := range []struct {
		id, config string
		told       []Target
		hint       string
	}{
		{"saibai", "bookname: saibai\n", []Target{EPUB}, "give the chapter's file another name, or write another bookname into the config"},
		{"book", "booktitle: x\n", []Target{EPUB}, "give the chapter's file another name, or write another bookname into the config"},
		{"saibai-toc", "bookname: saibai\n", []Target{EPUB}, "give the chapter's file another name"},
		{"saibai", "bookname: saibai\ncover: cover.html\n", nil, ""},
		{"saibai", "bookname: a\nepubmaker:\n  bookname: saibai\n", []Target{EPUB}, "give the chapter's file another name, or write another bookname into the config"},
		{"titlepage", "bookname: b\n", []Target{EPUB, Web}, "give the chapter's file another name"},
		{"titlepage", "bookname: b\ntitlepage: false\n", nil, ""},
		{"colophon", "bookname: b\ncolophon: true\n", []Target{EPUB, Web}, "give the chapter's file another name"},
		{"colophon", "bookname: b\n", nil, ""},
		{"index", "bookname: b\n", []Target{Web}, "give the chapter's file another name"},
		{"ch01", "bookname: b\n", nil, ""},
	} {
		b := readBook(t, map[string]string{"config.yml": c.config, "catalog.yml": "CHAPS:\n  - " + c.id + ".re\n", c.id + ".re": "= x\n"})
		for _, target := range Targets {
			var told []Diagnostic
			for _, d := range b.Check(target) {
				if d.Code == "catalog-collision" {
					told = append(told, d)
				}
			}
			switch {
			case !slices.Contains(c.told, target):
				if len(told) > 0 {
					t.Errorf("%s, %s, %s: %v", c.id, c.config, target, told)
				}
			case len(told) != 1 || told[0].Severity != Lax || told[0].File != "catalog.yml" || told[0].Line != 2 || told[0].Hint != c.hint || !strings.Contains(told[0].Message, c.id):
				t.Errorf("%s, %s, %s: %v", c.id, c.config, target, told)
			}
		}
	}
}

func TestAChapterCalledLikeThePageOfAPartIsTold(t *testing.T) {
	for _, c := range []struct {
		catalog string
		line    int // of what is told, 0 for nothing
	}{
		{"CHAPS:\n  - 基礎:\n    - ch01.re\n  - part_1.re\n", 4},
		{"PREDEF:\n  - part_2.re\nCHAPS:\n  - one.re:\n    - ch01.re\n  - 応用:\n    - ch02.re\n", 2},
		{"CHAPS:\n  - one.re:\n    - part_1.re\n", 0}, // the part has a file
		{"CHAPS:\n  - part_1.re\n", 0},
		{"CHAPS:\n  - 基礎:\n    - part_2.re\n", 0},
	} {
		files := map[string]string{"config.yml": "bookname: b\n", "catalog.yml": c.catalog}
		for _, name := range []string{"one", "ch01", "ch02", "part_1", "part_2"} {
			files[name+".re"] = "= x\n"
		}
		b := readBook(t, files)
		for _, target := range Targets {
			found := b.Check(target)
			switch {
			case c.line == 0 || target == PDF:
				if len(found) > 0 {
					t.Errorf("%q, %s: %v", c.catalog, target, found)
				}
			case len(found) != 1 || found[0].Code != "catalog-collision" || found[0].Line != c.line || !strings.Contains(found[0].Message, "part_"):
				t.Errorf("%q, %s: %v", c.catalog, target, found)
			}
		}
	}
}
