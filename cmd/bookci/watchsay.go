package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/internal/pdf"
	"github.com/bookci/bookci/watch"
)

// This file says what a watch has built, in one line for each artifact, so
// that the terminal stays readable for hours.

// say tells what became of one build.
func (w *watcher) say(p *project, c watch.Change, results []build.Result) {
	here, err := os.Getwd()
	if err != nil {
		here = p.root
	}
	clock := time.Now().Format("15:04:05")
	for _, res := range results {
		name := res.Book.Name + " " + string(res.Target)
		switch {
		case res.Err != nil && c.Reason == againReason && w.failed[name] == res.Err.Error():
			continue // it stands there already
		case res.Err != nil:
			w.show.Println(clock + " " + name + ": failed" + because(p.root, c))
			var lines screen.Caught
			w.app.terminal().Result(&lines, p.root, here, res, hint(cmp.Or(res.Err, res.Missing)))
			w.show.Pin(name, lines.Lines)
			w.failed[name] = res.Err.Error()
			continue
		case res.UpToDate && c.First:
			w.pagesOf(p.root, res)
			w.show.Println(clock + " " + name + ": up to date, " + screen.RelativeTo(p.root, here, res.Artifact.Path))
		case res.UpToDate && w.failed[name] != "":
			w.show.Println(clock + " " + name + ": mended, the last good one is up to date" + because(p.root, c))
		case res.UpToDate:
			// Another variant was meant.
		default:
			w.show.Println(clock + " " + name + ": " + screen.Sum(res) + because(p.root, c) + w.pagesOf(p.root, res))
			for _, d := range res.Diagnostics {
				if d.Severity != book.Warning {
					d.File = screen.RelativeTo(p.root, here, d.File)
					w.show.Println(w.app.terminal().Paint(d))
				}
			}
		}
		w.show.Pin(name, nil)
		delete(w.failed, name)
	}
}

// settings shows an error that kept every target from being built, or takes it away.
func (w *watcher) settings(c watch.Change, err error) {
	const name = "settings"
	before, failed := w.failed[name]
	delete(w.failed, name)
	var lines screen.Caught
	switch {
	case err == nil && failed:
		w.show.Println(time.Now().Format("15:04:05") + " " + name + ": mended" + because(w.root(), c))
	case err != nil:
		w.failed[name] = err.Error()
		if c.Reason == againReason && before == err.Error() {
			return // it stands there already
		}
		w.app.reportTo(&lines, err)
	}
	w.show.Pin(name, lines.Lines)
}

// status is how things are while nothing is built.
func (w *watcher) status() string {
	if len(w.failed) == 0 {
		return w.app.terminal().InColour(screen.Green, "watching") + ", all well; Ctrl-C ends"
	}
	names := slices.Sorted(maps.Keys(w.failed))
	return w.app.terminal().InColour(screen.Red, "watching") + ", to be mended: " + strings.Join(names, ", ") + "; Ctrl-C ends"
}

// because names the files that made the build necessary.
func because(root string, c watch.Change) string {
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
func (w *watcher) pagesOf(root string, res build.Result) string {
	if res.Target != book.PDF {
		return ""
	}
	name := filepath.FromSlash(res.Artifact.Path)
	if !filepath.IsAbs(name) {
		name = filepath.Join(root, name)
	}
	now, err := pdf.PageSums(name)
	if err != nil {
		return "" // a PDF that the library cannot follow: the pages go unnamed
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
	return "; changed: " + screen.PageNumbers(changed)
}
