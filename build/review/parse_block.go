package review

import (
	"slices"
	"strconv"
	"strings"
)

// command reads a block command: its first line, and its lines up to //}.
func (p *parser) command() {
	line := p.src.lines[p.pos]
	at := p.here()
	h := readBlockHead(line)
	s, known := blockCommands[h.name]
	own := p.extension.blocks[h.name]
	defer func() {
		if h.name != "endchild" {
			p.list, p.resumed = nil, nil
		}
	}()
	if known && s.shape == box && h.opens && h.rest == "" {
		p.pos++
		p.beginBox(at, h, s)
		return
	}
	b := &blockReader{parser: p, head: h, line: p.pos, at: at}
	p.pos++
	if h.opens {
		raw := h.name == "embed" || h.name == "texequation" || h.name == "graph"
		b.lines = p.block(at, h.name, raw)
		b.raw = raw
	}
	if h.name != "noindent" {
		defer func() { p.noIndent = false }()
	}
	switch {
	case !known && (own || p.extension.anyBlock):
		p.put(&Unknown{Place: at, Name: h.name, Args: h.args, Lines: b.inlineLines(), Defined: true})
		return
	case !known:
		p.add(unknownBlock(at, h.name, p.nearestBlock(h.name)))
		if len(h.args) > 0 {
			p.meant[h.args[0]] = at
		}
		p.put(&Unknown{Place: at, Name: h.name, Args: h.args, Lines: b.inlineLines()})
		return
	case own:
		b.build()
		return
	case p.lacksBlock(h.name):
		p.add(lackingBlock(at, "//"+h.name))
	case h.rest != "":
		p.add(brokenArguments(p.place(b.line, len(line)-len(h.rest)), h.rest, p.rightCommand(line)))
	case len(h.args) < s.min || len(h.args) > s.max:
		if h.opens && s.shape == single && len(h.args) == s.min-1 && len(b.lines) == 1 {
			h.args = append(slices.Clip(h.args), strip(b.lines[0].text)) // what was meant
			p.add(wrongArguments(at, b.head, h.args, s))
			break
		}
		p.add(wrongArguments(at, h, h.args, s))
	}
	if h.rest == "" {
		switch {
		case !h.opens && (s.shape == block || s.shape == box):
			p.add(blockRequired(at, h))
			p.nearOpen = at.Line
		case h.opens && s.shape == single:
			p.add(blockNotAllowed(at, h, h.args))
		}
	}
	b.build()
}

// beginBox opens a note, which may hold blocks.
func (p *parser) beginBox(at Place, h blockHead, s syntax) {
	if len(h.args) > s.max {
		p.add(wrongArguments(at, h, h.args, s))
	}
	if p.inBox {
		outer := p.box
		var slip *rawLine
		if p.mayGuess() {
			slip = p.findSwallowed(p.between(outer.Line, at.Line-1)).slip
		}
		p.add(nestedBox(at, outer, swallowed{slip: slip}))
		if slip != nil {
			p.forgetNearMiss(slip.index + 1)
		}
		return
	}
	b := blockReader{parser: p, head: h, line: p.pos - 1, at: at}
	node := &Box{Place: at, Command: h.name, Caption: b.argument(0)}
	p.put(node)
	p.open = append(p.open, container{kind: inBox, at: at, blocks: &node.Blocks})
	p.inBox, p.box = true, at
	p.noIndent = false
}

// rawLine is a line of a block with its index in the file.
type rawLine struct {
	index int
	text  string
}

// block reads the lines up to //}. Comments are left out, but where all lines
// are taken as they are.
func (p *parser) block(head Place, name string, raw bool) []rawLine {
	var lines []rawLine
	for p.pos < len(p.src.lines) {
		line := p.src.lines[p.pos]
		if strings.HasPrefix(line, "//}") {
			p.pos++
			p.checkSwallowed(head, name, lines)
			return lines
		}
		switch {
		case raw:
			lines = append(lines, rawLine{p.pos, line})
		case !strings.HasPrefix(line, "#@"):
			lines = append(lines, rawLine{p.pos, rstrip(line)})
		}
		p.pos++
	}
	if p.src.cut {
		return lines // its //} stands in the rest
	}
	p.add(unclosedBlock(head, p.findSwallowed(lines)))
	p.swallowed = true
	return lines
}

// blockReader makes the node of one block command.
type blockReader struct {
	*parser
	head  blockHead
	line  int // index of the first line
	at    Place
	lines []rawLine
	raw   bool
}

// arg is an argument as it is written, "" when it is not there.
func (b *blockReader) arg(n int) string {
	if n < len(b.head.args) {
		return b.head.args[n]
	}
	return ""
}

// argument is an argument as running text.
func (b *blockReader) argument(n int) []Inline {
	if n >= len(b.head.args) || b.head.args[n] == "" {
		return nil
	}
	return b.inlinesAt(b.line, b.head.columns[n], b.head.args[n])
}

