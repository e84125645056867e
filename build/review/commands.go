package review

import "strings"

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
	"html": {set("q ttbold hint maru keytop pageref"),
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
