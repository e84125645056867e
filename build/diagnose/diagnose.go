package diagnose

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// maxDiagnostics bounds what is told about one build. Nobody mends more at once.
const (
	maxDiagnostics = 200
	maxTeXErrors   = 20
)

// Diagnostics says what was wrong, errors first, each in the order in which it
// was met. Status is the maker's exit status; notes may be nil. Source reads a
// file of the book by its slash path below the root. Write must not be called
// any more.
//
// When status is not 0 there is at least one Error.
func (l *Log) Diagnostics(status int, notes *Notes, source func(path string) ([]byte, error)) []book.Diagnostic {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish()
	d := &diagnoser{log: l, status: status}
	d.manuscript = newManuscript(l.opts.Book, source)
	d.locator = &locator{manuscript: d.manuscript}
	tex := l.tex
	if notes != nil {
		d.locator.positions = notes.Positions
		if status == 0 {
			// Otherwise Re:VIEW has printed the output of what failed.
			tex = readTeXLog(notes.TeX)
			l.tools.tools(notes.Tools)
		}
	}
	l.tools.flush()

	d.fromReview()
	d.fromTeX(&tex)
	d.fromTools()
	d.fromHooks()
	if status != 0 && source != nil {
		d.fromEncoding()
	}
	d.fromStatus(&tex)
	return d.result()
}

func readTeXLog(txt []byte) texLog {
	var t texLog
	if len(txt) == 0 {
		return t
	}
	t.begin()
	for line := range strings.Lines(string(txt)) {
		t.line(text.Printable(strings.TrimRight(line, "\r\n")))
	}
	t.end()
	return t
}

type diagnoser struct {
	*manuscript
	log     *Log
	locator *locator
	status  int
	list    []book.Diagnostic
	later   []book.Diagnostic // what only follows from something else, for want of better
}

func (d *diagnoser) add(severity book.Severity, code string, at place, message, hint string) {
	d.list = append(d.list, book.Diagnostic{Severity: severity, Code: code, File: at.file, Line: at.line, Message: sentence(message), Hint: hint})
}

// oldHint replaces the hint about a macro of Re:VIEW's own that an old book's
// style files do not load: a newer Re:VIEW writes it, the one of its time does not.
func (d *diagnoser) oldHint(message, hint string) string {
	if d.book == nil || !d.book.IsOld() || !strings.Contains(message, "review") {
		return hint
	}
	image, _ := d.book.Image()
	return "the book is of the time of Re:VIEW 1 and 2: build it with its Re:VIEW, `bookci build --image " + image + "`"
}

// sentence makes a message one line of bounded length without a full stop.
func sentence(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}

// What follows from an error that has been reported itself.
var reviewFollows = regexp.MustCompile(`^(?:compile error in \S+ \(|.*cannot be compiled\.?$|compile error, (?:No |but )|wrong number of arguments|failed to run command: |execution error|skip \S+\.re$)`)

func (d *diagnoser) fromReview() {
	var torn []string // chapters that Re:VIEW could not read to the end
	for _, e := range d.log.review.entries {
		if strings.HasPrefix(e.message, "unexpected EOF") || strings.HasPrefix(e.message, "found invalid control") {
			torn = append(torn, e.location)
		}
	}
	chapter := "" // of the last "compile error in"
	for i := range d.log.review.entries {
		e := &d.log.review.entries[i]
		if m := compileErrorIn.FindStringSubmatch(e.message); m != nil {
			chapter = m[1]
		}
		r, ok := explain(reviewRules, e.message)
		if reviewFollows.MatchString(e.message) {
			if e.severity != "WARN" {
				d.later = append(d.later, book.Diagnostic{Severity: book.Error, Code: "review-error", Message: sentence(e.message)})
			}
			continue
		}
		if ok && r.code == "review-unknown-reference" && slices.Contains(torn, e.location) {
			continue // it may well be defined in the part that was not read
		}
		if !ok {
			r = rule{code: "review-error", severity: book.Error, say: e.message}
			if e.severity == "WARN" {
				r.code, r.severity = "review-warning", book.Warning
			}
		}
		if e.severity == "WARN" && r.severity == book.Error {
			r.severity = book.Lax
		}
		at := d.reviewPlace(e, r.code, chapter)
		if r.code == "review-unknown-reference" && d.brokenDefinition(e) {
			continue
		}
		d.add(r.severity, r.code, at, r.say, r.hint)
	}
}

