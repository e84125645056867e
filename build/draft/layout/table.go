package layout

import (
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// column is one column of a table.
type column struct {
	how     align
	width   float64 // without the space at both sides
	fixed   bool    // the manuscript says how wide
	ruleL   bool    // a rule stands to its left
	natural float64 // the widest line of its cells
	least   float64 // the widest word of its cells
}

const cellSpace = 6 * pt // to the left and right of a cell's text

// table sets a table. Rows that do not fit go on to the next page.
func (c *chapter) table(b *review.Table) {
	g := c.galley
	if b.Command == "imgtable" && b.Image != nil {
		image := *b.Image
		image.Caption, image.ID = review.Caption{}, ""
		g.skip(c.lead() * 0.75)
		c.tableAnchor(b)
		c.figureCaption(b.Caption, "table")
		g.hold(max(len(g.items)-1, 0))
		c.picture(&image, c.captionHeight(b.Caption))
		g.skip(c.lead() * 0.75)
		return
	}
	g.skip(c.lead() * 0.75)
	c.tableAnchor(b)
	if !c.words.captionBelow["table"] {
		from := len(g.items)
		c.figureCaption(b.Caption, "table")
		g.hold(from)
		if len(g.items) > from {
			g.pad(c.lead()*0.3, true)
		}
	}
	c.tableRows(b)
	if c.words.captionBelow["table"] {
		if n := len(g.items); n > 0 {
			g.items[n-1].keep = true
		}
		c.figureCaption(b.Caption, "table")
	}
	g.skip(c.lead() * 0.9)
}

func (c *chapter) tableAnchor(b *review.Table) {
	if b.ID != "" {
		it := c.galley.item()
		it.keep = true
		it.points = append(it.points, itemPoint{anchor: c.anchor("table", b.ID)}, itemPoint{anchor: labelAnchor(b.ID)})
	}
}

// maxColumns bounds a table: no page holds more.
const maxColumns = 60

func (c *chapter) tableRows(b *review.Table) {
	count := 0
	for _, row := range b.Rows {
		count = max(count, len(row))
	}
	count = min(count, maxColumns)
	if count == 0 {
		return
	}
	columns, ruleR := readColumns(b.Widths, count, c.em())
	c.measureColumns(columns, b)
	total := 0.0
	for i := range columns {
		total += columns[i].width + 2*cellSpace
	}
	left := c.galley.left + max(c.galley.width-total, 0)/2
	begin := len(c.galley.items)
	defer c.keepTable(begin)
	var head *tableHead
	for i, row := range b.Rows {
		if c.cut {
			return
		}
		from := len(c.galley.items)
		c.tableRow(columns, row, left, total, ruleR, i == 0)
		if i == b.HeaderRows-1 {
			if head = newTableHead(c.galley.items[begin:]); head.height > c.geometry.TextHeight/4 {
				head = nil
			}
		} else {
			for j := from; j < len(c.galley.items); j++ {
				c.galley.items[j].head = head
			}
		}
		if i < b.HeaderRows && i+1 < len(b.Rows) || i == 0 && len(b.Rows) > 1 {
			c.galley.hold(from)
		}
	}
}

// keepTable keeps a table on one page when it is not long.
func (c *chapter) keepTable(from int) {
	items := c.galley.items[from:]
	height := 0.0
	for i := range items {
		height += items[i].height
	}
	if height < c.geometry.TextHeight/2 {
		for i := range max(len(items)-1, 0) {
			items[i].keep = true
		}
	}
}

// cellStyle is how a cell's text is set.
func (c *chapter) cellStyle(cell *review.Cell) style {
	if cell.Header {
		return c.hand.sans(c.small)
	}
	return c.hand.body(c.small)
}

// measureColumns finds how wide columns are. Those that the manuscript does not
// give a width share what room there is.
func (c *chapter) measureColumns(columns []column, b *review.Table) {
	const sample = 2000 // rows that are looked at
	for _, row := range b.Rows[:min(len(b.Rows), sample)] {
		for i, cell := range row[:min(len(row), len(columns))] {
			if columns[i].fixed {
				continue
			}
			t := c.fresh()
			points := t.points
			notes := c.notes
			c.notes = map[*review.Note]*note{} // the cell is set once more
			c.inlines(t, cell.Text, c.cellStyle(cell))
			c.notes, t.points = notes, points
			natural, least := t.widths()
			columns[i].natural = max(columns[i].natural, natural)
			columns[i].least = max(columns[i].least, least)
		}
	}
	room := c.galley.width - 2*cellSpace*float64(len(columns))
	shareWidth(columns, max(room, narrowest))
}

// widths returns how wide the longest line is when nothing is broken, and the
// longest part that cannot be broken.
func (t *text) widths() (natural, least float64) {
	x, part := 0.0, 0.0
	for i := range t.glyphs {
		g := &t.glyphs[i]
		if i > 0 {
			switch {
			case t.glyphs[i-1].flags&newline != 0:
				x, part = 0, 0
			default:
				n, _, _ := t.between(i - 1)
				x += n
				if t.mayEnd(i - 1) {
					part = 0
				} else {
					part += n
				}
			}
		}
		if g.flags&newline == 0 {
			x += float64(g.width)
			part += float64(g.width)
		}
		natural, least = max(natural, x), max(least, part)
	}
	return natural + 0.05, least + 0.05
}

// shareWidth gives columns their width.
func shareWidth(columns []column, room float64) {
	fixed, natural := 0.0, 0.0
	for i := range columns {
		if columns[i].fixed {
			fixed += columns[i].width
		} else {
			natural += columns[i].natural
		}
	}
	if fixed > 0 && fixed+min(natural, room*0.2) > room { // the manuscript asks for more than there is
		scale := max(room-min(natural, room*0.2), room*0.5) / fixed
		fixed = 0
		for i := range columns {
			if columns[i].fixed {
				columns[i].width *= scale
				fixed += columns[i].width
			}
		}
	}
	// Narrow columns keep what they ask for; wide ones share the rest.
	left := room - fixed
	var open []*column
	for i := range columns {
		if !columns[i].fixed {
			open = append(open, &columns[i])
		}
	}
	for len(open) > 0 {
		share := left / float64(len(open))
		var rest []*column
		for _, col := range open {
			if col.natural <= share {
				col.width = col.natural
				left -= col.width
			} else {
				rest = append(rest, col)
			}
		}
		if len(rest) == len(open) {
			sum := 0.0
			for _, col := range rest {
				sum += min(col.natural, 3*share)
			}
			for _, col := range rest {
				col.width = max(left*min(col.natural, 3*share)/sum, 4)
			}
			break
		}
		open = rest
	}
}

// tableRow sets one row: as many items as its tallest cell has lines, so that a
// row taller than a page can be parted.
func (c *chapter) tableRow(columns []column, row []*review.Cell, left, total float64, ruleR, first bool) {
	g := c.galley
	texts := make([]*text, len(columns))
	lines := make([][]lineBreak, len(columns))
	tallest := 1
	for i := range columns {
		texts[i] = &text{}
		if i >= len(row) {
			continue
		}
		cell := row[i]
		c.inlines(texts[i], cell.Text, c.cellStyle(cell))
		c.count(texts[i])
		c.lack(texts[i])
		lines[i] = texts[i].breakLines(measure{width: columns[i].width})
		tallest = max(tallest, len(lines[i]))
	}
	lead := 1.35 * c.small
	rule := float32(0.4)
	from := len(g.items)
	for n := range tallest {
		it := g.item()
		above := (lead-c.small)/2 + 0.88*c.small
		it.height = lead
		if n == 0 {
			above += 1.5
			it.height += 1.5
		}
		if n == tallest-1 {
			it.height += 1.5
		}
		it.base = above
		extra := 0.0
		x := left
		for i := range columns {
			if n < len(lines[i]) {
				line := lines[i][n]
				for j := line.start; j < line.end; j++ { // an icon in a cell
					if th := texts[i].glyphs[j].thing; th != 0 {
						extra = max(extra, texts[i].things[th-1].height-above)
					}
				}
			}
		}
		it.base += extra
		it.height += extra
		for i := range columns {
			col := &columns[i]
			if n < len(lines[i]) {
				texts[i].emit(it, lines[i][n], x+cellSpace, col.width, it.base, col.how)
			} else if len(lines[i]) == 0 && n == 0 && len(texts[i].points) > 0 {
				texts[i].emit(it, lineBreak{last: true}, x+cellSpace, col.width, it.base, col.how)
			}
			if col.ruleL {
				it.fills = append(it.fills, sheet.Fill{X: float32(x), Width: rule, Height: float32(it.height)})
			}
			x += col.width + 2*cellSpace
		}
		if ruleR {
			it.fills = append(it.fills, sheet.Fill{X: float32(x), Width: rule, Height: float32(it.height) + rule})
		}
		if n == 0 {
			it.fills = append(it.fills, sheet.Fill{X: float32(left), Width: float32(total), Height: rule})
		}
		if n == tallest-1 {
			it.fills = append(it.fills, sheet.Fill{X: float32(left), Y: float32(it.height), Width: float32(total), Height: rule})
		}
	}
	if float64(tallest)*lead < c.geometry.TextHeight*0.6 {
		for i := from; i < len(g.items)-1; i++ {
			g.items[i].keep = true
		}
	}
}

// readColumns reads what the manuscript says of a table's columns, in the
// language of LaTeX's tabular: |l|c|p{30mm}|.
func readColumns(spec string, count int, em float64) ([]column, bool) {
	columns := make([]column, 0, count)
	rule, ruled := false, spec == ""
	rest := strings.TrimSpace(spec)
	if isNumbers(rest) && rest != "" { // //tsize[10,20,30]
		ruled = true
		var b strings.Builder
		for w := range strings.SplitSeq(rest, ",") {
			b.WriteString("|p{" + strings.TrimSpace(w) + "mm}")
		}
		rest = b.String() + "|"
	}
	for rest != "" && len(columns) < count {
		ch := rest[0]
		rest = rest[1:]
		argument := func() string {
			if !strings.HasPrefix(rest, "{") {
				return ""
			}
			depth := 0
			for i := range len(rest) {
				switch rest[i] {
				case '{':
					depth++
				case '}':
					if depth--; depth == 0 {
						a := rest[1:i]
						rest = rest[i+1:]
						return a
					}
				}
			}
			a := rest[1:]
			rest = ""
			return a
		}
		col := column{how: flushLeft, ruleL: rule}
		switch ch {
		case '|':
			rule, ruled = true, true
			continue
		case 'l', 'X':
		case 'c':
			col.how = centered
		case 'r':
			col.how = flushRight
		case 'p', 'm', 'b', 'L', 'C', 'R':
			if w := parseLength(argument(), em, 0); w > 0 {
				col.width, col.fixed = w, true
			}
			switch ch {
			case 'p', 'm', 'b':
				col.how = justify
			case 'C':
				col.how = centered
			case 'R':
				col.how = flushRight
			}
		case '@', '!', '>', '<':
			argument()
			continue
		case '*':
			n, err := strconv.Atoi(argument())
			part := argument()
			if err == nil && n > 0 && n <= maxColumns && len(part) < 100 {
				rest = strings.Repeat(part, n) + rest
			}
			continue
		default:
			continue
		}
		columns = append(columns, col)
		rule = false
	}
	ruleR := rule || strings.HasPrefix(rest, "|") || spec == ""
	for len(columns) < count {
		columns = append(columns, column{how: flushLeft, ruleL: ruled})
	}
	if spec == "" {
		for i := range columns {
			columns[i].ruleL = true
		}
	}
	return columns, ruleR
}

func isNumbers(s string) bool {
	return strings.Trim(s, "0123456789., ") == ""
}
