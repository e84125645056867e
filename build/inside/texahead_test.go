//go:build unix

package inside

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chapters replaces the book by one of chapters, each of which is a line.
func (b *texBench) chapters(chapters ...string) {
	lines := []string{"style", `\begin{document}`}
	for i, text := range chapters {
		name := "ch0" + strconv.Itoa(i+1)
		b.write("book/"+name+".re", text+"\n", 0o666)
		lines = append(lines, `\input{`+name+`.tex}`)
	}
	b.book(append(lines, "end")...)
}

// run is what a whole command of a session does, bookci-run and all.
func (b *texBench) run(env ...string) texResult {
	b.t.Helper()
	for _, name := range []string{"out.pdf", "runs", "output"} {
		_ = os.Remove(filepath.Join(b.dir, name))
	}
	own := filepath.Join(b.dir, "own")
	path := filepath.Join(own, "bin") + ":" + filepath.Join(b.dir, "image") + ":" + b.tools
	env = append([]string{"BOOKCI_OWN=" + own, "BOOKCI_STATE=" + filepath.Join(b.dir, "state")}, env...)
	cmd := b.command(path, env, filepath.Join(own, "bin/bookci-run"), filepath.Join(b.dir, "image/review-pdfmaker"), ".")
	cmd.Dir = filepath.Join(b.dir, "book")
	out, _ := cmd.CombinedOutput() // the PDF tells
	pdf, _ := os.ReadFile(filepath.Join(b.dir, "out.pdf"))
	runs, _ := os.ReadFile(filepath.Join(b.dir, "runs"))
	output, _ := os.ReadFile(filepath.Join(b.dir, "output"))
	r := texResult{pdf: string(pdf), output: string(output), converted: len(pdf) > 0}
	for line := range bytes.Lines(runs) {
		early := bytes.Contains(line, []byte("/own/ahead/"))
		switch {
		case bytes.HasPrefix(line, []byte("asks for ")):
			r.asked++
		case bytes.HasPrefix(line, []byte("converts ")):
			r.converted = false
		case bytes.HasPrefix(line, []byte("run ")):
			r.runs++
			if early {
				r.early++
			}
		}
	}
	for line := range strings.Lines(string(out)) {
		if event, ok := strings.CutPrefix(line, "\x1e"); ok {
			r.events = append(r.events, strings.TrimSpace(event))
		}
	}
	return r
}

// runSame runs and demands the plain maker's PDF and, of the passes, the number
// that ran and how many of these were begun early.
func (b *texBench) runSame(what string, runs, early int, env ...string) texResult {
	b.t.Helper()
	plain := slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		return strings.HasPrefix(entry, "WAIT_FOR=") || strings.HasPrefix(entry, "TEX_WAITS_FOR=")
	})
	want := b.make(filepath.Join(b.dir, "image")+":"+b.tools, plain...)
	got := b.run(env...)
	if got.pdf != want.pdf {
		b.t.Errorf("%s: the PDF differs\n--- plain\n%s--- run\n%s%s", what, want.pdf, got.pdf, strings.Join(got.events, "\n"))
	}
	if got.runs != runs || got.early != early {
		b.t.Errorf("%s: TeX ran %d times, %d of them early, want %d and %d\n%s", what, got.runs, got.early, runs, early, strings.Join(got.events, "\n"))
	}
	return got
}

// waitEarly has the maker start its first pass only when the early one runs, and
// its conversion.
func (b *texBench) waitEarly() string {
	if b.follows {
		return "WAIT_FOR=" + filepath.Join(b.dir, "own/ahead") + "/*-0/pdf/pid"
	}
	return "WAIT_FOR=" + filepath.Join(b.dir, "own/ahead") + "/*-0/pid"
}

// eachEarly is eachShell for tests of early passes, which need a second core.
func eachEarly(t *testing.T, test func(t *testing.T, b *texBench)) {
	t.Helper()
	eachShell(t, func(t *testing.T, b *texBench) {
		cmd := b.command(filepath.Join(b.dir, "image")+":"+b.tools, nil, "sh", "-c", ". own/lib/early.sh; to_spare")
		if err := cmd.Run(); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Fatal(err)
			}
			t.Skip("the control groups leave less than two cores here, or little memory")
		}
		t.Cleanup(b.endEarly)
		test(t, b)
	})
}