var (
	compileErrorIn = regexp.MustCompile(`^compile error in (\S+?)\.(?:tex|re|html|xml) `)
	yamlLine       = regexp.MustCompile(`at line (\d+) column`)
	yamlFile       = regexp.MustCompile(`^yaml error \(?([^):]+)`)
	blockHead      = regexp.MustCompile(`^//\w`)
	messageID      = regexp.MustCompile(`: ?(\S.*)$`)
)

// brokenDefinition tells whether what is not known is given by a command that
// itself could not be read.
func (d *diagnoser) brokenDefinition(e *reviewEntry) bool {
	m := messageID.FindStringSubmatch(e.message)
	if m == nil {
		return false
	}
	for _, other := range d.log.review.entries {
		if !strings.HasPrefix(other.message, "wrong # of parameters") && !strings.HasPrefix(other.message, "argument syntax error") {
			continue
		}
		file := d.chapterPath(other.location)
		head := d.above(file, other.line, blockHead.MatchString)
		if head.known() && strings.Contains(d.line(head.file, head.line), "["+m[1]+"]") {
			return true
		}
	}
	return false
}

// reviewPlace finds the line that a message of Re:VIEW means. Re:VIEW names the
// line that it had read by then: for a block, that of its end.
func (d *diagnoser) reviewPlace(e *reviewEntry, code, chapter string) place {
	switch code {
	case "config-yaml":
		if m := yamlLine.FindStringSubmatch(e.message); m != nil {
			if f := yamlFile.FindStringSubmatch(e.message); f != nil {
				if file := d.own(f[1], d.log.opts.Work); file != "" {
					return place{file, atoi(m[1])}
				}
			}
		}
		return place{}
	case "review-file-missing", "config-value", "config-version", "config-obsolete":
		for _, word := range regexp.MustCompile(`[\p{L}\p{N}_.-]{3,}`).FindAllString(e.message, -1) {
			if !strings.Contains(word, ".") || word == "catalog.yml" {
				continue
			}
			if p := d.inConfig(func(s string) bool { return strings.Contains(s, word) }); p.known() {
				return p
			}
		}
		return place{}
	case "review-duplicate-label":
		return d.duplicate(e)
	case "ruby-error":
		if m := regexp.MustCompile("[`']([\\w?!]+)'").FindStringSubmatch(e.message); m != nil {
			p := d.find(path.Join(d.book.Dir, "review-ext.rb"), func(s string) bool { return strings.Contains(s, m[1]) })
			if p.known() {
				return p
			}
		}
	case "review-graph":
		if e.location == "" {
			id, _, _ := strings.Cut(strings.TrimPrefix(e.message, "failed to run command for id "), ":")
			return d.inChapters(func(s string) bool { return strings.HasPrefix(s, "//graph["+id+"]") })
		}
	}
	if e.location == "" && code == "review-heading" {
		return d.inChapters(func(s string) bool { return strings.HasPrefix(s, "=======") })
	}
	name := e.location
	if name == "" {
		name = chapter
	}
	if name == "" {
		return place{}
	}
	file := d.chapterPath(name)
	if file == "" {
		return place{}
	}
	if e.line == 0 && code != "review-unreferenced" {
		return place{file: file}
	}
	at := place{file, min(e.line, max(1, len(d.lines(file))))}
	has := func(what ...string) func(string) bool {
		return func(s string) bool {
			return slices.ContainsFunc(what, func(w string) bool { return strings.Contains(s, w) })
		}
	}
	var p place
	switch {
	case code == "review-unclosed-block":
		if m := regexp.MustCompile(`begins at: (\d+)`).FindStringSubmatch(e.message); m != nil {
			p = place{file, atoi(m[1])}
		}
	case strings.HasPrefix(e.message, "unknown command: //"):
		word := "//" + strings.TrimPrefix(e.message, "unknown command: //")
		p = d.above(file, at.line, func(s string) bool { return strings.HasPrefix(s, word) })
	case strings.HasPrefix(e.message, "wrong # of parameters"):
		if m := regexp.MustCompile(`//(\w+)`).FindString(e.message); m != "" {
			p = d.above(file, at.line, func(s string) bool { return strings.HasPrefix(s, m) })
		}
	case strings.HasPrefix(e.message, "argument syntax error"):
		p = d.above(file, at.line, blockHead.MatchString)
	case strings.HasPrefix(e.message, "no such inline op: "):
		p = d.nearest(file, at.line, has("@<"+strings.TrimPrefix(e.message, "no such inline op: ")+">"))
	case strings.HasPrefix(e.message, "builder does not support inline op: "):
		p = d.nearest(file, at.line, has(strings.TrimPrefix(e.message, "builder does not support inline op: ")))
	case code == "review-unknown-reference":
		if m := messageID.FindStringSubmatch(e.message); m != nil {
			id := m[1]
			p = d.nearest(file, at.line, has("{"+id+"}", "$"+id+"$", "|"+id+"}", "|"+id+"|", "["+id+"]"))
		}
	case code == "review-unreferenced":
		id := regexp.MustCompile(`ID (\S+) is`).FindStringSubmatch(e.message)
		if id != nil {
			p = d.find(file, has("["+id[1]+"]"))
		}
	case code == "review-image-missing":
		id := strings.TrimPrefix(e.message, "image not bound: ")
		p = d.above(file, at.line, has("["+id+"]", "<icon>{"+id+"}", "<icon>$"+id+"$"))
	}
	if p.known() {
		return p
	}
	return at
}

