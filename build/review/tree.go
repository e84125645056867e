package review

import "github.com/bookci/bookci/build/book"

// Place is where something stands in the manuscript.
type Place struct {
	File   string // slash path below the root, "" for what no file holds
	Line   int    // counted from 1, 0 when unknown
	Column int    // in characters, counted from 1, 0 when unknown
}

// At returns the place itself. Every node has it by embedding its Place.
func (p Place) At() Place { return p }

// Node is anything in the tree that has a place: a Block, an Inline, an Item,
// a Definition, a Cell or a Chapter.
type Node interface{ At() Place }

// Block is a node that stands on lines of its own.
type Block interface {
	Node
	block()
}

// Book is a manuscript as its reader sees it.
type Book struct {
	Settings     *Settings
	Locale       *Locale
	Chapters     []*Chapter        // in reading order; a part stands before its chapters
	Bibliography *Chapter          // the file of //bibpaper, one of Chapters or not; nil when there is none
	Faults       []book.Diagnostic // in the order of the files and their lines
	Cut          bool              // there is more of the book than was read: a fault tells where it ends
}

// Kind is the part of a book that a chapter belongs to.
type Kind string

// The kinds of chapters, after the sections of catalog.yml.
const (
	Predef       Kind = "predef"
	Part         Kind = "part"
	Body         Kind = "chapter"
	Appendix     Kind = "appendix"
	Postdef      Kind = "postdef"
	Bibliography Kind = "bibliography"
)

// Chapter is one file of the manuscript, or a part that is a mere title.
type Chapter struct {
	Place
	ID     string // the file's name without .re; of a part without a file its title
	Kind   Kind
	Part   *Chapter // the part it stands in, nil outside parts
	Number int      // within its kind, from 1; 0 for what has no number
	Label  string   // "第1章", "付録A", "第I部", "" for what has no number
	Title  []Inline // of its first heading of level 1
	Blocks []Block

	Notes    []*Note // footnotes in the order of their numbers
	Endnotes []*Note // endnotes in the order of their numbers

	indexes    indexes
	shown      shown
	unnumbered bool // its first heading has a tag that takes its number
}

// Tag is what a heading's brackets say.
type Tag string

// The tags of headings. A [column] is a Column, no Heading.
const (
	NoTag  Tag = ""
	NoNum  Tag = "nonum"  // without a number
	NoToc  Tag = "notoc"  // without a number, not in the contents
	NoDisp Tag = "nodisp" // without a number, in the contents alone
)

// Heading is the title of a chapter, section and so on.
type Heading struct {
	Place
	Level  int // 1 to 6
	Tag    Tag
	ID     string // its {label}, "" when it has none
	Number string // "第1章" or "1.2", "" for what has no number
	Title  []Inline
}

// Column is a heading with [column] and all that belongs to it.
type Column struct {
	Place
	Command string // column, or a rare word: xcolumn, ref, sup, world, hood, edition, insideout, circle
	Level   int
	ID      string // its {label}, else its title
	Number  int    // within the chapter, from 1; 0 for the rare ones
	Title   []Inline
	Blocks  []Block
}

// Paragraph is running text. Its lines are joined as Re:VIEW joins them.
type Paragraph struct {
	Place
	NoIndent bool // //noindent stands before it
	Text     []Inline
}

// ItemList is a list of items with bullets or numbers.
type ItemList struct {
	Place
	Numbered bool
	Start    int // number of the first item as //olnum gives it, else 1
	Items    []*Item
}

// Item is one entry of an ItemList.
type Item struct {
	Place
	Number int // as it is written in the manuscript, 0 for bullets
	Text   []Inline
	Blocks []Block // lists below it, and what stands in //beginchild
	Lists  int     // how many of Blocks are lists below it: they come first
	Child  bool    // //beginchild stands behind it, also when nothing is in it
}

// DefinitionList is a list of terms and what they mean.
type DefinitionList struct {
	Place
	Items []*Definition
}

// Definition is one entry of a DefinitionList.
type Definition struct {
	Place
	Term   []Inline
	Text   []Inline
	Blocks []Block // what stands in //beginchild
	Child  bool    // //beginchild stands behind it, also when nothing is in it

	breaks []int // where, within Text, a blank line stands in the manuscript
}

