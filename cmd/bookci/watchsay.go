package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
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
			w.show.println(clock + " " + name + ": failed" + because(p.root, c))
			var lines caught
			w.app.say(&lines, p.root, here, res)
			w.show.pin(name, lines.lines)
			w.failed[name] = res.Err.Error()
			continue
		case res.UpToDate && c.First:
			w.pagesOf(p.root, res)
			w.show.println(clock + " " + name + ": up to date, " + relativeTo(p.root, here, res.Artifact.Path))
		case res.UpToDate && w.failed[name] != "":
			w.show.println(clock + " " + name + ": mended, the last good one is up to date" + because(p.root, c))
		case res.UpToDate:
			// Another variant was meant.
		default:
			w.show.println(clock + " " + name + ": " + w.app.sum(res) + because(p.root, c) + w.pagesOf(p.root, res))
			for _, d := range res.Diagnostics {
				if d.Severity != book.Warning {
					d.File = relativeTo(p.root, here, d.File)
					w.show.println(w.app.paint(d))
				}
			}
		}
		w.show.pin(name, nil)
		delete(w.failed, name)
	}
}

// settings shows an error that kept every target from being built, or takes it away.
func (w *watcher) settings(c watch.Change, err error) {
	const name = "settings"
	before, failed := w.failed[name]
	delete(w.failed, name)
	var lines caught
	switch {
	case err == nil && failed:
		w.show.println(time.Now().Format("15:04:05") + " " + name + ": mended" + because(w.root(), c))
	case err != nil:
		w.failed[name] = err.Error()
		if c.Reason == againReason && before == err.Error() {
			return // it stands there already
		}
		w.app.reportTo(&lines, err)
	}
	w.show.pin(name, lines.lines)
}

// status is how things are while nothing is built.
func (w *watcher) status() string {
	if len(w.failed) == 0 {
		return w.inColour("32", "watching") + ", all well; Ctrl-C ends"
	}
	names := slices.Sorted(maps.Keys(w.failed))
	return w.inColour("31", "watching") + ", to be mended: " + strings.Join(names, ", ") + "; Ctrl-C ends"
}

func (w *watcher) inColour(code, text string) string {
	if !w.app.colour() {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
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
	return "; changed: " + ranges(changed)
}

// ranges writes page numbers, in order, as in "pages 3, 7-9".
func ranges(pages []int) string {
	var parts []string
	for i := 0; i < len(pages); {
		j := i
		for j+1 < len(pages) && pages[j+1] == pages[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(pages[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", pages[i], pages[j]))
		}
		i = j + 1
	}
	const shown = 6
	if len(parts) > shown {
		return fmt.Sprintf("%d pages from page %d on", len(pages), pages[0])
	}
	word := "pages"
	if len(pages) == 1 {
		word = "page"
	}
	return word + " " + strings.Join(parts, ", ")
}