// duplicate finds the second place where an id is given in one chapter.
func (d *diagnoser) duplicate(e *reviewEntry) place {
	_, rest, _ := strings.Cut(e.message, "duplicate ID: ")
	id, _, _ := strings.Cut(rest, " (")
	for _, c := range d.book.Chapters {
		if e.location != "" && c.ID != strings.TrimSuffix(e.location, ".re") {
			continue
		}
		seen := map[string]bool{}
		for i, s := range d.lines(c.Path) {
			if !blockHead.MatchString(s) || !strings.Contains(s, "["+id+"]") {
				continue
			}
			name, first, _ := strings.Cut(strings.TrimPrefix(s, "//"), "[")
			if !strings.HasPrefix(first, id+"]") {
				continue
			}
			kind := strings.TrimSuffix(name, "num")
			if strings.HasSuffix(kind, "image") || kind == "graph" {
				kind = "image"
			}
			if seen[kind] {
				return place{c.Path, i + 1}
			}
			seen[kind] = true
		}
	}
	return place{}
}

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

func (d *diagnoser) texWarnings(t *texLog) {
	overfull, worst, worstAt := 0, 0.0, place{}
	for _, w := range t.warnings {
		switch w.kind {
		case "reference":
			at := d.locator.chapterLine(w.file, w.line, w.name)
			if !at.known() {
				name := strings.TrimLeft(w.name, "#")
				at = d.inChapters(func(s string) bool { return strings.Contains(s, "{"+w.name+"}") || strings.Contains(s, "#"+name) })
			}
			d.add(book.Lax, "tex-undefined-reference", at, "there is no label "+w.name+", so the reference shows ??", "check the spelling of the label")
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
				overfull++
				if w.size > worst {
					worst = w.size
					worstAt = d.locator.inChapter(c, &texError{line: w.line, before: c.at(w.line).text}, "tex-overfull")
				}
			}
		}
	}
	// Re:VIEW's own colophon and empty headings stick out by 4.2 pt, 1.5 mm,
	// which no reader sees and no author can mend.
	const seen = 5
	if worst >= seen {
		d.list = append(d.list, book.Diagnostic{Severity: book.Warning, Code: "tex-overfull", File: worstAt.file, Line: worstAt.line, Count: overfull,
			Message: "a line sticks out " + strconv.FormatFloat(worst, 'f', 1, 64) + "pt into the margin", Hint: "long words, URLs and code may need a line break by hand"})
	}
}

