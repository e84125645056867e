package review

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/text"
)

// This file guesses what an author meant by a name that is not there. The hint is the
// text to write, or where the thing is that has the name.

// otherNames are what other markup languages call Re:VIEW's commands.
var otherNames = map[string]string{
	"bold": "b", "italic": "i", "it": "i", "emph": "em", "underline": "u", "strike": "del", "s": "del", "url": "href", "link": "href", "a": "href",
	"footnote": "fn", "image": "img", "fig": "img", "figure": "img", "equation": "eq", "math": "m", "tex": "m", "chapter": "chap", "section": "sec",
	"index": "idx", "keyword": "kw", "key": "kw", "rubi": "ruby", "rb": "ruby", "pre": "code", "mono": "tt", "font": "tt", "cite": "bib", "newline": "br",
}

var otherBlocks = map[string]string{
	"code": "list", "source-code": "list", "sourcecode": "list", "figure": "image", "fig": "image", "img": "image", "tbl": "table",
	"equation": "texequation", "eq": "texequation", "math": "texequation", "fn": "footnote", "console": "cmd", "shell": "cmd", "terminal": "cmd",
	"center": "centering", "right": "flushright", "quotation": "quote", "column": "note", "alert": "warning", "danger": "warning", "hint": "tip",
	"newpage": "pagebreak", "clearpage": "pagebreak", "br": "blankline", "bib": "bibpaper", "html": "embed", "latex": "embed",
}

// mayGuess bounds the time that is spent on guesses, in one chapter and in a book of
// very many.
func (p *parser) mayGuess() bool {
	const most, mostOfBook = 100, 500
	p.guesses++
	if p.guesses > most || p.guessed >= mostOfBook {
		return false
	}
	p.guessed++
	return true
}

func (p *parser) nearestInline(op string) string {
	if !p.mayGuess() {
		return ""
	}
	near := text.Nearest(op, p.names(maps.Keys(inlineCommands), p.extension.inlines, p.lacksInline))
	if other := otherNames[strings.ToLower(op)]; other != "" && !p.lacksInline(other) {
		near = other
	}
	if near == "" {
		return ""
	}
	return "write @<" + near + ">"
}

func (p *parser) nearestTag(h headLine) string {
	if !p.mayGuess() {
		return ""
	}
	known := slices.Sorted(maps.Keys(headingTags))
	if near := text.Nearest(h.tag, known); near != "" {
		return "write " + strings.Repeat("=", h.level) + "[" + near + "]"
	}
	return ""
}

func (p *parser) nearestBlock(name string) string {
	if !p.mayGuess() {
		return ""
	}
	near := text.Nearest(name, p.names(maps.Keys(blockCommands), p.extension.blocks, p.lacksBlock))
	if other := otherBlocks[strings.ToLower(name)]; other != "" {
		near = other
	}
	if near == "" {
		return ""
	}
	return "write //" + near
}

// names are the commands that can be meant, in a settled order.
func (p *parser) names(known iter.Seq[string], own map[string]bool, lacks func(string) bool) []string {
	names := slices.AppendSeq(slices.DeleteFunc(slices.Collect(known), lacks), maps.Keys(own))
	slices.Sort(names)
	return names
}

// indexOf is the index of a chapter for a kind of thing, one of the values of kinds.
func indexOf(c *Chapter, kind string) *index {
	switch kind {
	case "list":
		return &c.indexes.list
	case "table":
		return &c.indexes.table
	case "image":
		return &c.indexes.image
	case "equation":
		return &c.indexes.equation
	case "headline":
		return &c.indexes.heading
	case "column":
		return &c.indexes.column
	case "footnote":
		return &c.indexes.footnote
	case "endnote":
		return &c.indexes.endnote
	}
	return nil
}

// newThing is how something is given an id.
var newThing = map[string]string{
	"list":     "give a listing of this chapter the id: //list[%s][caption]{",
	"table":    "give a table of this chapter the id: //table[%s][caption]{",
	"image":    "give an image of this chapter the id: //image[%s][caption]{",
	"equation": "give an equation of this chapter the id: //texequation[%s][caption]{",
	"headline": "give the heading this title, or the label: =={%s} title",
	"column":   "give the column this title, or the label: ===[column]{%s} title",
	"footnote": "write //footnote[%s][text] on a line of its own in this chapter",
	"endnote":  "write //endnote[%s][text] on a line of its own in this chapter",
}

