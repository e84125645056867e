package layout

import (
	"math"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// inlines adds running text to t. Nothing that the manuscript says is left
// out: what only TeX can set is shown as its source.
func (c *chapter) inlines(t *text, list []review.Inline, st style) {
	for _, n := range list {
		c.inline(t, n, st)
	}
}

func (c *chapter) inline(t *text, n review.Inline, st style) {
	start := len(t.glyphs)
	switch n := n.(type) {
	case *review.Text:
		t.add(n.Text, st)
	case *review.Span:
		c.span(t, n, st)
	case *review.Keyword:
		t.add(n.Text, c.hand.bolder(st))
		if n.Alternate != "" {
			t.add("（"+n.Alternate+"）", st)
		}
	case *review.Ruby:
		c.ruby(t, n, st)
	case *review.Ref:
		c.inlines(t, n.Text, st)
		if a := anchorOf(n); a != "" {
			t.marks = append(t.marks, mark{kind: link, start: start, end: len(t.glyphs), link: sheet.Link{Anchor: a}})
		}
	case *review.PageRef:
		t.add(c.pageOf(n.Arg), st)
		t.marks = append(t.marks, mark{kind: link, start: start, end: len(t.glyphs), link: sheet.Link{Anchor: labelAnchor(n.Arg)}})
	case *review.Href:
		c.href(t, n, st)
	case *review.NoteRef:
		c.noteRef(t, n, st)
	case *review.Math:
		c.source(t, n.Source, st)
	case *review.IndexTerm:
		t.points = append(t.points, point{at: start, term: n.Term})
		if n.Shown {
			t.add(n.Term, st)
		}
	case *review.Icon:
		c.icon(t, n, st)
	case *review.InlineEmbed:
		if forLaTeX(n.Builders) {
			c.source(t, n.Text, st)
		}
	case *review.Break:
		t.addFlagged(" ", st, newline)
	case *review.InlineComment: // for the author alone
	case *review.UnknownInline:
		if n.Defined {
			t.add(n.Arg, st)
		} else {
			c.source(t, "@<"+n.Command+">{"+n.Arg+"}", st)
		}
	}
}

// forLaTeX tells whether what is handed on is meant for pages.
func forLaTeX(builders []string) bool {
	if len(builders) == 0 {
		return true
	}
	for _, b := range builders {
		if b == "latex" {
			return true
		}
	}
	return false
}

// source shows what only TeX can set.
func (c *chapter) source(t *text, s string, st style) {
	start := len(t.glyphs)
	m := c.hand.monoLike(st)
	m.size, m.romanSize = m.size*0.9, m.romanSize*0.9
	t.add(s, m)
	t.marks = append(t.marks, mark{kind: ground, start: start, end: len(t.glyphs)})
}

func (c *chapter) span(t *text, n *review.Span, st style) {
	start := len(t.glyphs)
	marked := func(k markKind) {
		t.add(n.Text, st)
		t.marks = append(t.marks, mark{kind: k, start: start, end: len(t.glyphs)})
	}
	switch n.Command {
	case "b", "strong", "em", "dfn":
		t.add(n.Text, c.hand.bolder(st))
	case "i", "cite", "var":
		st.slant = true
		t.add(n.Text, st)
	case "tt", "code", "kbd", "samp", "maru", "keytop":
		t.add(n.Text, c.hand.monoLike(st))
	case "ttb", "ttbold":
		t.add(n.Text, c.hand.bolder(c.hand.monoLike(st)))
	case "tti":
		st = c.hand.monoLike(st)
		st.slant = true
		t.add(n.Text, st)
	case "u", "ins":
		marked(underline)
	case "del":
		marked(strike)
	case "ami":
		marked(ground)
	case "bou":
		marked(dots)
	case "sup":
		t.add(n.Text, raised(st, 0.36))
	case "sub":
		t.add(n.Text, raised(st, -0.12))
	case "balloon":
		t.add("←"+n.Text, st)
	case "big":
		st.size, st.romanSize = st.size*1.2, st.romanSize*1.2
		t.add(n.Text, st)
	case "small":
		st.size, st.romanSize = st.size*0.9, st.romanSize*0.9
		t.add(n.Text, st)
	default: // tcy, abbr, acronym, q, recipe, w, uchar ...
		t.add(n.Text, st)
	}
}

func raised(st style, by float64) style {
	st.rise += by * st.size
	st.size, st.romanSize = st.size*0.7, st.romanSize*0.7
	return st
}

// ruby sets a word with its reading. The word is not broken; where the reading
// is longer the word is spread.
func (c *chapter) ruby(t *text, n *review.Ruby, st style) {
	start := len(t.glyphs)
	t.add(n.Base, st)
	if len(t.glyphs) == start {
		return
	}
	for i := start + 1; i < len(t.glyphs); i++ {
		t.glyphs[i].flags |= glued
	}
	over := &text{}
	small := st
	small.size, small.romanSize, small.code = st.size/2, st.romanSize/2, false
	over.add(n.Reading, small)
	over.points = nil
	base, reading := t.natural(start, len(t.glyphs)), over.natural(0, len(over.glyphs))
	if more := reading - base; more > 0 {
		each := float32(more / float64(len(t.glyphs)-start))
		for i := start; i < len(t.glyphs); i++ {
			g := &t.glyphs[i]
			g.width += each
			g.empty -= each / 2
		}
	}
	t.marks = append(t.marks, mark{kind: ruby, start: start, end: len(t.glyphs), over: over})
}

func (c *chapter) href(t *text, n *review.Href, st style) {
	start := len(t.glyphs)
	if n.Text != "" {
		t.add(n.Text, st)
	} else {
		st = c.hand.monoLike(st)
		t.add(n.URL, st)
	}
	l := sheet.Link{URL: n.URL}
	if id, ok := strings.CutPrefix(n.URL, "#"); ok {
		l = sheet.Link{Anchor: labelAnchor(id)}
	}
	t.marks = append(t.marks, mark{kind: link, start: start, end: len(t.glyphs), link: l})
}

func (c *chapter) noteRef(t *text, n *review.NoteRef, st style) {
	start := len(t.glyphs)
	small := raised(st, 0.36)
	if n.Note == nil {
		t.addFlagged("*?", small, glued|tight)
		return
	}
	number := strconv.Itoa(n.Note.Number)
	if n.Endnote {
		t.addFlagged("("+number+")", small, glued|tight)
		t.marks = append(t.marks, mark{kind: link, start: start, end: len(t.glyphs), link: sheet.Link{Anchor: c.anchor("endnote", n.Note.ID)}})
		return
	}
	t.addFlagged("*"+number, small, glued|tight)
	if note := c.note(n.Note); note != nil {
		t.points = append(t.points, point{at: start, note: note})
	}
}

// icon sets an image in the line, at its own size as far as the page has room. Where
// there is none, or a text has more than a glyph can count, its source is shown.
func (c *chapter) icon(t *text, n *review.Icon, st style) {
	pic := c.pictures.size(n.File)
	if pic.err != nil || len(t.things) == math.MaxInt16 {
		c.source(t, "[icon: "+n.ID+"]", st)
		return
	}
	w, h := pic.width, pic.height
	if limit := min(c.geometry.TextWidth, c.galley.width); w > limit {
		w, h = limit, h*limit/w
	}
	if limit := c.geometry.TextHeight / 2; h > limit {
		w, h = w*limit/h, limit
	}
	t.things = append(t.things, thing{width: w, height: h, picture: sheet.Picture{File: pic.file, Orientation: pic.orientation}})
	t.glyphs = append(t.glyphs, glyph{r: 0xFFFC, style: t.style(st), thing: int16(len(t.things)), class: fixed, width: float32(w)})
}

// plain returns text as bookmarks and running heads show it.
func plain(list []review.Inline) string {
	var b strings.Builder
	for _, n := range list {
		switch n := n.(type) {
		case *review.Text:
			b.WriteString(n.Text)
		case *review.Span:
			b.WriteString(n.Text)
		case *review.Keyword:
			b.WriteString(n.Text)
			if n.Alternate != "" {
				b.WriteString("（" + n.Alternate + "）")
			}
		case *review.Ruby:
			b.WriteString(n.Base)
		case *review.Ref:
			b.WriteString(plain(n.Text))
		case *review.Href:
			if n.Text != "" {
				b.WriteString(n.Text)
			} else {
				b.WriteString(n.URL)
			}
		case *review.Math:
			b.WriteString(n.Source)
		case *review.IndexTerm:
			if n.Shown {
				b.WriteString(n.Term)
			}
		case *review.UnknownInline:
			b.WriteString(n.Arg)
		}
	}
	return b.String()
}
