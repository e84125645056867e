package review

import (
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/text"
)

// resolve finds what every reference of the book points to.
func (r *reader) resolve() {
	labels := r.collectLabels()
	r.parserOf = map[*Chapter]*parser{}
	for _, p := range r.parsers {
		r.parserOf[p.chapter] = p
	}
	for _, p := range r.parsers {
		for _, ref := range p.refs {
			p.resolveRef(ref)
		}
		for _, ref := range p.noteRefs {
			p.resolveNote(ref)
		}
		for _, item := range p.bibItems {
			p.resolveBibItem(item)
		}
		for _, ref := range p.pageRefs {
			// Re:VIEW makes labels of ids, too: image:chapter:id.
			if ref.text == "" && r.makes("latex") {
				p.add(emptyReference(ref.Place, "pageref"))
			} else if !strings.Contains(ref.text, ":") && !labels[ref.text] && !r.cut && r.makes("latex") {
				p.add(labelMissing(ref.Place, ref.text))
			}
		}
	}
	for _, p := range r.parsers {
		for _, n := range p.notes {
			if !n.Used && !r.cut {
				p.add(noteUnused(n.Place, n.ID, n.Endnote))
			}
		}
	}
	r.boundTitles()
}

func (r *reader) collectLabels() map[string]bool {
	labels := map[string]bool{}
	for _, p := range r.parsers {
		for _, l := range p.labels {
			if labels[l.text] && r.makes("latex") {
				p.add(labelTwice(l.Place, l.text))
			}
			labels[l.text] = true
		}
	}
	return labels
}

// target takes chapter|id apart. Where arg names no chapter, c is the parser's own;
// ok is false when it names one that is not there.
func (p *parser) target(arg string) (c *Chapter, id string, ok bool) {
	before, after, found := strings.Cut(arg, "|")
	if !found || before == "" || after == "" || !chapterName(before) {
		return p.chapter, arg, true
	}
	c = p.byName[before]
	return c, after, c != nil
}

// chapterName tells whether a text before | can be a chapter's id for the
// references that insist on one.
func chapterName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isWord(s[i]) && s[i] != '+' && s[i] != '-' {
			return false
		}
	}
	return true
}

// kinds are what the commands refer to, in words.
var kinds = map[string]string{
	"list": "list", "img": "image", "imgref": "image", "table": "table", "eq": "equation", "chap": "chapter", "title": "chapter", "chapref": "chapter",
	"hd": "headline", "secref": "headline", "sec": "headline", "sectitle": "headline", "column": "column", "bib": "bib",
	"fn": "footnote", "endnote": "endnote",
}

func (p *parser) resolveRef(ref *Ref) {
	switch ref.Command {
	case "labelref", "ref":
	case "chap", "title", "chapref":
		p.resolveChapter(ref)
	case "bib":
		p.resolveBib(ref)
	case "hd", "secref", "column":
		p.resolveTitle(ref)
	case "sec", "sectitle":
		c, id, ok := p.target(ref.Arg)
		if !ok {
			p.unknown(ref.Place, nil, ref.Command, ref.Arg, id)
			return
		}
		p.toHeading(ref, c, id)
	default:
		p.resolveItem(ref)
	}
}

// resolveItem resolves a reference to something with a number of its own.
func (p *parser) resolveItem(ref *Ref) {
	c, id, ok := p.target(ref.Arg)
	if !ok {
		p.unknown(ref.Place, nil, ref.Command, ref.Arg, ref.Arg)
		return
	}
	word := kinds[ref.Command]
	x := indexOf(c, word)
	if word == "image" {
		x = c.indexes.imageIndex(id)
	}
	e, _ := x.get(id)
	if e == nil {
		p.unknown(ref.Place, c, ref.Command, ref.Arg, id)
		return
	}
	ref.Chapter, ref.Target = c, e.node
	label := p.itemLabel(word, c, e.number)
	if ref.Command == "imgref" && len(e.caption) > 0 {
		ref.Text = append([]Inline{&Text{ref.Place, label}}, p.around(&e.shown, ref.Place, "image_quote", e.caption)...)
		return
	}
	ref.Text = []Inline{&Text{ref.Place, label}}
}

