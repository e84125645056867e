package review

import "strings"

// table makes a table of the block's lines.
func (b *blockReader) table() {
	node := &Table{Place: b.at, Command: b.head.name, Widths: b.widths}
	b.widths = ""
	if b.head.name == "emtable" {
		node.Caption.Text = b.argument(0)
	} else {
		node.ID, node.Caption.Text = b.arg(0), b.argument(1)
		if len(b.head.args) > 0 {
			b.numbered(&b.chapter.indexes.table, "table", &entry{id: node.ID, node: node, caption: node.Caption.Text}, &node.Caption)
		}
	}
	if b.head.name == "imgtable" {
		image := &Image{Place: b.at, Command: b.head.name, ID: node.ID, Metric: b.arg(2), Lines: b.inlineLines()}
		b.enter(&b.chapter.indexes.freeImage, &entry{id: node.ID, node: image})
		image.File = b.findImage(b.at, node.Command, node.ID)
		node.Image = image
		b.put(node)
		return
	}
	b.rows(node)
	b.nearTable(node)
	if len(node.Rows) == 0 {
		b.add(noRows(b.at))
	}
	b.put(node)
}

// rows reads the rows above and below the first rule. Blank cells at the end
// of a row do not count. Short rows are not filled up: one long row among many
// blank ones would be a table without end.
func (b *blockReader) rows(node *Table) {
	ruled := false
	for n, l := range b.lines {
		if b.room.pieces <= 0 {
			break
		}
		if isRule(l.text) {
			if !ruled {
				ruled = true
				node.HeaderRows = n
			}
			continue
		}
		row := b.cells(l)
		for len(row) > 0 && onlyText(row[len(row)-1].Text) && strip(PlainText(row[len(row)-1].Text)) == "" {
			row = row[:len(row)-1]
		}
		node.Columns = max(node.Columns, len(row))
		node.Rows = append(node.Rows, row)
	}
	for n, row := range node.Rows {
		for i, c := range row {
			c.Header = n < node.HeaderRows || !ruled && i == 0
		}
	}
}

func onlyText(text []Inline) bool {
	for _, i := range text {
		if _, ok := i.(*Text); !ok {
			return false
		}
	}
	return true
}

// isRule tells whether a line is the rule below a table's header.
func isRule(line string) bool {
	const least = 12
	if len(line) < least {
		return false
	}
	for i := range least {
		if strings.IndexByte("=-{}", line[i]) < 0 {
			return false
		}
	}
	return true
}

// cells divides a line of a table, also inside of an inline command: there
// Re:VIEW looks for separators, too.
func (b *blockReader) cells(l rawLine) []*Cell {
	text := strip(l.text)
	start := indent(l.text)
	if text == "" {
		return nil
	}
	cell := &Cell{Place: b.place(l.index, start)}
	var row []*Cell
	for _, i := range b.inlinesAt(l.index, start, text) {
		at, rest, again := divisible(i)
		if again == nil {
			cell.Text = append(cell.Text, i)
			continue
		}
		for b.room.pieces > 0 {
			from, to := b.separator(rest)
			if from < 0 {
				break
			}
			b.room.pieces -= 2 // the cell and its text
			if from > 0 {
				cell.Text = append(cell.Text, again(at, rest[:from]))
			}
			row = append(row, trimPoint(cell))
			at.Column += columnAt(rest, to) - 1
			rest = rest[to:]
			cell = &Cell{Place: at}
		}
		if rest != "" {
			cell.Text = append(cell.Text, again(at, rest))
		}
	}
	return append(row, trimPoint(cell))
}

// divisible returns the text in which separators count, and what makes an
// inline of a piece of it; nil for what is never divided.
func divisible(i Inline) (at Place, text string, again func(Place, string) Inline) {
	switch i := i.(type) {
	case *Text:
		return i.Place, i.Text, func(at Place, s string) Inline { return &Text{at, s} }
	case *Span:
		return i.Place, i.Text, func(at Place, s string) Inline { return &Span{at, i.Command, s} }
	}
	return Place{}, "", nil
}

// separator finds what divides two cells.
func (b *blockReader) separator(s string) (from, to int) {
	switch b.tableSeparator {
	case "singletab":
		if i := strings.IndexByte(s, '\t'); i >= 0 {
			return i, i + 1
		}
		return -1, -1
	case "spaces":
		i := strings.IndexAny(s, blanks)
		if i < 0 {
			return -1, -1
		}
		return i, i + indent(s[i:])
	case "verticalbar":
		i := strings.IndexByte(s, '|')
		if i < 0 {
			return -1, -1
		}
		return len(strings.TrimRight(s[:i], blanks)), i + 1 + indent(s[i+1:])
	}
	i := strings.IndexByte(s, '\t')
	if i < 0 {
		return -1, -1
	}
	return i, len(s) - len(strings.TrimLeft(s[i:], "\t"))
}

// trimPoint takes the point off that a cell begins with.
func trimPoint(c *Cell) *Cell {
	if len(c.Text) == 0 {
		return c
	}
	t, ok := c.Text[0].(*Text)
	if !ok || !strings.HasPrefix(t.Text, ".") {
		return c
	}
	if t.Text == "." {
		c.Text = c.Text[1:]
	} else {
		c.Text[0] = &Text{Place{t.File, t.Line, t.Column + 1}, t.Text[1:]}
	}
	return c
}