func (b *blockReader) inlineLines() []Line {
	b.verbatim = true
	defer func() { b.verbatim = false }()
	lines := make([]Line, 0, len(b.lines))
	for _, l := range b.lines {
		at := b.place(l.index, 0)
		if b.raw {
			lines = append(lines, Line{at, []Inline{&Text{at, l.text}}})
			continue
		}
		lines = append(lines, Line{at, b.inlinesAt(l.index, 0, l.text)})
	}
	return lines
}

// text is the block's lines as they are.
func (b *blockReader) text() string {
	var t strings.Builder
	for _, l := range b.lines {
		t.WriteString(l.text)
		t.WriteByte('\n')
	}
	return t.String()
}

// paragraphs divides the block's lines at blank ones.
func (b *blockReader) paragraphs() []Block {
	var list []Block
	var par *Paragraph
	for _, l := range b.lines {
		if l.text == "" {
			par = nil
			continue
		}
		if par == nil {
			par = &Paragraph{Place: b.place(l.index, 0)}
			list = append(list, par)
		}
		par.Text = append(par.Text, b.inlinesAt(l.index, 0, l.text)...)
	}
	return list
}

func (b *blockReader) build() {
	name := b.head.name
	switch name {
	case "list", "listnum":
		b.code(2, b.arg(0), 1)
	case "emlist", "emlistnum", "source":
		b.code(1, "", 0)
	case "cmd", "box", "insn":
		b.code(-1, "", 0)
	case "bpo":
		b.code(-1, "", -1)
	case "table", "emtable", "imgtable":
		b.table()
	case "image", "indepimage", "numberlessimage", "graph":
		b.image()
	case "texequation":
		b.equation()
	case "footnote", "endnote":
		b.note()
	case "printendnotes":
		b.endnote = nil
		list := &NoteList{Place: b.at}
		b.put(list)
		// They can be printed several times, but not without end.
		const most = 20
		if b.noteLists++; b.noteLists <= most {
			chapter := b.chapter
			b.later = append(b.later, func() { list.Notes = chapter.Endnotes })
		}
	case "bibpaper":
		b.bibItem()
	case "embed":
		b.put(&Embed{Place: b.at, Command: name, Builders: embedBuilders(b.head.args), Text: b.text()})
	case "rawblock":
		b.put(&Embed{Place: b.at, Command: name, Builders: []string{"idgxml"}, Text: b.text()})
	case "raw":
		builders, text := rawBuilders(b.arg(0))
		b.put(&Embed{Place: b.at, Command: name, Builders: builders, Text: strings.ReplaceAll(text, `\n`, "\n")})
	case "comment":
		text := b.text()
		if arg := b.arg(0); arg != "" {
			text = arg + "\n" + text
		}
		b.put(&Comment{b.at, text})
	case "noindent":
		b.noIndent = true
	case "olnum":
		b.olnum = leadingNumber(b.arg(0))
	case "firstlinenum":
		b.firstNum = leadingNumber(b.arg(0))
	case "tsize":
		if builders, widths := rawBuilders(b.arg(0)); builders == nil || slices.Contains(builders, "latex") {
			b.widths = widths
		}
	case "beginchild":
		b.beginChild(b.at)
	case "endchild":
		b.endChild(b.at)
	case "blankline", "pagebreak", "hr", "parasep", "include", "dtp", "latextsize":
		b.put(&Command{b.at, name, b.head.args})
	case "label":
		b.put(&Command{b.at, name, b.head.args})
		b.labels = append(b.labels, placed{b.at, b.arg(0)})
	case "note", "memo", "tip", "info", "warning", "important", "caution", "notice":
		b.put(&Box{Place: b.at, Command: name, Caption: b.argument(0), Blocks: b.paragraphs()})
	default:
		b.verbatim = name == "quote" || name == "blockquote"
		defer func() { b.verbatim = false }()
		b.put(&Passage{Place: b.at, Command: name, Caption: b.argument(0), Blocks: b.paragraphs()})
	}
}

// leadingNumber is Ruby's String#to_i, within reason.
func leadingNumber(s string) int {
	s = strip(s)
	end := 0
	for end < len(s) && end < 9 && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}

// rawBuilders takes |html,latex|text apart.
func rawBuilders(s string) (builders []string, text string) {
	if !strings.HasPrefix(s, "|") {
		return nil, s
	}
	names, text, found := strings.Cut(s[1:], "|")
	if !found {
		return nil, s
	}
	return builderNames(names), text
}

// embedBuilders reads the argument of //embed: [html,latex] or [|html,latex|].
func embedBuilders(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	s := strings.TrimPrefix(strings.TrimLeft(args[0], blanks), "|")
	s = strings.TrimSuffix(strings.TrimRight(s, blanks), "|")
	return builderNames(s)
}

