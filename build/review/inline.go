package review

// Inline is a piece of running text. Inlines do not stand inside each other.
type Inline interface {
	Node
	inline()
}

// Text is text without a command.
type Text struct {
	Place
	Text string
}

// Span is text that is set in another way, or means something of its own.
type Span struct {
	Place
	Command string // b, i, em, strong, tt, ttb, tti, code, u, bou, ami, sup, sub, del, ins, kbd, tcy, balloon ...
	Text    string
}

// Keyword is a term with, in brackets, the same in another language.
type Keyword struct {
	Place
	Text      string
	Alternate string // "" when there is none
}

// Ruby is text with its reading above it.
type Ruby struct {
	Place
	Base    string
	Reading string
}

// Ref points to another place of the book.
type Ref struct {
	Place
	Command string   // list, img, table, eq, chap, title, chapref, hd, sec, secref, sectitle, column, bib, labelref, ref
	Arg     string   // as written
	Chapter *Chapter // the chapter it points into, nil when it is unresolved
	Target  Node     // a Code, Table, Image, Equation, Heading, Column, BibItem or Chapter, nil when it is unresolved
	Text    []Inline // what a reader sees: "リスト1.2", "「1.2 題名」"
}

// PageRef is the number of the page on which a //label or an id stands.
type PageRef struct {
	Place
	Arg string
}

// Href is a link out of the book, or to a //label.
type Href struct {
	Place
	URL  string
	Text string // "" when the URL itself is shown
}

// NoteRef is the mark of a footnote or endnote.
type NoteRef struct {
	Place
	Endnote bool
	Arg     string // the note's id, as written
	Note    *Note  // nil when it is unresolved
}

// Math is a formula in LaTeX.
type Math struct {
	Place
	Source string
}

// IndexTerm is an entry of the book's index.
type IndexTerm struct {
	Place
	Term  string // as written; <<>> parts a term from what stands below it
	Shown bool   // the term is also part of the text
}

// Icon is an image in running text.
type Icon struct {
	Place
	ID   string
	File string // slash path below the root of the file that was found, "" when there is none
}

// InlineEmbed is what is handed to a kind of output as it is: @<raw> and @<embed>.
type InlineEmbed struct {
	Place
	Command  string   // embed or raw
	Builders []string // html, latex, top ...; nil for all of them
	Text     string
}

// Break is the end of a line.
type Break struct{ Place }

// InlineComment is a @<comment>. It is shown in drafts of Re:VIEW alone.
type InlineComment struct {
	Place
	Text string
}

// UnknownInline is a command that neither Re:VIEW nor bookci knows the meaning
// of: a fault, or one that review-ext.rb defines.
type UnknownInline struct {
	Place
	Command string
	Arg     string
	Defined bool // review-ext.rb defines it
}

func (*Text) inline()          {}
func (*Span) inline()          {}
func (*Keyword) inline()       {}
func (*Ruby) inline()          {}
func (*Ref) inline()           {}
func (*PageRef) inline()       {}
func (*Href) inline()          {}
func (*NoteRef) inline()       {}
func (*Math) inline()          {}
func (*IndexTerm) inline()     {}
func (*Icon) inline()          {}
func (*InlineEmbed) inline()   {}
func (*Break) inline()         {}
func (*InlineComment) inline() {}
func (*UnknownInline) inline() {}
