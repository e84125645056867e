package diagnose

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/bookci/bookci/build/book"
)

func (d *diagnoser) fromTools() {
	d.damagedImages()
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
		case "file-missing":
			name := path.Base(missingFile.FindStringSubmatch(f.message)[1])
			id := strings.TrimSuffix(name, path.Ext(name))
			at = d.inChapters(func(s string) bool {
				shown := imageLine.FindStringSubmatch(s)
				return shown != nil && (shown[1] == id || strings.HasSuffix(id, "-"+shown[1]))
			})
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

// damagedImages names the images at which the converter has stopped: it does
// not say which it was.
func (d *diagnoser) damagedImages() {
	if d.status == 0 || d.read == nil || !strings.Contains(d.log.tools.running, "dvipdf") {
		return
	}
	for _, i := range d.images() {
		if i.damage != "" {
			d.add(book.Error, "image-unreadable", i.at, "the image "+i.file+" is damaged: "+i.damage, "open it and save it again, or fetch it once more")
		}
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
		if strings.HasPrefix(f.message, "ICC profile") || strings.Contains(f.message, "Inverted color assumed") {
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

var missingFile = regexp.MustCompile(missingFileWords)

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
