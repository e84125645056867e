package screen

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// This file says in words what became of a build.

// maxWarnings is how many warnings are shown one by one; the log has them all.
const maxWarnings = 10

// Result shows what became of one target: its diagnostics, each at its place,
// and one line that sums up. Names are shown as they are seen from dir; hint is
// what to do about a failure.
func (t Terminal) Result(p Show, root, dir string, res build.Result, hint string) {
	var shown []book.Diagnostic
	var warnings int
	for _, d := range res.Diagnostics {
		if d.Before && d.Severity != book.Error { // a draft is made with errors
			continue
		}
		if d.Severity == book.Warning {
			if warnings++; warnings > maxWarnings {
				continue
			}
		}
		shown = append(shown, d)
	}
	for _, d := range shown {
		d.File = RelativeTo(root, dir, d.File)
		p.Println(t.Paint(d))
	}
	if rest := warnings - maxWarnings; rest > 0 {
		p.Println(fmt.Sprintf("bookci: %s in %s", text.Count(rest, "more warning"), RelativeTo("", dir, res.Log)))
	}
	name := res.Book.Name + " " + string(res.Target)
	switch {
	case res.Err != nil:
		p.Println(fmt.Sprintf("bookci: %s: %s", name, Sum(res)))
		if hint != "" {
			p.Println("hint: " + hint)
		}
		if res.Log != "" {
			p.Println("hint: the maker's output is in " + RelativeTo("", dir, res.Log))
		}
		if old := res.Kept; old != "" {
			p.Println("bookci: the last good " + RelativeTo(root, dir, old) + " is kept")
		}
	case res.UpToDate && res.Draft:
		p.Println(fmt.Sprintf("bookci: %s: the draft is up to date%s", name, toldBefore(res.Diagnostics)))
	case res.UpToDate:
		p.Println(fmt.Sprintf("bookci: %s: up to date%s", name, toldBefore(res.Diagnostics)))
	default:
		p.Println(fmt.Sprintf("bookci: %s: %s", name, Sum(res)))
	}
	if res.Err == nil && res.Missing != nil {
		missing(p, root, dir, res, hint)
	}
}

// missing tells that a draft stands in for the book, and what the book needs.
func missing(p Show, root, dir string, res build.Result, hint string) {
	p.Println("bookci: this draft is for reading, not for the printer; the book itself could not be made: " + res.Missing.Error())
	if hint != "" {
		p.Println("hint: " + hint)
	}
	if res.Kept != "" {
		p.Println("bookci: " + RelativeTo(root, dir, res.Kept) + " is the last good book, and not of this manuscript")
	}
}

// Fault tells what went wrong, and what to do about it if hint says that.
func Fault(println func(line string), err error, hint string) {
	println(fmt.Sprintf("bookci: %v", err))
	if hint != "" {
		println("hint: " + hint)
	}
}

// Sum is the one line about a result: its error, or what was made and in which time.
func Sum(res build.Result) string {
	if res.Err != nil {
		return res.Err.Error()
	}
	var total float64
	for _, s := range res.Seconds {
		total += s
	}
	made := Size(res.Artifact.Bytes)
	if res.Artifact.Pages > 0 {
		made = text.Count(res.Artifact.Pages, "page") + ", " + made
	}
	if res.Draft {
		made = "a draft, " + made
	}
	return fmt.Sprintf("%s in %.1f s", made, total)
}

// Paint is a diagnostic as compilers write them, so that editors find the
// place; in colour on a terminal.
func (t Terminal) Paint(d book.Diagnostic) string {
	text := d.String()
	if !t.colour() {
		return text
	}
	word, code := "error", "31;1"
	switch d.Severity {
	case book.Warning, book.Lax:
		word, code = "warning", "33;1"
	case book.Note:
		word, code = "note", "36;1"
	}
	return strings.Replace(text, word+":", "\x1b["+code+"m"+word+":\x1b[0m", 1)
}

// RelativeTo is name, a slash path below root or an absolute one, as seen
// from dir where that is shorter.
func RelativeTo(root, dir, name string) string {
	if name == "" {
		return ""
	}
	abs := fsx.Absolute(root, name)
	if rel, err := filepath.Rel(dir, abs); err == nil && len(rel) < len(abs) {
		return rel
	}
	return abs
}

// toldBefore counts what the build that made an artifact has told already.
func toldBefore(list []book.Diagnostic) string {
	var warnings, notes int
	for _, d := range list {
		switch {
		case !d.Before || d.Severity == book.Error:
		case d.Severity == book.Note:
			notes++
		default:
			warnings++
		}
	}
	if warnings+notes == 0 {
		return ""
	}
	var parts []string
	add := func(n int, word string) {
		if n > 0 {
			parts = append(parts, text.Count(n, word))
		}
	}
	add(warnings, "warning")
	add(notes, "note")
	them := "them"
	if warnings+notes == 1 {
		them = "it"
	}
	return fmt.Sprintf(", with %s as before (--force shows %s again)", strings.Join(parts, " and "), them)
}
