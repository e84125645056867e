package main

import (
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build"
)

// Names and messages come from the manuscript, whatever shows them.
func TestNoProgressLetsTheManuscriptControlTheTerminal(t *testing.T) {
	const hostile = "a\x1b]0;renamed\x07\x1b[2J\x9b31mb\rc"
	for name, show := range map[string]func(*strings.Builder) progress{
		"quiet": func(w *strings.Builder) progress { return &quietProgress{w: w} },
		"plain": func(w *strings.Builder) progress { return newPlainProgress(w, time.Now) },
		"live": func(w *strings.Builder) progress {
			return newLiveProgress(w, func() int { return 80 }, time.Now)
		},
	} {
		var out strings.Builder
		p := show(&out)
		p.println(hostile)
		p.event(build.Event{Kind: build.Note, Text: hostile})
		p.event(build.Event{Kind: build.Stage, Book: hostile, Text: hostile})
		p.println("")
		p.close()
		text := out.String()
		if strings.Contains(text, "\x1b]") || strings.Contains(text, "\x1b[2J") || strings.ContainsAny(text, "\x07") || strings.Contains(text, "b\rc") {
			t.Errorf("%s wrote %q", name, text)
		}
	}
}
