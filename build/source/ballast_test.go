package source

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

func TestWhatNoBookUsesIsNamedWhenItIsLarge(t *testing.T) {
	b := &book.Book{Dir: "articles", Config: "config.yml", Chapters: []book.Chapter{{Path: "articles/ch01.re"}}}
	s := &Sources{Files: []File{
		{Path: "articles/ch01.re", Size: 300 << 20}, // the book itself may be as large as it likes
		{Path: "articles/videos/talk.mp4", Size: 200 << 20},
		{Path: "node_modules/a/b.js", Size: 60 << 20},
		{Path: "README.md", Size: 100},
	}}
	d := s.Ballast([]*book.Book{b})
	if d == nil || d.File != "articles/videos" || !strings.Contains(d.Hint, `exclude: ["articles/videos/**"]`) || !strings.Contains(d.Message, "272") {
		t.Fatalf("got %v", d)
	}
	s.Files = s.Files[:2]
	if d := s.Ballast([]*book.Book{b}); d != nil {
		t.Errorf("200 MB are warned of: %v", d)
	}
}
