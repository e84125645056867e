package text

import (
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/review"
)

// File is the text of one chapter.
type File struct {
	Name string // as review-textmaker names it: "ch01.txt", "part_1.txt"
	Text string
}

// Files returns the texts of a book's chapters in reading order.
func Files(book *review.Book) []File {
	var files []File
	for _, c := range book.Chapters {
		if c.Kind == review.Part && c.File == "" {
			title := c.Label
			if name := strings.TrimSpace(c.ID); name != "" {
				title += "　" + name
			}
			files = append(files, File{"part_" + strconv.Itoa(c.Number) + ".txt", title + "\n"})
			continue
		}
		files = append(files, File{c.ID + ".txt", textOf(book, c)})
	}
	return files
}

// textOf returns the text of one chapter.
func textOf(book *review.Book, c *review.Chapter) string {
	w := &writer{
		book:     book,
		blank:    true,
		tabWidth: min(book.Settings.Int("tabwidth", 8), 64),
	}
	w.blocks(c.Blocks)
	return indentChildren(w.out.String())
}

// writer prints blocks as Re:VIEW does, which decides by what it has printed
// last whether a blank line is needed.
type writer struct {
	book     *review.Book
	out      strings.Builder
	blank    bool // the last line is blank
	tabWidth int
}

// line prints a text and a line end, unless the text has one at its end.
func (w *writer) line(s string) {
	w.blank = false
	w.out.WriteString(s)
	if !strings.HasSuffix(s, "\n") {
		w.out.WriteByte('\n')
	}
}

// space prints a blank line unless the last one is.
func (w *writer) space() {
	if !w.blank {
		w.out.WriteByte('\n')
	}
	w.blank = true
}

func (w *writer) blocks(list []review.Block) {
	for _, b := range list {
		w.block(b)
	}
}

func (w *writer) block(b review.Block) {
	switch b := b.(type) {
	case *review.Heading:
		w.heading(b)
	case *review.Column:
		w.column(b)
	case *review.Paragraph:
		w.line(w.inlines(b.Text))
	case *review.ItemList:
		w.items(b)
	case *review.DefinitionList:
		w.definitions(b)
	case *review.Code:
		w.code(b)
	case *review.Table:
		w.table(b)
	case *review.Image:
		w.image(b)
	case *review.Box:
		w.space()
		w.title(b.Caption)
		w.blocks(b.Blocks)
		w.space()
	case *review.Passage:
		w.passage(b)
	case *review.Equation:
		w.equation(b)
	case *review.Note:
		if !b.Endnote {
			w.line("注" + strconv.Itoa(b.Number) + " " + w.inlines(b.Text))
		}
	case *review.NoteList:
		for _, n := range b.Notes {
			w.line("(" + strconv.Itoa(n.Number) + ") " + w.inlines(n.Text))
		}
	case *review.BibItem:
		w.line(strconv.Itoa(b.Number) + " " + w.inlines(b.Caption))
		if len(b.Blocks) > 0 {
			w.line(w.paragraphs(b.Blocks))
		}
	case *review.Embed:
		if ours(b.Builders) {
			w.blank = false
			w.out.WriteString(b.Text)
		}
	case *review.Command:
		if b.Name == "blankline" {
			w.line("")
		}
	}
}

func (w *writer) heading(h *review.Heading) {
	switch {
	case h.Tag == review.NoDisp:
	case h.Number != "":
		w.line(h.Number + w.book.Locale.Word("chapter_postfix") + w.inlines(h.Title))
	default:
		w.line(w.inlines(h.Title))
	}
}

func (w *writer) column(c *review.Column) {
	if c.Command == "circle" {
		w.line("・" + w.inlines(c.Title))
		w.blocks(c.Blocks)
		return
	}
	w.space()
	w.line(w.inlines(c.Title))
	w.blocks(c.Blocks)
	w.space()
}

// A list ends where //beginchild follows it, and begins again behind //endchild
// if it goes on: so the blank lines around it fall.

func (w *writer) items(list *review.ItemList) {
	ended := true
	for _, item := range list.Items {
		if ended {
			w.space()
		}
		text := w.inlines(item.Text)
		if list.Numbered {
			text = strconv.Itoa(item.Number) + "　" + text
		}
		w.line(text)
		w.blocks(item.Blocks[:item.Lists])
		ended = w.child(item.Blocks[item.Lists:], item.Child)
	}
	if !ended {
		w.space()
	}
}

func (w *writer) definitions(list *review.DefinitionList) {
	ended := true
	for _, item := range list.Items {
		if ended {
			w.space()
		}
		w.line(w.inlines(item.Term))
		for _, p := range item.Paragraphs() {
			w.line(strings.ReplaceAll(w.inlines(p), "\n", ""))
		}
		ended = w.child(item.Blocks, item.Child)
	}
	if !ended {
		w.space()
	}
}

// child prints what stands between //beginchild and //endchild, and tells whether they
// are there.
func (w *writer) child(blocks []review.Block, there bool) bool {
	if !there {
		return false
	}
	w.space()
	w.line(childBegins)
	w.blocks(blocks)
	w.line(childEnds)
	return true
}

// title prints a caption that has no number.
func (w *writer) title(caption []review.Inline) {
	if len(caption) > 0 {
		w.line(w.inlines(caption))
	}
}

// caption prints a caption with its number.
func (w *writer) caption(c review.Caption) {
	w.line(c.Label + w.book.Locale.Word("caption_prefix_idgxml") + w.inlines(c.Text))
}

