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

// syntax is what Re:VIEW demands of a block command.
type syntax struct {
	shape    shape
	min, max int // number of arguments
}

// shape is whether a command has lines between { and //}.
type shape int

const (
	single   shape = iota // never
	block                 // always
	optional              // as the author likes
	box                   // always, and they may hold blocks
)

// blockCommands are the commands of Re:VIEW 5 that begin with //.
var blockCommands = map[string]syntax{}

// inlineCommands are the commands of Re:VIEW 5 in running text.
var inlineCommands = map[string]bool{}

// Commands by shape and number of arguments, "name:min-max".
const (
	blocks = "read:0-0 lead:0-0 list:2-3 emlist:0-2 cmd:0-1 table:0-2 imgtable:0-3 emtable:0-1 quote:0-0 source:0-2 listnum:2-3 " +
		"emlistnum:0-2 doorquote:1-1 talk:0-0 texequation:0-2 graph:1-3 address:0-0 blockquote:0-0 bpo:0-0 flushright:0-0 centering:0-0 " +
		"box:0-1 embed:0-1"
	optionals = "image:2-3 bibpaper:2-3 indepimage:1-3 numberlessimage:1-3 comment:0-1"
	boxes     = "note:0-1 memo:0-1 tip:0-1 info:0-1 warning:0-1 important:0-1 caution:0-1 notice:0-1"
	singles   = "footnote:2-2 endnote:2-2 printendnotes:0-0 noindent:0-0 blankline:0-0 pagebreak:0-0 hr:0-0 parasep:0-0 label:1-1 raw:1-1 " +
		"tsize:1-1 include:1-1 olnum:1-1 firstlinenum:1-1 beginchild:0-0 endchild:0-0"

	// What only some kinds of output have.
	rareBlocks  = "insn:1-1 planning:0-1 best:0-1 point:0-1 reference:0-0 term:0-0 practice:0-0 expert:0-0 link:0-1 shoot:0-1 security:0-1 rawblock:0-0"
	rareSingles = "dtp:1-1 latextsize:1-1"

	inlines = "chapref chap title img imgref icon list table eq fn endnote kw ruby bou ami b dtp code bib hd secref sec sectitle href recipe " +
		"column tcy balloon abbr acronym cite dfn em kbd q samp strong var big small del ins sup sub tt i tti ttb u raw br m uchar idx hidx " +
		"comment include embed pageref w wb labelref ref ttbold hint maru keytop hd_chap"
)

// lacking lists what a kind of output cannot make of the commands above.
var lacking = map[string]struct{ inline, block map[string]bool }{
	"latex": {set("recipe abbr acronym cite dfn kbd q samp var big small ttbold hint maru keytop labelref ref hd_chap"),
		set("doorquote talk address blockquote bpo include dtp insn planning best point reference term practice expert link shoot security rawblock")},
	"html": {set("q ttbold hint maru keytop"),
		set("address blockquote include dtp insn reference term practice expert link latextsize rawblock")},
	"plaintext": {set("recipe abbr acronym cite dfn kbd q samp var big small"),
		set("doorquote talk address blockquote pagebreak hr parasep include latextsize rawblock")},
	"top": {set("recipe abbr acronym cite dfn kbd q samp var big small"),
		set("doorquote talk address blockquote pagebreak hr parasep include latextsize rawblock")},
	"idgxml": {set("abbr acronym cite dfn kbd q samp var big small"),
		set("doorquote talk address blockquote parasep include latextsize")},
}

// headingTags are the words that may stand in a heading's brackets.
var headingTags = set("column nonum notoc nodisp xcolumn sup ref world hood edition insideout circle")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

func init() {
	for _, group := range []struct {
		shape shape
		words string
	}{{block, blocks + " " + rareBlocks}, {optional, optionals}, {box, boxes}, {single, singles + " " + rareSingles}} {
		for w := range strings.FieldsSeq(group.words) {
			name, count, _ := strings.Cut(w, ":")
			blockCommands[name] = syntax{group.shape, int(count[0] - '0'), int(count[2] - '0')}
		}
	}
	inlineCommands = set(inlines)
}

// arguments says how many of them a command takes, in Re:VIEW's own notation.
func (s syntax) arguments() string {
	digit := func(n int) string { return string(rune('0' + n)) }
	if s.min == s.max {
		return digit(s.min)
	}
	return digit(s.min) + ".." + digit(s.max)
}

// What an author most likely meant by a name that is not there: the hint is
// the text to write, or where the thing is that has the name.

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

// mayGuess bounds the time that is spent on guesses in one chapter.
func (p *parser) mayGuess() bool {
	const most = 100
	p.guesses++
	return p.guesses <= most
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

// indexOf is where a kind of thing is found in a chapter.
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

// nearestReference says what a reference to an id that is not there may mean.
// C is the chapter that it names, nil when that is not there.
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

// ids are the ids of an index, in their order; of headings also the last part alone.
func ids(x *index) []string {
	const most = 5000 // no chapter comes near it
	var list []string
	for _, e := range x.order[:min(len(x.order), most)] {
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
	for _, c := range p.chapters {
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
