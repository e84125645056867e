package watcher

import (
	"slices"
	"testing"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/watch"
)

func TestOnlyEditsOfAFewChaptersComeFirst(t *testing.T) {
	job := build.Job{Targets: []book.Target{book.PDF}, Book: &book.Book{Chapters: []book.Chapter{
		{ID: "ch01", Path: "text/ch01.re"}, {ID: "ch02", Path: "text/ch02.re"}, {ID: "ch03", Path: "text/ch03.re"},
	}}}
	edits := func(kind watch.EditKind, names ...string) (c watch.Change) {
		for _, name := range names {
			c.Edits = append(c.Edits, watch.Edit{Path: "/book/" + name, Kind: kind})
		}
		return c
	}
	first := edits(watch.Changed, "text/ch01.re")
	first.First = true
	web := job
	web.Targets = []book.Target{book.Web}
	for _, test := range []struct {
		name   string
		change watch.Change
		job    build.Job
		want   []string
	}{
		{"one chapter", edits(watch.Changed, "text/ch02.re"), job, []string{"ch02"}},
		{"two chapters", edits(watch.Changed, "text/ch01.re", "text/ch03.re"), job, []string{"ch01", "ch03"}},
		{"a chapter saved by rename", edits(watch.Created, "text/ch01.re"), job, []string{"ch01"}},
		{"a chapter that is gone", edits(watch.Removed, "text/ch01.re"), job, nil},
		{"three chapters", edits(watch.Changed, "text/ch01.re", "text/ch02.re", "text/ch03.re"), job, nil},
		{"a chapter and the config", edits(watch.Changed, "text/ch01.re", "config.yml"), job, nil},
		{"an image", edits(watch.Changed, "images/a.png"), job, nil},
		{"nothing", watch.Change{}, job, nil},
		{"the first build", first, job, nil},
		{"no PDF", edits(watch.Changed, "text/ch01.re"), web, nil},
	} {
		if got := editedChapters("/book", test.change, test.job); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