// duplicateLabel reports a label that TeX met twice. Re:VIEW makes labels of ids,
// such as image:ch01:plan, and sees for itself only some that are given twice.
func (d *diagnoser) duplicateLabel(name string) {
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

func (d *diagnoser) fromTools() {
	for _, f := range d.log.tools.findings {
		switch f.kind {
		case "dvipdfmx":
			d.converter(f)
			continue
		case "mendex":
			if d.status != 0 {
				d.add(book.Error, "mendex-error", d.configWord(f.message, "makeindex_options"), "mendex says “"+sentence(f.message)+"”", "check makeindex_options and makeindex_sty in the config")
			}
			continue
		}
		if strings.HasPrefix(f.message, "failed to run command: ") {
			d.later = append(d.later, book.Diagnostic{Severity: book.Error, Code: "command-failed", Message: sentence(f.message)})
			continue // 2.x: what failed has said why
		}
		at := d.frame(f)
		r, ok := explain(toolRules, f.message)
		if !ok {
			if f.kind == "shell" {
				r = rule{code: "shell-error", severity: book.Lax, say: f.message}
			} else {
				r = rule{code: "ruby-error", severity: book.Error, say: "Ruby says “" + sentence(f.message) + "”"}
			}
		}
		if f.kind == "ruby" {
			r.severity = book.Error
			if d.status == 0 {
				r.severity = book.Lax
			}
		}
		switch r.code {
		case "config-date":
			at = d.inConfig(func(s string) bool {
				return regexp.MustCompile(`^\s*(?:date|history):?\s+\[*\d{4}-\d`).MatchString(s)
			})
			if !at.known() {
				at = d.inConfig(regexp.MustCompile(`^\s*[-\w]+:?.*[\s\[]\d{4}-\d+-\d+\s*\]?\s*$`).MatchString)
			}
		case "config-yaml":
			if m := yamlLine.FindStringSubmatch(f.message); m != nil {
				at = place{d.yamlOf(f), atoi(m[1])}
			}
		case "command-missing":
			if !at.known() {
				at = d.configWord(f.message, "")
			}
		}
		if f.path != "" && at.file == "" && f.kind == "shell" {
			r.say = f.path + ": " + r.say
		}
		d.add(r.severity, r.code, at, r.say, r.hint)
	}
}

// frame returns the innermost line of a backtrace that is the book's own.
func (d *diagnoser) frame(f toolFinding) place {
	frames := f.trace
	if len(frames) == 0 && f.path != "" {
		frames = []rubyFrame{{f.path, f.line}}
	}
	for _, frame := range frames {
		if file := d.own(frame.path, d.log.opts.Work); file != "" {
			return place{file, frame.line}
		}
	}
	return place{}
}

// yamlOf tells which file Ruby could not parse, from the code that was reading it.
func (d *diagnoser) yamlOf(f toolFinding) string {
	for _, frame := range f.trace {
		if strings.HasSuffix(frame.path, "/review/catalog.rb") {
			for _, name := range d.book.ConfigFiles {
				if strings.Contains(path.Base(name), "catalog") {
					return name
				}
			}
		}
	}
	return path.Join(d.book.Dir, d.book.Config)
}

// configWord finds the line of the configuration that has a word of a message,
// or else that sets key.
func (d *diagnoser) configWord(message, key string) place {
	for _, word := range regexp.MustCompile(`[\p{L}\p{N}_./-]{4,}`).FindAllString(message, -1) {
		switch word {
		case "such", "file", "directory", "does", "exist", "ENOENT", "Errno", "cannot", "open", "error":
			continue
		}
		if p := d.inConfig(func(s string) bool { return strings.Contains(s, word) }); p.known() {
			return p
		}
	}
	if key == "" {
		return place{}
	}
	return d.configKey(key)
}

func (d *diagnoser) converter(f toolFinding) {
	r, _ := explain(converterRules, f.message)
	if f.fatal && r.code == "dvipdfmx-warning" {
		r = rule{code: "dvipdfmx-error", severity: book.Error, say: "dvipdfmx says “" + sentence(f.message) + "”", hint: "check dvioptions in the config, the images and the fonts"}
		if d.status == 0 {
			r.severity = book.Lax
		}
		d.add(r.severity, r.code, d.configWord(f.message, ""), r.say, r.hint)
		return
	}
	if f.fatal && d.status != 0 {
		r.severity = book.Error
	}
	at := place{}
	switch r.code {
	case "character-missing":
		character, where := d.character(f.message)
		at = where
		r.say = "the PDF's fonts have no " + character + " (page " + strconv.Itoa(f.page) + "), so it is missing in the book"
		if character == "" {
			r.say = "the PDF's fonts lack a character of page " + strconv.Itoa(f.page) + ", so it is missing in the book"
		}
		r.hint = "use another character, an image, or lualatex with a font that has it"
	case "image-unreadable":
		if m := regexp.MustCompile(`(?:for|file:) "?([^"]+)`).FindStringSubmatch(f.message); m != nil {
			base := path.Base(strings.Trim(m[1], `". `))
			base = strings.TrimSuffix(base, path.Ext(base))
			at = d.inChapters(func(s string) bool { return strings.Contains(s, base) })
			if _, id, ok := strings.Cut(base, "-"); !at.known() && ok {
				at = d.inChapters(func(s string) bool { return strings.Contains(s, "["+id+"]") })
			}
		}
	case "dvipdfmx-warning":
		if strings.HasPrefix(f.message, "ICC profile") {
			return // of no consequence, and said of every photograph
		}
		if r.severity == book.Lax {
			at = d.configWord(f.message, "")
		} else {
			r.say = "dvipdfmx says “" + sentence(f.message) + "”"
		}
	}
	d.add(r.severity, r.code, at, r.say, r.hint)
}

var inputString = regexp.MustCompile(`input str: <([0-9a-fA-F]+)`)

// character finds the character that dvipdfmx has no glyph for. It shows the
// first bytes of its UTF-16 form.
func (d *diagnoser) character(message string) (string, place) {
	m := inputString.FindStringSubmatch(message)
	if m == nil {
		return "", place{}
	}
	want := strings.ToLower(m[1])
	if len(want) < 4 {
		return "", place{}
	}
	var found rune
	is := func(r rune) bool {
		if r < 0x80 {
			return false
		}
		hex := fmt.Sprintf("%04x", r)
		if high, low := utf16.EncodeRune(r); r > 0xffff {
			hex = fmt.Sprintf("%04x%04x", high, low)
		}
		if strings.HasPrefix(hex, want) || strings.HasPrefix(want, hex) {
			found = r
			return true
		}
		return false
	}
	at := d.inChapters(func(s string) bool { return strings.ContainsFunc(s, is) })
	if found == 0 {
		return "", place{}
	}
	return fmt.Sprintf("%c (U+%04X)", found, found), at
}

func (d *diagnoser) fromHooks() {
	for _, h := range d.log.hooks {
		at := d.configKey(h.name)
		switch h.status {
		case "missing":
			d.add(book.Lax, "hook-missing", at, "the hook "+h.file+" does not exist and was left out", "check its name: it is looked up from the config's folder")
		case "not-executable":
			d.add(book.Lax, "hook-missing", at, "the hook "+h.file+" is not executable and was left out", "run chmod +x "+h.file)
		default:
			d.add(book.Lax, "hook-failed", at, "the hook "+h.file+" failed with status "+h.status, "its own words are in the log")
		}
	}
}

// fromStatus makes sure that a failure says something.
func (d *diagnoser) fromStatus(t *texLog) {
	if d.status == 0 || slices.ContainsFunc(d.list, func(x book.Diagnostic) bool { return x.Severity == book.Error }) {
		return
	}
	switch {
	case d.status == 137:
		d.add(book.Error, "killed", place{}, "the maker was killed, most likely because it ran out of memory", "raise limits.memory in bookci.yml")
	case t.ran && !t.finished:
		d.add(book.Error, "tex-killed", place{}, "TeX was killed in the middle of its work, most likely because it ran out of memory", "raise limits.memory in bookci.yml")
	case d.log.opts.Target == book.PDF && strings.Contains(d.log.tools.running, "dvipdf"):
		d.add(book.Error, "dvipdfmx-error", d.configKey("dvioptions"), "dvipdfmx failed", "see its words in the log")
	case len(d.later) > 0:
		d.list = append(d.list, d.later[0])
	case d.status == 127:
		d.add(book.Error, "command-missing", place{}, "the maker's command was not found", "check command in bookci.yml and the image")
	default:
		d.add(book.Error, "maker-failed", place{}, "the maker failed with status "+strconv.Itoa(d.status), "see the log")
	}
}

// result folds what is said more than once, sorts, and adds the source lines.
func (d *diagnoser) result() []book.Diagnostic {
	type key struct {
		code, file, message string
		line                int
	}
	index := map[key]int{}
	var folded []book.Diagnostic
	for _, x := range d.list {
		k := key{x.Code, x.File, x.Message, x.Line}
		if i, ok := index[k]; ok {
			// Re:VIEW reads a chapter several times: an error said twice is one error.
			if x.Severity != book.Error {
				folded[i].Count = max(1, folded[i].Count) + 1
			}
			continue
		}
		index[k] = len(folded)
		folded = append(folded, x)
	}
	rank := map[book.Severity]int{book.Error: 0, book.Lax: 1, book.Warning: 2}
	sort.SliceStable(folded, func(i, j int) bool { return rank[folded[i].Severity] < rank[folded[j].Severity] })
	if len(folded) > maxDiagnostics {
		folded = folded[:maxDiagnostics]
	}
	for i := range folded {
		x := &folded[i]
		source := []rune(text.Printable(strings.TrimRight(d.line(x.File, x.Line), " \t")))
		if len(source) > 200 {
			source = append(source[:200], '…')
		}
		x.Source = string(source)
	}
	return folded
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