// Paragraphs is a Definition's Text, divided at the manuscript's blank lines.
func (d *Definition) Paragraphs() [][]Inline {
	var list [][]Inline
	from := 0
	for _, at := range d.breaks {
		list = append(list, d.Text[from:at])
		from = at
	}
	return append(list, d.Text[from:])
}

// Caption is what is written above or below a Code, Table, Image or Equation.
type Caption struct {
	Label string   // "リスト1.2", "" for what is not numbered
	Text  []Inline // nil when there is none
}

// Code is a listing, numbered or not, what a terminal shows, or another text
// whose lines stay as they are.
type Code struct {
	Place
	Command   string // list, listnum, emlist, emlistnum, source or cmd; box, bpo or insn
	ID        string // "" for what has none
	Caption   Caption
	Language  string
	Numbered  bool // its lines have numbers
	FirstLine int  // the number of its first line
	Lines     []Line
}

// Line is one line of a Code or of an Image's text.
type Line struct {
	Place
	Text []Inline
}

// Table is rows of cells. An imgtable has an Image and no rows.
type Table struct {
	Place
	Command    string // table, emtable or imgtable
	ID         string // "" for what has none
	Caption    Caption
	Widths     string    // what //tsize says for LaTeX, "" when nothing does
	HeaderRows int       // rows above the rule
	Columns    int       // cells of the longest row
	Rows       [][]*Cell // a row may have fewer cells than Columns, also none: the rest of it is blank
	Image      *Image    // of an imgtable
}

// Cell is one cell of a Table.
type Cell struct {
	Place
	Header bool // it stands above the rule or, without one, in the first column
	Text   []Inline
}

// Image is a figure.
type Image struct {
	Place
	Command string // image, indepimage, numberlessimage, imgtable or graph
	ID      string
	File    string // slash path below the root of the file that was found, "" when there is none
	Caption Caption
	Metric  string // "scale=0.5", as written for LaTeX
	Tool    string // of a graph: the program that draws it
	Lines   []Line // what stands in the block: a graph's source, else a drawing in characters
}

// Box is a short text beside the running one.
type Box struct {
	Place
	Command string // note, memo, tip, info, warning, important, caution or notice
	Caption []Inline
	Blocks  []Block
}

// Passage is paragraphs that are set in another way.
type Passage struct {
	Place
	Command string   // quote, blockquote, lead, read, centering, flushright, address, talk, doorquote, point, ...
	Caption []Inline // nil when there is none
	Blocks  []Block
}

// Equation is a formula on lines of its own.
type Equation struct {
	Place
	ID      string
	Caption Caption
	Source  string // LaTeX
}

// Note is the text of a footnote or endnote.
type Note struct {
	Place
	Endnote bool
	ID      string
	Number  int
	Used    bool // some NoteRef points to it
	Text    []Inline
}

// NoteList is where a chapter's endnotes are printed.
type NoteList struct {
	Place
	Notes []*Note
}

// BibItem is an entry of the bibliography.
type BibItem struct {
	Place
	ID      string
	Number  int
	Caption []Inline
	Blocks  []Block
}

// Embed is what is handed to a kind of output as it is: //embed and //raw.
type Embed struct {
	Place
	Command  string   // embed or raw
	Builders []string // html, latex, top ...; nil for all of them
	Text     string
}

// Comment is a //comment. It is shown in drafts of Re:VIEW alone.
type Comment struct {
	Place
	Text string
}

// Command is a command without a text that is no other kind of node:
// blankline, pagebreak, hr, parasep, label, and those of review-ext.rb.
type Command struct {
	Place
	Name string
	Args []string
}

// Unknown is a block whose command neither Re:VIEW nor bookci knows the
// meaning of: a fault, or one that review-ext.rb defines.
type Unknown struct {
	Place
	Name    string
	Args    []string
	Lines   []Line
	Defined bool // review-ext.rb defines it
}

func (*Heading) block()        {}
func (*Column) block()         {}
func (*Paragraph) block()      {}
func (*ItemList) block()       {}
func (*DefinitionList) block() {}
func (*Code) block()           {}
func (*Table) block()          {}
func (*Image) block()          {}
func (*Box) block()            {}
func (*Passage) block()        {}
func (*Equation) block()       {}
func (*Note) block()           {}
func (*NoteList) block()       {}
func (*BibItem) block()        {}
func (*Embed) block()          {}
func (*Comment) block()        {}
func (*Command) block()        {}
func (*Unknown) block()        {}
