package review

import "slices"

// Walk calls visit for every node below the chapters of a book in reading
// order, each before what it holds. What a Ref shows belongs to its target and
// is not walked. When visit returns false the node's contents are left out.
func (b *Book) Walk(visit func(*Chapter, Node) bool) {
	for _, c := range b.Chapters {
		c.Walk(func(n Node) bool { return visit(c, n) })
	}
	if c := b.Bibliography; c != nil && !slices.Contains(b.Chapters, c) {
		c.Walk(func(n Node) bool { return visit(c, n) })
	}
}

// Walk is Book.Walk for one chapter.
func (c *Chapter) Walk(visit func(Node) bool) {
	if visit(c) {
		w := walker{visit}
		w.blocks(c.Blocks)
	}
}

type walker struct{ visit func(Node) bool }

func (w walker) blocks(list []Block) {
	for _, b := range list {
		w.block(b)
	}
}

func (w walker) block(b Block) {
	if !w.visit(b) {
		return
	}
	switch b := b.(type) {
	case *Heading:
		w.inlines(b.Title)
	case *Column:
		w.inlines(b.Title)
		w.blocks(b.Blocks)
	case *Paragraph:
		w.inlines(b.Text)
	case *ItemList:
		for _, item := range b.Items {
			if w.visit(item) {
				w.inlines(item.Text)
				w.blocks(item.Blocks)
			}
		}
	case *DefinitionList:
		for _, item := range b.Items {
			if w.visit(item) {
				w.inlines(item.Term)
				w.inlines(item.Text)
				w.blocks(item.Blocks)
			}
		}
	case *Code:
		w.inlines(b.Caption.Text)
		w.lines(b.Lines)
	case *Table:
		w.inlines(b.Caption.Text)
		for _, row := range b.Rows {
			for _, cell := range row {
				if w.visit(cell) {
					w.inlines(cell.Text)
				}
			}
		}
		if b.Image != nil {
			w.block(b.Image)
		}
	case *Image:
		w.inlines(b.Caption.Text)
		w.lines(b.Lines)
	case *Box:
		w.inlines(b.Caption)
		w.blocks(b.Blocks)
	case *Passage:
		w.inlines(b.Caption)
		w.blocks(b.Blocks)
	case *Equation:
		w.inlines(b.Caption.Text)
	case *Note:
		w.inlines(b.Text)
	case *BibItem:
		w.inlines(b.Caption)
		w.blocks(b.Blocks)
	case *Unknown:
		w.lines(b.Lines)
	}
}

func (w walker) lines(list []Line) {
	for _, l := range list {
		w.inlines(l.Text)
	}
}

func (w walker) inlines(list []Inline) {
	for _, i := range list {
		w.visit(i)
	}
}

// PlainText returns what a reader sees of running text, without its looks.
func PlainText(text []Inline) string {
	var b []byte
	for _, i := range text {
		b = appendPlain(b, i)
	}
	return string(b)
}

func appendPlain(b []byte, i Inline) []byte {
	switch i := i.(type) {
	case *Text:
		return append(b, i.Text...)
	case *Span:
		return append(b, i.Text...)
	case *Keyword:
		return append(b, i.Text...)
	case *Ruby:
		return append(b, i.Base...)
	case *Ref:
		for _, t := range i.Text {
			b = appendPlain(b, t)
		}
		return b
	case *Href:
		if i.Text != "" {
			return append(b, i.Text...)
		}
		return append(b, i.URL...)
	case *Math:
		return append(b, i.Source...)
	case *IndexTerm:
		if i.Shown {
			return append(b, i.Term...)
		}
	case *Break:
		return append(b, '\n')
	case *UnknownInline:
		return append(b, i.Arg...)
	}
	return b
}

// plainLength is about how many bytes an inline shows, at least 1. That of a
// Ref is for others to find out.
func plainLength(i Inline) int {
	switch i := i.(type) {
	case *Text:
		return 1 + len(i.Text)
	case *Span:
		return 1 + len(i.Text)
	case *Keyword:
		return 1 + len(i.Text) + len(i.Alternate)
	case *Ruby:
		return 1 + len(i.Base) + len(i.Reading)
	case *Href:
		return 1 + len(i.Text) + len(i.URL)
	case *Math:
		return 1 + len(i.Source)
	case *IndexTerm:
		return 1 + len(i.Term)
	case *InlineEmbed:
		return 1 + len(i.Text)
	case *UnknownInline:
		return 1 + len(i.Arg)
	}
	return 1
}
