package linkcheck

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/links"
)

// This file says in words what became of the links.

// maxNotes is how many notes are shown one by one.
const maxNotes = 10

// Say tells what became of the links and returns the error that the exit
// status follows from.
func Say(w *world.World, show screen.Show, p *project.Project, f *Options, runs []*Run, err error) error {
	here := world.Here("")
	place := func(name string) string { return name }
	if p != nil && here != "" {
		place = func(name string) string { return screen.RelativeTo(p.Root, here, name) }
	}
	source, done := sourceLines(p)
	defer done()
	var broken, doubtful int
	for _, r := range runs {
		if r.verdicts == nil && err != nil {
			continue
		}
		notes := 0
		for _, v := range r.verdicts {
			d, ok := r.diagnostic(v, f.Suggest, place, source)
			if !ok {
				continue
			}
			switch v.Kind {
			case links.Broken:
				broken++
			case links.Doubtful:
				if doubtful++; f.Strict {
					d.Severity = book.Error
				}
			default:
				if notes++; notes > maxNotes {
					continue
				}
			}
			show.Println(w.Terminal().Paint(d))
		}
		if rest := notes - maxNotes; rest > 0 {
			show.Println(fmt.Sprintf("bookci: %d more notes; --json has them all", rest))
		}
		show.Println("bookci: " + r.sum())
		if r.archive != "" && !f.JSON {
			if _, werr := fmt.Fprintln(w.Stdout, r.archive); werr != nil {
				err = errors.Join(err, fmt.Errorf("writing the path: %w", werr))
			}
		}
	}
	if err != nil {
		if errors.Is(err, exit.ErrInterrupted) || errors.Is(err, exit.ErrTerminated) {
			show.Println("hint: `bookci links --resume` goes on where this stopped")
		}
		return err
	}
	if n := broken; n > 0 || f.Strict && doubtful > 0 {
		if f.Strict {
			n += doubtful
		}
		return errors.Join(&brokenLinks{n}, exit.ErrReported)
	}
	return nil
}

// brokenLinks is a book with dead links: the book's fault.
type brokenLinks struct{ n int }

func (e *brokenLinks) Error() string { return text.Count(e.n, "broken link") }

// diagnostic is a verdict in the words of a build, at the first place that cites
// it; ok is false when there is nothing to say.
func (r *Run) diagnostic(v links.Verdict, suggest bool, place func(string) string, source func(file string, line int) string) (d book.Diagnostic, ok bool) {
	if v.Code == "" {
		return d, false
	}
	// What a manuscript, a site and an archive say is no word of bookci's own.
	d = book.Diagnostic{Code: v.Code, Message: text.Printable(v.Message), Hint: text.Printable(r.hint(v, suggest))}
	switch v.Kind {
	case links.Broken:
		d.Severity = book.Error
	case links.Doubtful:
		d.Severity = book.Lax
	default:
		d.Severity = book.Note
	}
	if len(v.Cited) == 0 {
		return d, true
	}
	first := v.Cited[0]
	d.File, d.Line, d.Column, d.Source = place(first.File), first.Line, first.Col, text.Printable(source(first.File, first.Line))
	if rest := v.Cited[1:]; len(rest) > 0 {
		var at []string
		for i, c := range rest {
			if i == 3 {
				at = append(at, fmt.Sprintf("%d more places", len(rest)-i))
				break
			}
			at = append(at, fmt.Sprintf("%s:%d", place(c.File), c.Line))
		}
		d.Message += " (also cited at " + strings.Join(at, ", ") + ")"
	}
	return d, true
}

// hint is what to do about a verdict: of what is dead also where a copy is.
func (r *Run) hint(v links.Verdict, suggest bool) string {
	hint := v.Hint
	if v.Kind != links.Broken {
		return hint
	}
	if c, ok := r.copies[v.URL]; ok {
		day, _, _ := strings.Cut(c.At, "T")
		hint += "; it was fine on " + day
		if c.Key != "" {
			hint += ", and a copy is in " + c.Key
		}
	}
	if suggest {
		hint += "; look for a copy at https://web.archive.org/web/*/" + v.URL
	}
	return hint
}

// sum is the one line about a run.
func (r *Run) sum() string {
	kinds := map[links.Kind]int{}
	moved := 0
	for _, v := range r.verdicts {
		kinds[v.Kind]++
		if v.Kind == links.Fine && v.Moved != "" {
			moved++
		}
	}
	parts := []string{fmt.Sprintf("%d broken", kinds[links.Broken]), fmt.Sprintf("%d doubtful", kinds[links.Doubtful]), fmt.Sprintf("%d fine", kinds[links.Fine])}
	if moved > 0 {
		parts[2] += fmt.Sprintf(" (%d moved)", moved)
	}
	if n := kinds[links.NotAsked]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d not asked", n))
	}
	total := text.Count(len(r.verdicts), "link")
	if r.stopped {
		total = fmt.Sprintf("stopped after %d of %s", r.seen, text.Count(len(r.pages), "page"))
	}
	text := fmt.Sprintf("%s: %s: %s", r.name, total, strings.Join(parts, ", "))
	var left []string
	for _, one := range []struct {
		n    int
		what string
	}{{r.left.Reserved, "for examples"}, {r.left.Ignored, "ignored"}, {r.left.Other, "not http"}} {
		if one.n > 0 {
			left = append(left, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	if len(left) > 0 {
		text += "; left out: " + strings.Join(left, ", ")
	}
	return text
}

// maxQuoted bounds what is read of a file for its lines.
const maxQuoted = 64 << 20

// sourceLines returns the lines of the manuscript, until done is called; p may be nil.
func sourceLines(p *project.Project) (source func(file string, line int) string, done func()) {
	none := func(string, int) string { return "" }
	if p == nil {
		return none, func() {}
	}
	root, err := fsx.OpenRoot(p.Root)
	if err != nil {
		return none, func() {}
	}
	files := map[string][]string{}
	return func(file string, line int) string {
		lines, ok := files[file]
		if !ok {
			// A file that is gone meanwhile has no lines.
			text, _ := root.ReadFile(file, maxQuoted)
			lines = strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
			files[file] = lines
		}
		if line < 1 || line > len(lines) {
			return ""
		}
		return lines[line-1]
	}, func() { _ = root.Close() } // nothing was written
}
