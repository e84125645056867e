package build

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/draft"
	"github.com/bookci/bookci/build/manuscript"
)

func TestAPlainBookHasNothingThatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if _, err := NewPlainBook("my-book", "ja", dir); err != nil {
		t.Fatal(err)
	}
	b, err := book.Read(dir, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "my-book" || len(b.Chapters) != 1 || b.Chapters[0].ID != "ch01" {
		t.Errorf("the book is %s with %v", b.Name, b.Chapters)
	}
	found, err := manuscript.Check(b, nil, nil, book.Targets...)
	if err != nil || len(found) > 0 {
		t.Errorf("check says %v, %v", found, err)
	}
	tree, err := manuscript.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	var d draft.Draft
	pages, err := d.Set(context.Background(), tree, draft.Options{Files: os.DirFS(dir), Dir: "."})
	if err != nil || len(pages.Sheets) < 5 || len(pages.Lacks) > 0 || len(pages.Cut) > 0 {
		t.Errorf("the draft: %v, %+v", err, pages)
	}
}

// A chapter that is called like the book would take the place of an EPUB's cover.
func TestNoFolderGivesAPlainBookAChapterOfTheBooksName(t *testing.T) {
	for _, name := range []string{"book", "ch01", "chapter01", "novel"} {
		dir := t.TempDir()
		chapter, err := NewPlainBook(name, "en", dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, chapter+".re")); err != nil || chapter == name {
			t.Errorf("%s: the chapter is %s, %v", name, chapter, err)
		}
		b, err := book.Read(dir, ".", "config.yml")
		if err != nil {
			t.Fatal(err)
		}
		if found, err := manuscript.Check(b, nil, nil, book.Targets...); err != nil || len(found) > 0 {
			t.Errorf("%s: check says %v, %v", name, found, err)
		}
	}
}

// An author who writes English reads English; the settings are the same.
func TestAnEnglishBookIsEnglishThroughout(t *testing.T) {
	settings := func(language string) string {
		dir := t.TempDir()
		if _, err := NewPlainBook("novel", language, dir); err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, name := range []string{"config.yml", "catalog.yml", "style.css", "ch01.re"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if language == "en" && strings.ContainsFunc(string(text), func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Errorf("%s is not English:\n%s", name, text)
			}
			if name != "ch01.re" {
				all.WriteString(wordsForPeople.ReplaceAllString(string(text), ""))
			}
		}
		return all.String()
	}
	if en, ja := settings("en"), settings("ja"); en != ja {
		t.Errorf("the settings differ:\n%s\n%s", en, ja)
	}
}

var wordsForPeople = regexp.MustCompile(`(?m)^#.*$|/\*.*\*/|^(?:language|booktitle|aut):.*$`)