// nearestReference says what a reference to an id that is not there may mean. c is
// the chapter that the reference names or stands in, nil when that is not there.
func (p *parser) nearestReference(command, arg string, c *Chapter, kind, id string) string {
	write := func(id string) string { return "write @<" + command + ">{" + id + "}" }
	if c != nil && !p.mayGuess() {
		return fmt.Sprintf(newThing[kind], id)
	}
	if c == nil {
		before, after, _ := strings.Cut(arg, "|")
		return cmp.Or(p.nearestChapter(before, func(id string) string { return write(id + "|" + after) }), chapterIDHint)
	}
	if of := p.parserOf[c]; of != nil {
		if line, ok := of.meant[id]; ok {
			where := ""
			if c != p.chapter {
				where = " of " + path.Base(line.File)
			}
			return fmt.Sprintf("mend line %d%s, which is meant to give this id", line.Line, where)
		}
	}
	if before, after, found := strings.Cut(arg, "|"); found && c == p.chapter && id == arg && chapterName(before) {
		if hint := p.nearestChapter(before, func(id string) string { return write(id + "|" + after) }); hint != "" {
			return hint
		}
	}
	if kind == "headline" {
		for _, e := range c.indexes.heading.order[:min(len(c.indexes.heading.order), maxKnown)] {
			h, _ := e.node.(*Heading)
			if title, found := strings.CutSuffix(PlainText(e.caption), "{"+id+"}"); found && h != nil {
				return fmt.Sprintf("write %s{%s} %s in line %d", strings.Repeat("=", h.Level), id, strings.TrimSpace(title), h.Line)
			}
		}
	}
	prefix := ""
	if c != p.chapter {
		prefix = c.ID + "|"
	}
	if kind == "image" {
		if stem := strings.TrimSuffix(id, path.Ext(id)); stem != id && c.indexes.image.byID[stem] != nil {
			return write(prefix + stem)
		}
	}
	note := kind == "footnote" || kind == "endnote"
	for _, other := range p.chapters {
		x := indexOf(other, kind)
		e, _ := x.get(id)
		switch {
		case other == c || e == nil:
		case note:
			return fmt.Sprintf("move //%s[%s] here: it stands in %s, and a note belongs into the chapter that refers to it", kind, id, path.Base(e.node.At().File))
		default:
			return write(other.ID + "|" + e.id)
		}
	}
	if near := text.Nearest(id, ids(indexOf(c, kind))); near != "" {
		return write(prefix + near)
	}
	for _, other := range []string{"list", "table", "img", "eq", "hd", "column", "fn", "endnote"} {
		name := kinds[other]
		elsewhere := prefix != "" && (name == "footnote" || name == "endnote")
		if e, _ := indexOf(c, name).get(id); e != nil && name != kind && !elsewhere {
			return "write @<" + other + ">{" + prefix + id + "}"
		}
	}
	return fmt.Sprintf(newThing[kind], id)
}

// maxKnown is how many names are compared for a guess. No chapter has as many, and no
// book as many chapters.
const maxKnown = 5000

// ids are the ids of an index, in their order; of headings also the last part alone.
func ids(x *index) []string {
	var list []string
	for _, e := range x.order[:min(len(x.order), maxKnown)] {
		list = append(list, e.id[strings.LastIndexByte(e.id, '|')+1:])
	}
	return list
}

// nearestChapter says which chapter may be meant by an id, "" when none is near.
func (p *parser) nearestChapter(id string, write func(id string) string) string {
	if !p.mayGuess() {
		return ""
	}
	var known []string
	for _, c := range p.chapters[:min(len(p.chapters), maxKnown)] {
		known = append(known, c.ID)
	}
	if stem := strings.TrimSuffix(id, ".re"); slices.Contains(known, stem) {
		return write(stem)
	}
	file := path.Join(p.manuscript.Dir, p.settings.Text("contentdir", "."), id+".re")
	if chapterName(id) {
		if _, err := p.manuscript.Files.Read(file); err == nil {
			return "list " + id + ".re in catalog.yml: the file is there"
		}
	}
	if near := text.Nearest(id, known); near != "" {
		return write(near)
	}
	return ""
}
