package build

import (
	"context"
	"os"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/draft"
	"github.com/bookci/bookci/build/manuscript"
)

func TestAPlainBookHasNothingThatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if err := NewPlainBook("my-book", dir); err != nil {
		t.Fatal(err)
	}
	b, err := book.Read(dir, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "my-book" || len(b.Chapters) != 1 || b.Chapters[0].ID != "my-book" {
		t.Errorf("the book is %s with %v", b.Name, b.Chapters)
	}
	found, err := manuscript.Check(b, nil, book.PDF, book.EPUB, book.Text)
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
