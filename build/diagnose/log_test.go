package diagnose

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
)

// said is what a log leads to in the small book, without reading its files.
func said(t *testing.T, status int, log string) []book.Diagnostic {
	t.Helper()
	l := NewLog(LogOptions{Book: faultyBook(), Target: book.PDF, Work: "/work"})
	if _, err := l.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	return l.Diagnostics(status, nil, func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join("planted", "testdata", "book", strings.TrimPrefix(name, "articles/")))
	})
}

func TestEveryFormOfLogOfReviewIsRead(t *testing.T) {
	for name, log := range map[string]string{
		"tty-logger":         "⨯ ERROR   ch01.re:25: unknown list: helo                  \n",
		"tty-logger colours": "\x1b[31m⨯\x1b[0m \x1b[31mERROR\x1b[0m   ch01.re:25: unknown list: helo\x1b[0m\r\n",
		"5.x":                "ERROR review-pdfmaker: ch01.re:25: unknown list: helo\n",
		"4.x":                "WARN review-pdfmaker: ch01.re:25: error: unknown list: helo\n",
		"3.x":                "WARN: review-pdfmaker: ch01.re:25: error: unknown list: helo\n",
		"2.x":                "compiling ch01.tex\nERROR: review-pdfmaker: ch01.re:25: error: unknown list: helo\n",
		"rake":               "ERROR rake: ch01.re:25: unknown list: helo\n",
		"no line break":      "ERROR review-pdfmaker: ch01.re:25: unknown list: helo",
	} {
		t.Run(name, func(t *testing.T) {
			got := said(t, 1, log)
			if len(got) != 1 {
				t.Fatalf("got %v", got)
			}
			if d := got[0]; d.Severity != book.Error || d.Code != "review-unknown-reference" || d.File != "articles/ch01.re" || d.Line != 25 {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestProgressIsReportedAndItsLinesDoNotReachTheLog(t *testing.T) {
	var events []event.Event
	var tee bytes.Buffer
	l := NewLog(LogOptions{Book: faultyBook(), Target: book.PDF, Tee: &tee, OnEvent: func(e event.Event) { events = append(events, e) }})
	in := "INFO review-pdfmaker: compiling preface.tex\nINFO review-pdf\x1epass 1 uplatex\nmaker: compiling ch01.tex\n" +
		"\x1epage 12\n\x1eskip 2 uplatex\n\x1edvi\n\x1edvipage 3\n\x1enonsense\n\x1epage -1\n"
	// However the bytes come.
	for size := range 20 {
		events, l.chapter = nil, 0
		tee.Reset()
		for chunk := range chunks([]byte(in), size+1) {
			if _, err := l.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		want := []event.Event{
			{Kind: event.ChapterBegun, Text: "preface", N: 1, Total: 5}, {Kind: event.Pass, Text: "uplatex", N: 1}, {Kind: event.ChapterBegun, Text: "ch01", N: 2, Total: 5},
			{Kind: event.Page, N: 12}, {Kind: event.PassSkipped, Text: "uplatex", N: 2}, {Kind: event.Convert}, {Kind: event.ConvertPage, N: 3},
		}
		if !slices.EqualFunc(events, want, func(a, b event.Event) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Fatalf("in pieces of %d: got %v", size+1, events)
		}
		if got := tee.String(); got != "INFO review-pdfmaker: compiling preface.tex\nINFO review-pdfmaker: compiling ch01.tex\n\x1enonsense\n\x1epage -1\n" {
			t.Fatalf("the log has %q", got)
		}
	}
}

func TestALineOf20MBKeepsItsEndsAndTakesNoMemory(t *testing.T) {
	l := NewLog(LogOptions{Book: faultyBook()})
	write := func(s string) {
		if _, err := l.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	write("ERROR review-pdfmaker: undefined method `nosuch_helper' for ")
	chunk := strings.Repeat("#<Builder @a=1>", 70000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		write(chunk)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d bytes are held", grown)
	}
	write("the end\n")
	got := l.Diagnostics(1, nil, nil)
	if len(got) != 1 || got[0].Message != "Ruby does not know nosuch_helper" {
		t.Errorf("got %v", got)
	}
}

func TestEndlessOutputIsBounded(t *testing.T) {
	l := NewLog(LogOptions{Book: faultyBook()})
	for i := range 20000 {
		fmt.Fprintf(l, "WARN review-pdfmaker: ch01.re:%d: image not bound: x%d\nThis is pdfTeX, Version 3\n./ch01.tex:%d: Undefined control sequence.\nl.1 \\x\n y\n", i, i, i)
	}
	if n := len(l.review.entries) + len(l.tex.errors); n > 2*keepFindings {
		t.Errorf("%d findings are kept", n)
	}
	if n := len(l.Diagnostics(1, nil, nil)); n > maxDiagnostics {
		t.Errorf("%d diagnostics", n)
	}
}

func TestALogThatCannotBeKeptIsReadAllTheSame(t *testing.T) {
	full := errors.New("disk full")
	l := NewLog(LogOptions{Book: faultyBook(), Tee: failingWriter{full}})
	if n, err := l.Write([]byte("ERROR review-pdfmaker: ch01.re:25: unknown list: helo\n")); !errors.Is(err, full) || n == 0 {
		t.Errorf("got %d, %v", n, err)
	}
	if got := l.Diagnostics(1, nil, nil); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestControlCharactersDoNotReachTheTerminal(t *testing.T) {
	got := said(t, 1, "ERROR review-pdfmaker: ch01.re:25: strange \x1b]0;title\x07\x1b[2Jthing \u202eevil\x08\xff\n")
	if len(got) != 1 || got[0].Message != "strange thing evil\uFFFD" {
		t.Errorf("got %q", got)
	}
}

func TestAFailureAlwaysSaysSomething(t *testing.T) {
	for _, c := range []struct {
		status int
		log    string
		code   string
	}{
		{137, "INFO review-pdfmaker: compiling ch01.tex\n", "killed"},
		{1, "", "maker-failed"},
		{127, "", "command-missing"},
		{1, "ERROR review-pdfmaker: failed to run command: uplatex __REVIEW_BOOK__.tex\n\nError log:\nThis is e-upTeX, Version 3.14 (TeX Live 2022)\n(./ch01.tex\n", "tex-killed"},
		{1, "ERROR review-pdfmaker: compile error in ch01.tex (NoMethodError)\nERROR review-pdfmaker: compile error, No PDF file output.\n", "review-error"},
	} {
		got := said(t, c.status, c.log)
		if len(got) != 1 || got[0].Code != c.code || got[0].Severity != book.Error {
			t.Errorf("status %d: got %v, want %s", c.status, got, c.code)
		}
	}
	if got := said(t, 0, "INFO review-pdfmaker: compiling ch01.tex\n"); len(got) != 0 {
		t.Errorf("a build that ended well: got %v", got)
	}
}

func TestABacktraceLeadsToTheBooksOwnFile(t *testing.T) {
	got := said(t, 1, "/usr/lib/ruby/3.1.0/open3.rb:222:in `spawn': oh no (RuntimeError)\n\tfrom /var/lib/gems/x.rb:3:in `a'\n\tfrom /work/articles/hook.rb:7:in `<main>'\n\tfrom /work/articles/other.rb:9:in `b'\n")
	if len(got) != 1 || got[0].File != "articles/hook.rb" || got[0].Line != 7 || got[0].Code != "ruby-error" {
		t.Errorf("got %v", got)
	}
}

func TestWarningsThatAreSaidAgainAreCounted(t *testing.T) {
	line := "WARN review-pdfmaker: ch01.re:20: image not bound: plan\n"
	got := said(t, 0, line+line+line)
	if len(got) != 1 || got[0].Count != 3 || got[0].Severity != book.Lax {
		t.Fatalf("got %v", got)
	}
	want := "articles/ch01.re:20: warning: there is no image file for the id plan (3 times)\n    //image[plan][店の見取り図]{\n  hint: put it into images/"
	if !strings.HasPrefix(got[0].String(), want) {
		t.Errorf("got %s", got[0])
	}
}

func TestLongLinesOfTeXAreJoinedAgain(t *testing.T) {
	tex := "This is e-upTeX, Version 3.14\n(./ch01.tex\n"
	for _, c := range []struct{ log, want string }{
		// 79 bytes, then the rest.
		{"./ch01.tex:55: LaTeX Error: \\begin{center} on input line 53 ended by \\end{flush\nright}.\n\nl.55 x\n      y\n", "\\begin{center} is ended by \\end{flushright}"},
		// A kanji that would cross column 79 goes to the next line whole.
		{"./ch01.tex:1: Package xcolor Error: Undefined color `" + strings.Repeat("赤", 8) + "a\n赤'.\n\nl.1 x\n      y\n", "TeX does not know the colour " + strings.Repeat("赤", 8) + "a赤"},
	} {
		first, _, _ := strings.Cut(c.log, "\n")
		if len(first) < 77 || len(first) > 79 {
			t.Fatalf("the test's line has %d bytes", len(first))
		}
		got := said(t, 1, tex+c.log)
		if len(got) == 0 || got[0].Message != c.want {
			t.Errorf("got %v, want %q", got, c.want)
		}
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte("⨯ ERROR   ch01.re:25: unknown list: helo\n\x1epass 1 uplatex\n"), 1)
	f.Add([]byte("ERROR review-pdfmaker: duplicate ID: hello (#<x\n/work/a.rb:3:in `x': y (Z)\n\tfrom /work/b.rb:1\n"), 0)
	f.Add([]byte("dvipdfmx:warning: No character mapping available.\n CMap name: x\n input str: <d83dde>\n"), 0)
	f.Fuzz(func(t *testing.T, log []byte, status int) {
		l := NewLog(LogOptions{Book: faultyBook(), Target: book.PDF, Work: "/work", OnEvent: func(e event.Event) {
			if strings.ContainsAny(e.Text, "\n\x1b") {
				t.Errorf("event %q", e.Text)
			}
		}})
		r := iotest.HalfReader(bytes.NewReader(log))
		buf := make([]byte, 100)
		for {
			n, err := r.Read(buf)
			if _, werr := l.Write(buf[:n]); werr != nil {
				t.Fatal(werr)
			}
			if err != nil {
				break
			}
		}
		checkSound(t, l.Diagnostics(status, nil, bookFile), status)
	})
}

func FuzzTeXLog(f *testing.F) {
	positions, err := os.ReadFile(filepath.Join("testdata", "positions"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("./ch01.tex:12: Undefined control sequence.\n<argument> 道\\x \n   y\nl.12 a\\x\n    b\n"))
	f.Add([]byte("Runaway argument?\n{三百円 & 山梨 \\ETC.\n./book.tex:143: File ended while scanning use of \\textbf .\nl.143 \\x\n\n"))
	f.Add([]byte("! LaTeX Error: File `x.sty' not found.\n\nl.2 a\n b\n./book.tex:90: Emergency stop.\nl.90 ^^M\n\n"))
	f.Add([]byte("./appendix.tex:11: Dimension too large.\n<to be read again> \n  \\relax \nl.11 \\reviewth{日付}\n x\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		p, err := ReadPositions(bytes.NewReader(positions))
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{0, 1} {
			l := NewLog(LogOptions{Book: faultyBook(), Target: book.PDF})
			fmt.Fprintf(l, "This is e-upTeX, Version 3.14\n(./ch01.tex\n%s", log)
			checkSound(t, l.Diagnostics(status, &Notes{Positions: p, TeX: log, Tools: log}, bookFile), status)
		}
	})
}

func bookFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("planted", "testdata", "book", strings.TrimPrefix(filepath.Clean("/"+name), "/articles/")))
}

// checkSound checks what must hold of diagnostics whatever the log was.
func checkSound(t *testing.T, diagnostics []book.Diagnostic, status int) {
	t.Helper()
	if len(diagnostics) > maxDiagnostics {
		t.Errorf("%d diagnostics", len(diagnostics))
	}
	failed := false
	for _, d := range diagnostics {
		failed = failed || d.Severity == book.Error
		if d.Code == "" || d.Line < 0 || d.Line > 0 && d.File == "" || len(d.Message) > 5000 || strings.ContainsAny(d.String(), "\x1b\x07\x1e\r") {
			t.Errorf("unsound: %+v", d)
		}
	}
	if status != 0 && !failed {
		t.Error("a failure without an error")
	}
}
