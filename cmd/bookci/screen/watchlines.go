package screen

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/pdf"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/watch"
)

// This file says what a watch has built, in one line for each artifact, so
// that the terminal stays readable for hours.

// WatchLines is what a watch says of its builds. It remembers what it has said.
type WatchLines struct {
	terminal Terminal
	show     Watch
	hint     func(error) string       // what to do about an error
	pages    map[string][]pdf.PageSum // of each PDF, as it was last built
	failed   map[string]string        // variants and targets whose last build failed -> its error
	wrong    map[string]standing      // what was wrong with each after its last build
}

// standing is what is wrong with a variant's target.
type standing struct {
	faults   map[string]bool // by what they are, wherever they have moved to
	errors   bool            // that a draft was made in spite of
	warnings int
}

// NewWatchLines has said nothing yet.
func NewWatchLines(t Terminal, show Watch, hint func(error) string) *WatchLines {
	return &WatchLines{terminal: t, show: show, hint: hint, pages: map[string][]pdf.PageSum{}, failed: map[string]string{}, wrong: map[string]standing{}}
}

// Built tells what became of a build of what lies below root, as it is seen from
// the folder here. again says that the build came without an edit: what failed in
// the same way is not told twice.
func (w *WatchLines) Built(ctx context.Context, root, here string, c watch.Change, again bool, results []build.Result) {
	clock := time.Now().Format("15:04:05")
	for _, res := range results {
		name := res.Book.Name + " " + string(res.Target)
		switch {
		case res.Err != nil && again && w.failed[name] == res.Err.Error():
			continue // it stands there already
		case res.Err != nil:
			w.show.Println(clock + " " + name + ": failed" + Because(root, c))
			w.failed[name] = res.Err.Error()
		case res.UpToDate && c.First:
			w.pagesOf(ctx, root, res)
			w.show.Println(clock + " " + name + ": up to date, " + RelativeTo(root, here, res.Artifact.Path))
		case res.UpToDate && w.failed[name] != "":
			w.show.Println(clock + " " + name + ": mended, the last good one is up to date" + Because(root, c))
		case res.UpToDate:
			continue // another variant was meant
		default:
			w.show.Println(clock + " " + name + ": " + Sum(res) + Because(root, c) + w.pagesOf(ctx, root, res))
		}
		if res.Err == nil {
			delete(w.failed, name)
		}
		w.show.Pin(name, w.holds(root, here, name, res))
	}
}

// holds are the lines about what is wrong now: errors, what the last edit has
// brought first, then why nothing was made, then new warnings. Warnings that
// were there before the edit are counted.
func (w *WatchLines) holds(root, here, name string, res build.Result) []string {
	const most = 5 // new warnings that are told one by one
	before := w.wrong[name].faults
	now := standing{faults: map[string]bool{}}
	var fresh, old, warnings []string
	counted := 0
	for _, d := range res.Diagnostics {
		key := d.Code + "\x00" + d.File + "\x00" + d.Message
		now.faults[key] = true
		d.File = RelativeTo(root, here, d.File)
		painted := w.terminal.Paint(d)
		now.errors = now.errors || d.Severity == book.Error
		switch {
		case d.Severity == book.Error && before[key]:
			old = append(old, painted)
		case d.Severity == book.Error:
			fresh = append(fresh, painted)
		case before[key] || len(warnings) == most:
			counted++
		default:
			warnings = append(warnings, painted)
		}
	}
	now.warnings = counted + len(warnings)
	w.wrong[name] = now
	lines := append(fresh, old...)
	if res.Err != nil {
		var end Caught
		res.Diagnostics = nil
		w.terminal.Result(&end, root, here, res, w.hint(cmp.Or(res.Err, res.Missing)))
		lines = append(lines, end.Lines...)
	}
	lines = append(lines, warnings...)
	if counted > 0 {
		what := "warning"
		if len(warnings) > 0 {
			what = "more warning"
		}
		them := "them"
		if counted == 1 {
			them = "it"
		}
		lines = append(lines, fmt.Sprintf("bookci: %s; `bookci build` lists %s", text.Count(counted, what), them))
	}
	return lines
}

// Settings shows an error that kept every target from being built, or takes it
// away.
func (w *WatchLines) Settings(root string, c watch.Change, again bool, err error) {
	const name = "settings"
	before, failed := w.failed[name]
	delete(w.failed, name)
	var lines Caught
	switch {
	case err == nil && failed:
		w.show.Println(time.Now().Format("15:04:05") + " " + name + ": mended" + Because(root, c))
	case err != nil:
		w.failed[name] = err.Error()
		if again && before == err.Error() {
			return // it stands there already
		}
		Fault(lines.Println, err, w.hint(err))
	}
	w.show.Pin(name, lines.Lines)
}

// Status is how things are while nothing is built. wrong says that errors in the
// manuscript are shown already.
func (w *WatchLines) Status(wrong bool) string {
	warnings := 0
	for _, s := range w.wrong {
		warnings += s.warnings
		wrong = wrong || s.errors
	}
	if len(w.failed) == 0 && wrong {
		return w.terminal.InColour(Red, "watching") + ", built with errors; Ctrl-C ends"
	}
	if len(w.failed) == 0 && warnings > 0 {
		return w.terminal.InColour(Green, "watching") + ", built with warnings; Ctrl-C ends"
	}
	if len(w.failed) == 0 {
		return w.terminal.InColour(Green, "watching") + ", all well; Ctrl-C ends"
	}
	names := slices.Sorted(maps.Keys(w.failed))
	return w.terminal.InColour(Red, "watching") + ", to be mended: " + strings.Join(names, ", ") + "; Ctrl-C ends"
}

// Because names the files that made the build necessary.
func Because(root string, c watch.Change) string {
	if c.Reason != "" {
		return " (" + c.Reason + ")"
	}
	var names []string
	for _, path := range c.Paths() {
		if rel, err := filepath.Rel(root, path); err == nil {
			path = rel
		}
		names = append(names, path)
	}
	const shown = 2
	switch {
	case len(names) == 0:
		return ""
	case len(names) > shown:
		return fmt.Sprintf(" (%s and %d more)", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// pagesOf tells which pages of a PDF have changed since it was last built.
func (w *WatchLines) pagesOf(ctx context.Context, root string, res build.Result) string {
	if res.Target != book.PDF {
		return ""
	}
	name := fsx.Absolute(root, res.Artifact.Path)
	f, err := fsx.OpenBelow(filepath.Dir(name), name)
	if err != nil {
		return ""
	}
	defer f.Close()
	now, err := pdf.PageSums(ctx, f)
	if err != nil {
		return "" // a PDF that cannot be followed: the pages go unnamed
	}
	before, known := w.pages[name]
	w.pages[name] = now
	if !known {
		return ""
	}
	var changed []int
	for i, sum := range now {
		if i >= len(before) || before[i] != sum {
			changed = append(changed, i+1)
		}
	}
	if len(changed) == 0 {
		return "; no page changed"
	}
	return "; changed: " + PageNumbers(changed)
}
