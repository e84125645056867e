package diagnose

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

func (d *diagnoser) fromTeX(t *texLog) {
	// Without -halt-on-error TeX goes on, and stumbles over what the first error left.
	for i := range t.errors[:min(len(t.errors), maxTeXErrors)] {
		e := &t.errors[i]
		r, _ := explain(texRules, e.message)
		switch r.code {
		case "tex-image-unreadable":
			if file := d.imageFile(e); file == "" {
				r, _ = explain(texRules, "File `"+imageName(e)+"' not found")
			} else {
				r, _ = explain(texRules, "Cannot determine size of graphic in "+file)
				if d.unfetched(file) {
					r.say, r.hint = "the image "+file+" has not been fetched: git has a note of Git LFS in its place", text.LFSHint
				}
			}
		case "tex-undefined-command":
			r.say, r.hint = undefinedCommand(e)
			r.hint = d.oldHint(r.say, r.hint)
		case "tex-undefined-environment":
			r.hint = d.oldHint(e.message, r.hint)
		case "tex-math":
			r.say, r.hint = mathHint(e.message)
		case "tex-stopped":
			if i > 0 || len(t.fonts) > 0 {
				continue
			}
		}
		if r.code == "tex-brace" && strings.Contains(r.say, "@") {
			r.say = "a { that begins an argument is never closed" // and not which of TeX's innards wants it
		}
		if e.runaway != "" && r.code == "tex-error" {
			r.code = "tex-brace"
		}
		at := d.locator.place(e, r.code)
		if i := slices.IndexFunc(d.list, func(x book.Diagnostic) bool {
			return x.Code == "review-graph" && x.File == at.file && x.Line == at.line && at.known()
		}); i >= 0 {
			d.list[i].Severity = book.Error // and not the image that was never drawn
			continue
		}
		d.add(r.severity, r.code, at, r.say, r.hint)
	}
	if d.status != 0 {
		// The first pass knows no reference yet, and a book that TeX did not
		// finish has greater troubles than a long line.
		return
	}
	d.texWarnings(t)
}

var sizeOf = regexp.MustCompile(`graphic in (\S+)`)

// imageName is the image that TeX could not measure, as the book calls it: TeX
// itself names the file with its measures.
func imageName(e *texError) string {
	if m := regexp.MustCompile(`\{([^{}]*)\}$`).FindStringSubmatch(e.before); m != nil && !strings.Contains(m[1], "...") {
		return m[1]
	}
	if m := sizeOf.FindStringSubmatch(e.message); m != nil {
		return strings.TrimSuffix(m[1], ".xbb")
	}
	return ""
}

// imageFile returns the image that TeX could not measure if the book has it.
func (d *diagnoser) imageFile(e *texError) string {
	name := imageName(e)
	base := strings.TrimSuffix(name, path.Ext(name))
	if d.read == nil || name == "" {
		return name
	}
	for _, candidate := range []string{name, base + ".png", base + ".jpg", base + ".jpeg", base + ".pdf", base + ".eps"} {
		if _, err := d.read(path.Join(d.book.Dir, candidate)); err == nil {
			return candidate
		}
	}
	return ""
}

// unfetched tells whether an image is a note of Git LFS.
func (d *diagnoser) unfetched(file string) bool {
	if d.read == nil {
		return false
	}
	data, err := d.read(path.Join(d.book.Dir, file))
	return err == nil && strings.HasPrefix(string(data), text.LFSPointer)
}

func (d *diagnoser) texWarnings(t *texLog) {
	sticksOut := map[place]float64{} // pt
	for _, w := range t.warnings {
		switch w.kind {
		case "reference":
			at := d.locator.chapterLine(w.file, w.line, w.name)
			if !at.known() {
				name := strings.TrimLeft(w.name, "#")
				at = d.inChapters(func(s string) bool { return strings.Contains(s, "{"+w.name+"}") || strings.Contains(s, "#"+name) })
			}
			hint := "check the spelling of the label"
			if id, found := strings.CutPrefix(w.name, "chap:"); found {
				if c, ok := d.book.Chapter(id); ok {
					hint = "begin " + path.Base(c.Path) + " with a line \"= title\""
				}
			}
			d.add(book.Lax, "tex-undefined-reference", at, "there is no label "+w.name+", so the reference shows ??", hint)
		case "label":
			d.duplicateLabel(w.name)
		case "character":
			at := d.inChapters(func(s string) bool { return strings.Contains(s, w.name) })
			d.add(book.Lax, "character-missing", at, "the font has no character "+w.name+", so it is missing in the book", "use another character, or a font that has it")
		case "group":
			at := d.unbalanced(w)
			if at.known() {
				d.add(book.Lax, "tex-brace", at, "a { is never closed", "add the }")
			}
		case "overfull":
			// The title page and the like are not the author's to mend.
			if c, ok := d.locator.positions.chapter(w.file); ok {
				at := d.locator.inChapter(c, &texError{line: w.line, before: c.at(w.line).text}, "tex-overfull")
				at = d.blockOf(at)
				sticksOut[at] = max(sticksOut[at], w.size)
			}
		case "too-high":
			worst := func(x texWarning) bool { return x.kind == w.kind && x.page == w.page && x.size > w.size }
			if w.page == 0 || !slices.ContainsFunc(t.warnings, worst) { // equal ones are folded
				d.tooHigh(w)
			}
		}
	}
	places := slices.SortedFunc(maps.Keys(sticksOut), func(a, b place) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line)) })
	for _, at := range places {
		size := sticksOut[at]
		// Re:VIEW's own colophon and empty headings stick out by 4.2 pt, 1.5 mm,
		// which no reader sees and no author can mend.
		const seen = 5
		if size < seen {
			continue
		}
		hint := "long words, URLs and code may need a line break by hand"
		if block := d.line(at.file, at.line); strings.HasPrefix(block, "//table") || strings.HasPrefix(block, "//emtable") {
			hint = "say how wide the columns are: //tsize[|latex||p{30mm}|p{60mm}|] on the line above //table, a p{} for each column"
		}
		d.add(book.Warning, "tex-overfull", at, "a line sticks out "+millimetres(size)+" into the margin", hint)
	}
}