// endEarly ends what waits at a gate, and what writes where it waits.
func (b *texBench) endEarly() {
	pids, _ := filepath.Glob(filepath.Join(b.dir, "own/ahead/*/pid"))
	more, _ := filepath.Glob(filepath.Join(b.dir, "own/ahead/*/pdf/pid"))
	for _, name := range append(pids, more...) {
		text, _ := os.ReadFile(name)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for range 50 {
		if os.RemoveAll(filepath.Join(b.dir, "own/ahead")) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestAPassIsBegunWhileTheChaptersAreCompiled(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.chapters("one", "two", "index three")
		b.run()
		b.chapters("one", "two that changed", "index three")
		got := b.runSame("an edit", 1, 1, b.waitEarly())
		if got.converted != b.follows {
			t.Errorf("converted beside TeX: %v", got.converted)
		}
		b.chapters("one that changed", "two that changed", "index three")
		b.runSame("an edit in another chapter", 1, 1, b.waitEarly())
		b.chapters("one that changed", "two that changed", "index three and more")
		b.runSame("an index entry", 2, 1, b.waitEarly())
	})
}

func TestAConversionCountsOnlyForWhatItRead(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		if !b.follows {
			t.Skip("tail does not know --pid here")
		}
		b.write("book/picture.png", "a picture", 0o666)
		b.chapters("one", "two")
		b.run()
		edit := func(what string, converted bool, runs int, env ...string) {
			t.Helper()
			b.chapters("one", "two with "+what)
			if got := b.runSame(what, runs, 1, append(env, b.waitEarly())...); got.converted != converted {
				t.Errorf("%s: converted beside TeX: %v", what, got.converted)
			}
		}
		edit("an edit", true, 1)
		b.write("book/picture.png", "another one", 0o666)
		edit("a picture of the same name", true, 1)
		edit("an edit after that", true, 1)
		slow := "TEX_WAITS_FOR=" + filepath.Join(b.dir, "own/ahead/conversion/pid")
		edit("a picture that a hook changes", true, 2, slow, "HOOK=echo other pixels >picture.png")
		edit("pages that a hook changes", false, 1, "HOOK_DVI=echo more >>__REVIEW_BOOK__.dvi")
		edit("a picture that a late hook changes", false, 1, "HOOK_DVI=echo more pixels >picture.png")
		// Passes that nobody could begin early.
		b.write("book/style.sty", "plain", 0o666)
		edit("another style", true, 2, slow)
		b.write("book/style.sty", "bold", 0o666)
		edit("another style and a late hook", false, 2, slow, "HOOK_DVI=echo more pixels >picture.png")
		must(t, os.Remove(filepath.Join(b.dir, "book/picture.png")))
		edit("a picture that is gone", true, 1)
		b.write("book/picture.png", "a picture again", 0o666)
		b.run(b.waitEarly())
		edit("a picture again", true, 1, "BOOKCI_WARM=1")
		b.waiting("ch02.tex")
		b.write("book/picture.png", "changed while all wait", 0o666)
		b.chapters("one", "two with a picture that the conversion has read")
		if got := b.runSame("while all wait", 0, 0, "BOOKCI_WARM=1"); got.converted {
			t.Error("a picture as it was before was converted")
		}
		b.waiting("ch02.tex")
	})
}

