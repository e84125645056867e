package review

import (
	"fmt"
	"strings"
	"testing"
)

func TestWalkVisitsEveryNodeInReadingOrder(t *testing.T) {
	text := func(s string) []Inline { return []Inline{&Text{Text: s}} }
	c := &Chapter{ID: "ch01", Blocks: []Block{
		&Heading{Title: text("1")},
		&Column{Title: text("2"), Blocks: []Block{&Paragraph{Text: text("3")}}},
		&ItemList{Items: []*Item{{Text: text("4"), Blocks: []Block{&Paragraph{Text: text("5")}}}}},
		&DefinitionList{Items: []*Definition{{Term: text("6"), Text: text("7"), Blocks: []Block{&Paragraph{Text: text("8")}}}}},
		&Code{Caption: Caption{Text: text("9")}, Lines: []Line{{Text: text("10")}}},
		&Table{Caption: Caption{Text: text("11")}, Rows: [][]*Cell{{{Text: text("12")}, {Text: text("13")}}}, Image: &Image{Lines: []Line{{Text: text("14")}}}},
		&Box{Caption: text("15"), Blocks: []Block{&Paragraph{Text: text("16")}}},
		&Passage{Blocks: []Block{&Paragraph{Text: text("17")}}},
		&Equation{Caption: Caption{Text: text("18")}},
		&Note{Text: text("19")},
		&BibItem{Caption: text("20"), Blocks: []Block{&Paragraph{Text: text("21")}}},
		&Unknown{Lines: []Line{{Text: text("22")}}},
	}}
	book := &Book{Chapters: []*Chapter{c}, Bibliography: &Chapter{ID: "bib", Blocks: []Block{&Paragraph{Text: text("23")}}}}
	var seen []string
	book.Walk(func(c *Chapter, n Node) bool {
		if t, ok := n.(*Text); ok {
			seen = append(seen, t.Text)
		}
		return true
	})
	for i, s := range seen {
		if s != fmt.Sprint(i+1) {
			t.Fatalf("seen %s", strings.Join(seen, " "))
		}
	}
	if len(seen) != 23 {
		t.Errorf("%d of 23 texts seen", len(seen))
	}

	var left []string
	c.Walk(func(n Node) bool {
		if t, ok := n.(*Text); ok {
			left = append(left, t.Text)
		}
		_, column := n.(*Column)
		return !column
	})
	if got := strings.Join(left[:2], " "); got != "1 4" {
		t.Errorf("a column left out still shows %s", got)
	}
}

func TestPlainTextIsWhatAReaderSees(t *testing.T) {
	text := []Inline{
		&Text{Text: "a"}, &Span{Command: "b", Text: "b"}, &Keyword{Text: "c", Alternate: "x"}, &Ruby{Base: "d", Reading: "x"},
		&Ref{Text: []Inline{&Text{Text: "e"}}}, &Href{URL: "f"}, &Href{URL: "x", Text: "g"}, &IndexTerm{Term: "h", Shown: true}, &IndexTerm{Term: "x"},
	}
	if got := PlainText(text); got != "abcdefgh" {
		t.Errorf("PlainText is %q", got)
	}
}