// millimetres is a length of TeX's, in pt, as authors measure.
func millimetres(pt float64) string { return strconv.FormatFloat(pt*25.4/72.27, 'f', 1, 64) + " mm" }

// blockOf is the first line of the table that a line stands in, else the line itself.
func (d *diagnoser) blockOf(at place) place {
	for n := at.line; n >= 1 && n > at.line-500; n-- {
		s := d.line(at.file, n)
		switch {
		case n < at.line && strings.HasPrefix(s, "//}"):
			return at
		case strings.HasPrefix(s, "//table[") || strings.HasPrefix(s, "//emtable"):
			return place{at.file, n}
		case n < at.line && blockHead.MatchString(s):
			return at
		}
	}
	return at
}

var chapterTitle = regexp.MustCompile(`^=(?:\[\w+\])?(?:\{[^}]*\})?[ \t]`)

// duplicateLabel reports a label that TeX met twice. Re:VIEW makes labels of ids,
// such as image:ch01:plan, and sees for itself only some that are given twice.
func (d *diagnoser) duplicateLabel(name string) {
	if d.ofDoubledChapter(name) {
		return
	}
	if id, isChapter := strings.CutPrefix(name, "chap:"); isChapter {
		if c, ok := d.book.Chapter(id); ok {
			titles := 0
			at := d.find(c.Path, func(s string) bool {
				if chapterTitle.MatchString(s) {
					titles++
				}
				return titles == 2
			})
			if at.known() {
				d.add(book.Lax, "tex-duplicate-label", at, "a file is one chapter, and here begins a second one", "write == for a section, or put the chapter into a file of its own")
				return
			}
		}
	}
	if parts := strings.SplitN(name, ":", 3); len(parts) == 3 {
		if c, ok := d.book.Chapter(parts[1]); ok {
			e := &reviewEntry{message: "duplicate ID: " + parts[2], location: c.ID}
			if at := d.duplicate(e); at.known() {
				r, _ := explain(reviewRules, e.message)
				if !slices.ContainsFunc(d.list, func(x book.Diagnostic) bool { return x.Code == r.code && x.File == at.file && x.Line == at.line }) {
					d.add(book.Lax, r.code, at, r.say, r.hint)
				}
				return
			}
		}
	}
	at := place{}
	for _, c := range d.book.Chapters {
		for i, s := range d.lines(c.Path) {
			if strings.Contains(s, "["+name+"]") || strings.Contains(s, "{"+name+"}") {
				at = place{c.Path, i + 1}
			}
		}
	}
	d.add(book.Lax, "tex-duplicate-label", at, "the label "+name+" is given twice", "give each its own name")
}

// ofDoubledChapter tells whether a message is about a label of a chapter that the
// catalog names twice. All of its labels are there twice then, and the catalog's line
// has been told.
func (d *diagnoser) ofDoubledChapter(message string) bool {
	words := strings.FieldsFunc(message, func(r rune) bool { return r == ':' || r == ' ' || r == '`' || r == '\'' || r == '"' })
	seen := map[string]bool{}
	return slices.ContainsFunc(d.book.Chapters, func(c book.Chapter) bool {
		again := seen[c.ID]
		seen[c.ID] = true
		return again && slices.Contains(words, c.ID)
	})
}

// unbalanced finds the manuscript's line that opens a group that TeX found open
// at the end. TeX names the line but not its file.
func (d *diagnoser) unbalanced(w texWarning) place {
	for _, c := range d.book.Chapters {
		tex, ok := d.locator.positions.chapter(c.ID + ".tex")
		if !ok || w.line > len(tex.lines) {
			continue
		}
		line := tex.at(w.line)
		raw := d.locator.rawOf(c.Path)
		for n := line.first; n <= line.last && n <= len(raw); n++ {
			if n >= 1 && braces(raw[n-1]) > 0 {
				return place{c.Path, n}
			}
		}
	}
	return place{}
}