// What lies in the state may have come with the sources, or from a cache that
// others write to.
func TestNothingThatIsKeptIsRun(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		if !b.follows {
			t.Skip("tail does not know --pid here")
		}
		b.chapters("one", "two")
		b.run()
		ran := filepath.Join(b.dir, "ran")
		touch := "touch " + ran
		for i, hostile := range []struct{ file, text string }{
			{"dvi.cmd", "'x' $(" + touch + ") '__REVIEW_BOOK__.dvi'\n"},
			{"dvi.cmd", "'x'; " + touch + "; : '__REVIEW_BOOK__.dvi'\n"},
			{"dvi.cmd", "/bin/sh\n-c\n" + touch + "\n__REVIEW_BOOK__.dvi\n"},
		} {
			found, err := filepath.Glob(filepath.Join(b.dir, "state/tex", hostile.file))
			if err != nil || len(found) != 1 {
				t.Fatalf("%s: %v %v", hostile.file, found, err)
			}
			must(t, os.WriteFile(found[0], []byte(hostile.text), 0o666))
			b.chapters("one", fmt.Sprintf("two, and %d", i))
			b.run()
			if _, err := os.Lstat(ran); err == nil {
				t.Errorf("%s was run: %s", hostile.file, hostile.text)
				must(t, os.Remove(ran))
			}
		}
		// A false command of TeX's: no pass is begun with it.
		const book = "\n__REVIEW_BOOK__.tex\n"
		b.write("elsewhere/uplatex", b.shell+touch+"\n", 0o777)
		real := filepath.Join(b.dir, "image/uplatex")
		own := filepath.Join(b.dir, "own")
		early := []string{"BOOKCI_OWN=" + own, "BOOKCI_STATE=" + filepath.Join(b.dir, "state")}
		path := filepath.Join(own, "bin") + ":" + filepath.Join(b.dir, "image") + ":" + b.tools
		begun := func() int {
			t.Helper()
			must(t, os.RemoveAll(filepath.Join(own, "ahead")))
			ahead := b.command(path, early, filepath.Join(own, "bin/bookci-ahead"), "early")
			ahead.Dir = filepath.Join(b.dir, "book")
			if out, err := ahead.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			passes, err := filepath.Glob(filepath.Join(own, "ahead/*-0"))
			must(t, err)
			return len(passes)
		}
		found, err := filepath.Glob(filepath.Join(b.dir, "state/tex/*/tex.cmd"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v %v", found, err)
		}
		b.chapters("one", "another two")
		for _, hostile := range []string{
			"sh\n/bin/sh\n-c\n" + touch + "\n",
			"uplatex\n" + filepath.Join(b.dir, "elsewhere/uplatex") + book,
			"uplatex\n./uplatex" + book,
			filepath.Join(b.dir, "elsewhere/uplatex") + "\n" + filepath.Join(b.dir, "elsewhere/uplatex") + book,
			"../elsewhere/uplatex\n" + filepath.Join(b.dir, "image") + "/../elsewhere/uplatex" + book,
			"uplatex\n",
			"",
		} {
			must(t, os.WriteFile(found[0], []byte(hostile), 0o666))
			if n := begun(); n != 0 {
				t.Errorf("a pass was begun with %q", hostile)
			}
		}
		// Its arguments are words.
		must(t, os.WriteFile(found[0], []byte("uplatex\n"+real+"\n$("+touch+")\n'; "+touch+"; '\n`"+touch+"`"+book), 0o666))
		if n := begun(); n != 1 {
			t.Errorf("%d passes were begun with the real program", n)
		}
		if _, err := os.Lstat(ran); err == nil {
			t.Error("what is kept was run")
		}
	})
}

func TestAnEarlyPassKnowsTheSizesOfImages(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.write("book/first.png", "an image", 0o666)
		b.write("book/last.png", "an image", 0o666)
		one, three := "one\npicture first.png", "three\npicture last.png"
		b.chapters(one, "two", three)
		b.run()
		edit := func(what string, runs, early int, env ...string) {
			t.Helper()
			b.chapters(one, "two with "+what, three)
			if got := b.runSame(what, runs, early, env...); got.asked != 0 {
				t.Errorf("%s: TeX asked for the sizes of %d images", what, got.asked)
			}
		}
		edit("an edit", 1, 1, b.waitEarly())
		b.write("book/first.png", "a larger image", 0o666)
		b.write("book/last.png", "a larger image", 0o666)
		edit("images of another size", 1, 1, b.waitEarly(), "BOOKCI_WARM=1")
		b.waiting("ch02.tex")
		b.write("book/last.png", "an image that grew once more", 0o666)
		edit("one that grew where the pass still waits", 0, 0, "BOOKCI_WARM=1")
		b.waiting("ch02.tex")
		b.write("book/first.png", "an image that grew as well", 0o666)
		edit("one that grew where it has been", 1, 0)
		b.write("book/first.xbb", "of long ago", 0o666)
		edit("a size that Re:VIEW does not take along", 1, 1, b.waitEarly())
		hook := "HOOK_BEFORE=echo by a hook >first.xbb"
		edit("a size that a hook brings", 2, 1, b.waitEarly(), hook)
		edit("an edit beside it", 1, 1, b.waitEarly(), hook)
		b.write("book/first.png", "an image that has changed", 0o666)
		edit("an image of the same size", 1, 1, b.waitEarly(), hook)
	})
}

