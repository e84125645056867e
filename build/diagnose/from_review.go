package diagnose

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
)

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
		if strings.Contains(e.message, "(NoArgument)") {
			continue // Re:VIEW's name for an argument that is missing, which it has told of
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
		if r.severity == book.Warning && (r.code == "config-version" || r.code == "config-obsolete") && d.book.IsOld() {
			continue // true, and no reason to change a book that its own Re:VIEW builds
		}
		if e.severity == "WARN" && r.severity == book.Error {
			r.severity = book.Lax
		}
		if r.code == "review-unknown-reference" && strings.Contains(e.message, "@<") {
			continue // a command that is not closed, of which Re:VIEW tells as well
		}
		if r.code == "review-duplicate-label" && e.location == "" && d.ofDoubledChapter(e.message) {
			continue
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
	case "config-version":
		return d.configKey("review_version")
	case "review-file-missing", "config-value", "config-obsolete":
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
	case strings.HasPrefix(e.message, "argument syntax error"), strings.HasPrefix(e.message, "block is "):
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
	case code == "review-id":
		if m := regexp.MustCompile(`in .(.*?).$`).FindStringSubmatch(e.message); m != nil {
			p = d.above(file, at.line, has("["+m[1]+"]"))
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
		var again []place
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
				again = append(again, place{c.Path, i + 1})
			}
			seen[kind] = true
		}
		if len(again) > 0 {
			if d.duplicates == nil {
				d.duplicates = map[string]int{}
			}
			key := c.ID + "\x00" + id
			n := d.duplicates[key]
			d.duplicates[key]++
			return again[min(n, len(again)-1)] // Re:VIEW tells each of them, in their order
		}
	}
	return place{}
}