// imageIndex is the index in which Re:VIEW looks for an image's id.
func (x *indexes) imageIndex(id string) *index {
	switch {
	case x.image.byID[id] != nil:
		return &x.image
	case x.icon.byID[id] != nil:
		return &x.icon
	}
	return &x.freeImage
}

func (p *parser) resolveChapter(ref *Ref) {
	c := p.byID[ref.Arg]
	if c == nil {
		p.unknown(ref.Place, nil, ref.Command, ref.Arg, ref.Arg)
		return
	}
	ref.Chapter, ref.Target = c, c
	switch ref.Command {
	case "chap":
		ref.Text = []Inline{&Text{ref.Place, c.Label}}
	case "title":
		ref.Text = clipTitle(c.Title)
	default:
		ref.Text = p.around(&c.shown, ref.Place, "chapter_quote", c.Title, c.Label)
	}
}

func (p *parser) resolveBib(ref *Ref) {
	if p.bibFile == nil {
		p.add(noBibliography(ref.Place, p.settings.Text("bib_file", "bib.re"), ref.Arg))
		return
	}
	e, _ := p.bib.get(ref.Arg)
	if e == nil {
		p.unknown(ref.Place, p.bibFile, ref.Command, ref.Arg, ref.Arg)
		return
	}
	if !slices.Contains(p.chapters, p.bibFile) {
		p.add(bibliographyLeftOut(ref.Place, path.Base(p.bibPath)))
	}
	ref.Chapter, ref.Target = p.bibFile, e.node
	ref.Text = []Inline{&Text{ref.Place, p.bibLabel(e.number)}}
}

// resolveBibItem looks for a //bibpaper of another file in that of the bibliography,
// from which Re:VIEW takes its number. Without it Re:VIEW stops.
func (p *parser) resolveBibItem(item *BibItem) {
	if p.extension.blocks["bibpaper"] || item.ID == "" || p.bib.byID[item.ID] != nil {
		return
	}
	if p.bibFile == nil {
		p.add(noBibliography(item.Place, p.settings.Text("bib_file", "bib.re"), item.ID))
		return
	}
	p.unknown(item.Place, p.bibFile, "bib", item.ID, item.ID)
}

// resolveTitle resolves a reference to a heading or a column, whose title may
// itself hold a |.
func (p *parser) resolveTitle(ref *Ref) {
	c, id := p.chapter, ref.Arg
	if before, after, found := strings.Cut(ref.Arg, "|"); found && before != "" && after != "" {
		if other := p.byName[before]; other != nil && (ref.Command != "column" || other.Kind != Part) {
			c, id = other, after
		}
	}
	if ref.Command != "column" {
		p.toHeading(ref, c, id)
		return
	}
	e, ambiguous := c.indexes.column.get(id)
	if e == nil {
		p.unknownTitle(ref, c, id, ambiguous)
		return
	}
	ref.Chapter, ref.Target = c, e.node
	ref.Text = p.around(&e.shown, ref.Place, "column", e.caption)
}

func (p *parser) toHeading(ref *Ref, c *Chapter, id string) {
	e, ambiguous := c.indexes.heading.get(id)
	if e == nil {
		p.unknownTitle(ref, c, id, ambiguous)
		return
	}
	ref.Chapter, ref.Target = c, e.node
	number := p.targetNumber(c, e)
	switch {
	case ref.Command == "sectitle":
		ref.Text = clipTitle(e.caption)
	case ref.Command == "sec" && number == "":
		p.add(numberless(ref.Place, id))
	case ref.Command == "sec":
		ref.Text = []Inline{&Text{ref.Place, number}}
	case number == "":
		ref.Text = p.around(&e.shown, ref.Place, "hd_quote_without_number", e.caption)
	default:
		ref.Text = p.around(&e.shown, ref.Place, "hd_quote", e.caption, number)
	}
}

// unknownTitle tells of a heading that is not there, or there several times.
func (p *parser) unknownTitle(ref *Ref, c *Chapter, id string, ambiguous bool) {
	if ambiguous {
		p.add(ambiguousReference(ref.Place, id))
		return
	}
	p.unknown(ref.Place, c, ref.Command, ref.Arg, id)
}