func TestAnEarlyPassThatReadWhatChangedIsThrownAway(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.write("book/style.sty", "plain", 0o666)
		b.chapters("one", "two", "three")
		b.run()
		b.write("book/style.sty", "bold", 0o666)
		b.chapters("one", "two", "three that changed")
		b.runSame("a style file", 2, 1, b.waitEarly())
		b.chapters("one", "two", "three that changed once more")
		b.write("book/__REVIEW_BOOK__.tex", "style\n\\begin{document}\n\\input{ch01.tex}\n\\input{ch03.tex}\n\\input{ch02.tex}\nend\n", 0o666)
		b.runSame("the order of chapters", 2, 1, b.waitEarly())
		b.write("book/new.sty", "new", 0o666)
		b.write("book/ch03.re", "three with a new file\n", 0o666)
		b.runSame("a new file", 2, 1, b.waitEarly())
		b.write("book/ch03.re", "three and a hook\n", 0o666)
		b.runSame("a chapter that a hook changes", 4, 1, b.waitEarly(), "HOOK_BEFORE=echo hooked >>ch01.tex")
		if left, _ := filepath.Glob(filepath.Join(b.dir, "own/ahead/*-*")); len(left) != 0 {
			t.Errorf("early passes are left behind: %q", left)
		}
	})
}

// The order in which the last pass read its files is only a guess.
func TestTheRecorderHasTheLastWord(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.write("book/style.sty", "plain", 0o666)
		b.chapters("one", "two")
		b.run()
		orders, _ := filepath.Glob(filepath.Join(b.dir, "state/tex/*/order"))
		if len(orders) != 1 {
			t.Fatalf("the order of files is kept in %q", orders)
		}
		must(t, os.WriteFile(orders[0], []byte("./ch02.tex\n./style.sty\n"), 0o666))
		b.write("book/style.sty", "bold", 0o666)
		b.chapters("one", "two that changed")
		b.runSame("a style file said to be read late", 2, 1, b.waitEarly())
	})
}

func TestAnEarlyPassThatFailsOrDiesIsAsIfItHadNotBeen(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.chapters("one", "two")
		b.run()
		b.chapters("one", "fails")
		want, got := b.plain(), b.run(b.waitEarly())
		lines := func(text string) []string { // two streams have no order
			return slices.Sorted(strings.Lines(text))
		}
		if got.pdf != "" || !slices.Equal(lines(got.output), lines(want.output)) {
			t.Errorf("the maker saw\n%s\nwant\n%s", got.output, want.output)
		}
		b.chapters("one", "two that works")
		b.runSame("after a failure", 1, 1, b.waitEarly())
		b.chapters("one", "two that lost its early pass")
		kill := "HOOK_BEFORE=kill -9 $(cat " + filepath.Join(b.dir, "own/ahead") + "/*-0/pid)"
		b.runSame("killed", 2, 1, b.waitEarly(), kill)
	})
}

func TestTheNextPassIsBegunBesideTheOneThatRuns(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.chapters("one", "two")
		wait := "TEX_WAITS_FOR=" + filepath.Join(b.dir, "own/ahead") + "/*-1/pid"
		b.runSame("from nothing", 3, 1, wait)
	})
}

