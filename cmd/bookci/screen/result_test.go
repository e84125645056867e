package screen

import (
	"slices"
	"testing"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
)

func TestWarningsBeyondThoseShownAreCounted(t *testing.T) {
	for more, want := range map[int]string{1: "bookci: 1 more warning in /root/log", 2: "bookci: 2 more warnings in /root/log"} {
		var found []book.Diagnostic
		for range maxWarnings + more {
			found = append(found, book.Diagnostic{Severity: book.Warning, Code: "x", Message: "w"})
		}
		var said Caught
		Terminal{}.Result(&said, "/root", "/elsewhere/far", build.Result{Book: &book.Book{Name: "b"}, Target: book.PDF, Log: "/root/log", Diagnostics: found}, "")
		if len(said.Lines) != maxWarnings+2 || said.Lines[maxWarnings] != want {
			t.Errorf("told is %q, not %q", said.Lines, want)
		}
	}
}

func TestUpToDateCountsWhatWasToldBeforeAndTellsTheRest(t *testing.T) {
	diagnostic := func(s book.Severity, message string, before bool) book.Diagnostic {
		return book.Diagnostic{Severity: s, Code: "x", Message: message, Before: before}
	}
	for _, c := range []struct {
		found []book.Diagnostic
		want  []string
	}{
		{nil, []string{"bookci: b pdf: up to date"}},
		{[]book.Diagnostic{diagnostic(book.Warning, "the root is large", false)}, []string{"warning: the root is large", "bookci: b pdf: up to date"}},
		{[]book.Diagnostic{diagnostic(book.Note, "n", true)}, []string{"bookci: b pdf: up to date, with 1 note as before (--force shows it again)"}},
		{
			[]book.Diagnostic{diagnostic(book.Note, "new", false), diagnostic(book.Lax, "a", true), diagnostic(book.Warning, "b", true), diagnostic(book.Note, "c", true)},
			[]string{"note: new", "bookci: b pdf: up to date, with 2 warnings and 1 note as before (--force shows them again)"},
		},
	} {
		var said Caught
		Terminal{}.Result(&said, "/root", "/root", build.Result{Book: &book.Book{Name: "b"}, Target: book.PDF, UpToDate: true, Diagnostics: c.found}, "")
		if !slices.Equal(said.Lines, c.want) {
			t.Errorf("told is %q, not %q", said.Lines, c.want)
		}
	}
}

func TestPagesAreCountedInWords(t *testing.T) {
	for pages, want := range map[int]string{1: "1 page, 10 B in 0.0 s", 2: "2 pages, 10 B in 0.0 s", 0: "10 B in 0.0 s"} {
		if got := Sum(build.Result{Artifact: build.Artifact{Pages: pages, Bytes: 10}}); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