// above tells whether captions of a kind stand above what they belong to.
func (w *writer) above(kind string) bool {
	return w.book.Settings.Text("caption_position."+kind, "top") != "bottom"
}

func (w *writer) code(c *review.Code) {
	w.space()
	numbered := c.Command == "list" || c.Command == "listnum"
	caption := func(top bool) {
		switch {
		case w.above("list") != top:
		case !numbered:
			w.title(c.Caption.Text)
		case top:
			w.caption(c.Caption)
			w.space()
		default:
			w.space()
			w.caption(c.Caption)
		}
	}
	caption(true)
	var lines []string
	for _, l := range c.Lines {
		lines = append(lines, w.inlines(l.Text))
	}
	switch {
	case c.Command == "list":
		for _, l := range lines {
			w.line(detab(l, w.tabWidth))
		}
	case c.Numbered:
		for i, l := range lines {
			number := strconv.Itoa(i + 1)
			if len(number) < 2 {
				number = " " + number
			}
			w.line(number + ": " + l)
		}
	default:
		w.line(strings.Join(lines, "\n"))
	}
	caption(false)
	w.space()
}

func (w *writer) table(t *review.Table) {
	caption := func(top bool) {
		if len(t.Caption.Text) == 0 || w.above("table") != top && t.Command != "imgtable" {
			return
		}
		if !w.above("table") {
			w.space()
		}
		if t.Caption.Label == "" {
			w.line(w.inlines(t.Caption.Text))
		} else {
			w.caption(t.Caption)
		}
		if w.above("table") {
			w.space()
		}
	}
	w.space()
	if t.Command == "imgtable" {
		caption(true)
		w.space()
		return
	}
	caption(true)
	filled := 0
	for _, row := range t.Rows {
		// A long row among blank ones would fill the page with tabs.
		missing := t.Columns - max(len(row), 1)
		if filled += missing; filled > 1<<20 {
			missing = 0
		}
		w.line(w.row(row) + strings.Repeat("\t", max(missing, 0)))
	}
	w.space()
	caption(false)
}

// row prints a row's cells. Re:VIEW strips the line before it looks for cells,
// but after it has printed the inline commands at its ends.
func (w *writer) row(row []*review.Cell) string {
	var cells []string
	for _, c := range row {
		cells = append(cells, w.inlines(c.Text))
	}
	if n := len(row); n > 0 {
		if first := row[0].Text; len(first) > 0 && !isText(first[0]) {
			cells[0] = strings.TrimLeft(cells[0], blanks)
		}
		if last := row[n-1].Text; len(last) > 0 && !isText(last[len(last)-1]) {
			cells[n-1] = strings.TrimRight(cells[n-1], blanks)
		}
	}
	return strings.Join(cells, "\t")
}

func isText(i review.Inline) bool {
	_, ok := i.(*review.Text)
	return ok
}

const blanks = " \t\n\v\f\r"

func (w *writer) image(i *review.Image) {
	w.space()
	switch {
	case i.Command == "image" || i.Command == "graph":
		w.caption(i.Caption)
	case len(i.Caption.Text) > 0:
		w.line("図　" + w.inlines(i.Caption.Text))
	}
	w.space()
}

func (w *writer) equation(e *review.Equation) {
	w.space()
	if e.Caption.Label != "" && w.above("equation") {
		w.caption(e.Caption)
	}
	w.line(strings.TrimSuffix(e.Source, "\n"))
	if e.Caption.Label != "" && !w.above("equation") {
		w.caption(e.Caption)
	}
	w.space()
}

func (w *writer) passage(p *review.Passage) {
	if p.Command != "lead" && p.Command != "read" {
		w.space()
	}
	w.title(p.Caption)
	w.line(w.paragraphs(p.Blocks))
	w.space()
}

// paragraphs joins paragraphs, one to a line.
func (w *writer) paragraphs(blocks []review.Block) string {
	var lines []string
	for _, b := range blocks {
		if p, ok := b.(*review.Paragraph); ok {
			lines = append(lines, w.inlines(p.Text))
		}
	}
	return strings.Join(lines, "\n")
}

// detab turns tabs into spaces up to the next stop.
func detab(s string, width int) string {
	if width < 1 || !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		if r != '\t' {
			b.WriteRune(r)
			column++
			continue
		}
		n := width - column%width
		b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return b.String()
}

// The marks of what stands inside an item, until it is indented.
const (
	childBegins = "\x01("
	childEnds   = "\x01)"
)

// indentChildren puts a tab before the lines inside items, and takes out the
// blank lines around them.
func indentChildren(s string) string {
	if !strings.Contains(s, childBegins) {
		return s
	}
	lines := strings.Split(s, "\n")
	var b strings.Builder
	depth := 0
	pending := 0 // line ends that may turn out to stand before a mark
	afterMark := false
	for i, l := range lines {
		switch l {
		case childBegins, childEnds:
			if l == childBegins {
				depth++
			} else {
				depth--
			}
			pending, afterMark = 1, true
			continue
		}
		l = strings.Repeat("\t", depth) + l
		if l == "" && i < len(lines)-1 {
			if !afterMark {
				pending++
			}
			continue
		}
		if i > 0 {
			if afterMark {
				pending = 1
			}
			b.WriteString(strings.Repeat("\n", pending))
		}
		b.WriteString(l)
		pending, afterMark = 1, false
	}
	return b.String()
}