// unknown tells of a reference to what is not in c, nil when the chapter itself is not
// there. Nothing is told where it may be in a part of the book that could not be read.
func (p *parser) unknown(at Place, c *Chapter, command, arg, id string) {
	if of := p.parserOf[c]; p.cut || c == nil && p.missing || of != nil && (of.swallowed || of.lostIDs[id]) {
		return
	}
	kind := kinds[command]
	switch {
	case strings.Contains(arg, "@<"):
		// It is told that commands stand inside each other.
	case arg == "":
		p.add(emptyReference(at, command))
	case kind == "chapter":
		hint := p.nearestChapter(arg, func(id string) string { return "write @<" + command + ">{" + id + "}" })
		p.add(unknownChapter(at, arg, hint))
	case kind == "bib":
		hint := "write //bibpaper[" + id + "][title] into " + path.Base(p.bibPath)
		if near := text.Nearest(id, ids(&p.bib)); near != "" && p.mayGuess() {
			hint = "write @<bib>{" + near + "}"
		}
		p.add(unknownReference(at, kind, id, hint))
	default:
		p.add(unknownReference(at, kind, id, p.nearestReference(command, arg, c, kind, id)))
	}
}

// around puts running text into the locale's words for a key, as their last argument.
// What comes out is kept in made, for the next reference.
func (r *reader) around(made *shown, at Place, key string, title []Inline, before ...any) []Inline {
	if list, ok := (*made)[key]; ok {
		return list
	}
	const here = "\x00"
	words := r.locale.Word(key, append(before, here)...)
	first, last, found := strings.Cut(words, here)
	var list []Inline
	if first != "" {
		list = append(list, &Text{at, first})
	}
	if found {
		list = append(list, clipTitle(title)...)
	}
	if last != "" {
		list = append(list, &Text{at, last})
	}
	if *made == nil {
		*made = shown{}
	}
	(*made)[key] = list
	return list
}

// clipTitle is a title as it is shown elsewhere: cut off where it has pieces
// without end.
func clipTitle(title []Inline) []Inline {
	const most = 64
	if len(title) <= most {
		return title
	}
	return append(title[:most:most], &Text{title[most].At(), "…"})
}

func (p *parser) resolveNote(ref *NoteRef) {
	x, command := &p.chapter.indexes.footnote, "fn"
	if ref.Endnote {
		x, command = &p.chapter.indexes.endnote, "endnote"
	}
	e, _ := x.get(ref.Arg)
	if e == nil {
		p.unknown(ref.Place, p.chapter, command, ref.Arg, ref.Arg)
		return
	}
	ref.Note = e.node.(*Note)
	ref.Note.Used = true
}

// longestTitle bounds the bytes, and the pieces, of a title that is shown elsewhere.
// No title comes near it.
const longestTitle = 4096

// boundTitles lets a reference show its id alone where its title leads back to
// itself, or grows without bounds through titles that refer to titles.
func (r *reader) boundTitles() {
	m := measurer{size: map[*Ref]int{}}
	for _, p := range r.parsers {
		m.parser = p
		for _, ref := range p.refs {
			m.measure(ref, 0)
		}
	}
}

type measurer struct {
	*parser
	size map[*Ref]int // endless while a Ref is being measured
}

const endless = -1

// measure returns about how many bytes a reference shows.
func (m *measurer) measure(ref *Ref, depth int) int {
	const deepest = 100
	if n, ok := m.size[ref]; ok {
		return n
	}
	m.size[ref] = endless
	total := 0
	for _, i := range ref.Text {
		n := plainLength(i)
		if inner, ok := i.(*Ref); ok && depth < deepest {
			n = m.measure(inner, depth+1)
		} else if ok {
			n = longestTitle
		}
		if n == endless {
			m.add(endlessReference(ref.Place, ref.Arg))
			total = endless
			break
		}
		if total += n; total > longestTitle {
			total = endless
			break
		}
	}
	if total == endless {
		ref.Text = []Inline{&Text{ref.Place, ref.Arg}}
		total = len(ref.Arg)
	}
	m.size[ref] = total
	return total
}