func builderNames(s string) []string {
	const most = 100 // there are not ten of them
	names := []string{}
	for name := range strings.SplitSeq(s, ",") {
		if len(names) == most {
			break
		}
		names = append(names, strings.Map(func(r rune) rune {
			if r < 0x80 && isBlank(byte(r)) {
				return -1
			}
			return r
		}, name))
	}
	return names
}

// code makes a listing. The arguments are the indexes of the language and the
// caption, -1 for none.
func (b *blockReader) code(language int, id string, caption int) {
	node := &Code{Place: b.at, Command: b.head.name, ID: id, FirstLine: 1}
	if caption >= 0 {
		node.Caption.Text = b.argument(caption)
	}
	if language >= 0 {
		node.Language = b.arg(language)
	}
	if node.Numbered = strings.HasSuffix(b.head.name, "num"); node.Numbered && b.firstNum != 0 {
		node.FirstLine, b.firstNum = b.firstNum, 0
	}
	node.Lines = b.inlineLines()
	if b.head.name == "list" || b.head.name == "listnum" {
		b.numbered(&b.chapter.indexes.list, "list", &entry{id: id, node: node, caption: node.Caption.Text}, &node.Caption)
	}
	b.put(node)
}

// numbered enters a node that has a number, and gives its caption the label
// when all numbers are known: of doubled ids both show the last number.
func (b *blockReader) numbered(x *index, word string, e *entry, caption *Caption) {
	b.enter(x, e)
	p := b.parser
	p.later = append(p.later, func() {
		if e := x.byID[e.id]; e != nil {
			caption.Label = p.itemLabel(word, p.chapter, e.number)
		}
	})
}

func (b *blockReader) image() {
	node := &Image{Place: b.at, Command: b.head.name, ID: b.arg(0)}
	if b.head.name == "graph" {
		node.Tool, node.Caption.Text = b.arg(1), b.argument(2)
	} else {
		node.Caption.Text, node.Metric = b.argument(1), b.arg(2)
	}
	node.Lines = b.inlineLines()
	e := &entry{id: node.ID, node: node, caption: node.Caption.Text}
	if b.head.name == "image" || b.head.name == "graph" {
		b.numbered(&b.chapter.indexes.image, "image", e, &node.Caption)
	} else {
		b.enter(&b.chapter.indexes.freeImage, e)
	}
	b.nearMetric(node.Metric)
	if b.head.name != "graph" {
		node.File = b.findImage(b.at, node.Command, node.ID)
	}
	b.put(node)
}

// findImage looks for an image, and tells when there is none.
func (p *parser) findImage(at Place, command, id string) string {
	file := p.images.find(p.chapter.ID, id)
	if file == "" {
		p.add(imageMissing(at, id, p.missingHint(at, command, id)))
	}
	return file
}

func (b *blockReader) equation() {
	node := &Equation{Place: b.at, ID: b.arg(0), Caption: Caption{Text: b.argument(1)}, Source: b.text()}
	if len(b.head.args) > 0 {
		b.numbered(&b.chapter.indexes.equation, "equation", &entry{id: node.ID, node: node, caption: node.Caption.Text}, &node.Caption)
	}
	b.nearEnvironments(node.Source)
	b.put(node)
}

func (b *blockReader) note() {
	node := &Note{Place: b.at, Endnote: b.head.name == "endnote", ID: b.arg(0), Text: b.argument(1)}
	x, list := &b.chapter.indexes.footnote, &b.chapter.Notes
	if node.Endnote {
		x, list = &b.chapter.indexes.endnote, &b.chapter.Endnotes
		if b.endnote == nil {
			b.endnote = node
		}
	} else if b.inside(inColumn) && b.makes("latex") {
		b.add(footnoteInColumn(b.at, node.ID))
	}
	e := &entry{id: node.ID, node: node, caption: node.Text}
	b.enter(x, e)
	*list = append(*list, node)
	p := b.parser
	p.later = append(p.later, func() {
		if e := x.byID[e.id]; e != nil {
			node.Number = e.number
		}
	})
	p.notes = append(p.notes, node)
	b.put(node)
}

func (p *parser) inside(kind containerKind) bool {
	for _, c := range p.open {
		if c.kind == kind {
			return true
		}
	}
	return false
}

func (b *blockReader) bibItem() {
	node := &BibItem{Place: b.at, ID: b.arg(0), Caption: b.argument(1), Blocks: b.paragraphs()}
	r := b.reader
	if b.src.file == r.bibPath {
		b.enter(&r.bib, &entry{id: node.ID, node: node, caption: node.Caption})
	} else {
		p := b.parser
		p.bibItems = append(p.bibItems, node)
	}
	b.later = append(b.later, func() {
		if e := r.bib.byID[node.ID]; e != nil {
			node.Number = e.number
		}
	})
	b.put(node)
}