func TestASessionThatStaysBeginsTheNextBuild(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.chapters("one", "two", "three")
		b.run("BOOKCI_WARM=1")
		b.waiting("__REVIEW_BOOK__.aux")
		b.chapters("one", "two", "three that changed")
		b.run("BOOKCI_WARM=1", b.waitEarly())
		b.waiting("ch03.tex")
		b.chapters("one", "two", "three that changed again")
		if got := b.run("BOOKCI_WARM=1"); got.runs-got.early > 0 {
			t.Errorf("TeX ran %d times, %d of them early: %q", got.runs, got.early, got.events)
		}
		b.waiting("ch03.tex")
		b.chapters("one", "two", "three on another day")
		date := "SOURCE_DATE_EPOCH=1"
		want := b.make(filepath.Join(b.dir, "image")+":"+b.tools, date)
		if got := b.run("BOOKCI_WARM=1", date); got.pdf != want.pdf {
			t.Errorf("on another day the PDF is\n%swant\n%s", got.pdf, want.pdf)
		}
		b.waiting("ch03.tex")
		time.Sleep(time.Second) // past what the early pass has read
		b.write("outside.sty", "of a file elsewhere\n", 0o666)
		b.chapters("one", "two", "three")
		want = b.make(filepath.Join(b.dir, "image")+":"+b.tools, date)
		if got := b.run("BOOKCI_WARM=1", date); got.pdf != want.pdf {
			t.Errorf("after a change elsewhere the PDF is\n%swant\n%s", got.pdf, want.pdf)
		}
		b.waiting("ch03.tex")
	})
}

// waiting waits until an early pass stands at the gate before a file.
func (b *texBench) waiting(place string) {
	b.t.Helper()
	for range 100 {
		places, _ := filepath.Glob(filepath.Join(b.dir, "own/ahead/*-0/place"))
		pids, _ := filepath.Glob(filepath.Join(b.dir, "own/ahead/*-0/pid"))
		if len(places) == 1 && len(pids) == 1 {
			if text, _ := os.ReadFile(places[0]); string(text) == "./"+place+"\n" {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("no early pass waits before %s", place)
}

func TestWithOneCoreNothingIsBegunEarly(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		b.chapters("one", "two")
		if strings.Contains(b.shell, "busybox") {
			t.Skip("busybox does not look for nproc on PATH")
		}
		b.runSame("from nothing", 3, 0, "CORES=1")
		b.chapters("one", "two that changed")
		if got := b.runSame("an edit", 1, 0, "CORES=1"); got.converted {
			t.Error("the conversion was begun early")
		}
	})
}

func TestGuessedContentsDoNotHaveAnErrorFoundTwice(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.chapters(`\chapter{One}`, "fails")
		want, got := b.plain(), b.run()
		if got.pdf != "" || got.runs-got.early != want.runs {
			t.Errorf("TeX ran %d times, plainly %d; the PDF is %q", got.runs-got.early, want.runs, got.pdf)
		}
		// The fake chokes on contents that it did not write.
		b.chapters(`\chapter{old macro}`, "dislikes __REVIEW_BOOK__.toc")
		if got := b.run(); got.pdf == "" {
			t.Errorf("a guess kept the book from being made: %q", got.output)
		}
	})
}

func TestTheContentsAreGuessedFromTheHeadings(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.write("ch01.tex", "\\chapter{One}\n\\label{chap:ch01}\n\\section{a {b} c}\\label{x}\n\\section{open {}\n"+
			"\\subsection*{s}\n\\addcontentsline{toc}{subsection}{s}\n\\section{50\\% of}\n\\section{a % b}\n", 0o666)
		b.write("book.tex", "\\def\\all{\\input{missing.tex}\\input{ch01.tex}\n}", 0o666)
		cmd := b.command(b.tools, []string{"job=book", "run=."}, "sh", "-c", ". own/lib/tex/seed.sh; seed_contents")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		got, err := os.ReadFile(filepath.Join(b.dir, "book.toc"))
		must(t, err)
		want := "\\contentsline {chapter}{\\numberline {1.1}One}{1}{}%\n" +
			"\\contentsline {section}{\\numberline {1.1}a {b} c}{1}{}%\n" +
			"\\contentsline {subsection}{s}{1}{}%\n" +
			"\\contentsline {section}{\\numberline {1.1}50\\% of}{1}{}%\n"
		if string(got) != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}
