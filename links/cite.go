package links

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/build/review"
)

// Citations are the URLs that a reader of the book meets, in reading order:
// those of @<href>, and those that stand as plain text in paragraphs, headings,
// lists, tables, captions, footnotes and the bibliography. Re:VIEW itself makes
// no links of the latter, but readers type them in. What a listing or @<code>
// holds is code, unless all of an @<code> or @<tt> is a URL; comments, formulas
// and raw output are no text. Of a listing only an @<href> counts.
func Citations(b *review.Book) []Citation {
	var c citer
	b.Walk(func(_ *review.Chapter, n review.Node) bool { return c.visit(n) })
	return c.found
}

type citer struct{ found []Citation }

// visit adds a node's URLs, and tells whether what is below it is text.
func (c *citer) visit(n review.Node) bool {
	switch n := n.(type) {
	case *review.Href:
		if strings.Contains(n.URL, ":") { // else a //label, or a page of the book
			c.add(n.Place, strings.TrimSpace(n.URL))
		}
		c.label(n)
	case *review.Text:
		c.plain(n.Place, n.Text)
	case *review.Keyword:
		c.plain(n.Place, n.Text+" "+n.Alternate)
	case *review.Ruby:
		c.plain(n.Place, n.Base)
	case *review.Span:
		if whole := strings.TrimSpace(n.Text); !codeSpans[n.Command] || strings.HasPrefix(whole, "http") && !strings.ContainsAny(whole, " \t") {
			c.plain(n.Place, n.Text)
		}
	case *review.Code:
		c.inlines(n.Caption.Text)
		c.hrefs(n.Lines)
		return false
	case *review.Image:
		c.inlines(n.Caption.Text)
		return false
	case *review.Unknown:
		c.hrefs(n.Lines)
		return false
	}
	return true
}

// label adds the URLs of what a link shows. One that shows a URL is not cut at its
// Japanese characters, and counts once when it leads there.
func (c *citer) label(h *review.Href) {
	shown := strings.TrimSpace(h.Text)
	if !strings.HasPrefix(shown, "http") || strings.ContainsAny(shown, " \t") {
		c.plain(h.Place, shown)
		return
	}
	a, err := parseURL(shown)
	b, err2 := parseURL(h.URL)
	if err == nil && (err2 != nil || a.String() != b.String()) {
		c.add(h.Place, shown)
	}
}

// codeSpans are the commands whose text is code or what is typed in.
var codeSpans = map[string]bool{"code": true, "tt": true, "tti": true, "ttb": true, "ttbold": true, "kbd": true, "samp": true}

func (c *citer) inlines(text []review.Inline) {
	for _, i := range text {
		c.visit(i)
	}
}

// hrefs adds the links of lines that are else no text.
func (c *citer) hrefs(lines []review.Line) {
	for _, l := range lines {
		for _, i := range l.Text {
			if h, ok := i.(*review.Href); ok {
				c.visit(h)
			}
		}
	}
}

func (c *citer) add(at review.Place, url string) {
	c.found = append(c.found, Citation{URL: url, Place: Place{File: at.File, Line: at.Line, Col: at.Column}})
}

// plain adds the URLs of a text.
func (c *citer) plain(at review.Place, text string) {
	for _, m := range findPlain(text) {
		there := at
		if there.Column > 0 {
			there.Column += utf8.RuneCountInString(text[:m[0]])
		}
		c.add(there, text[m[0]:m[1]])
	}
}

// plainURL is what a URL in running text consists of. Japanese text goes on
// behind it without a blank, so it ends at the first character beyond ASCII.
var plainURL = regexp.MustCompile(`(?i)\bhttps?://[!#-;=?-\[\]_a-z~]+`)

// findPlain returns where the URLs of a text begin and end. What ends a sentence
// and a bracket that the URL did not open are no parts of it.
func findPlain(text string) (all [][]int) {
	for _, m := range plainURL.FindAllStringIndex(text, -1) {
		url := text[m[0]:m[1]]
		for {
			short := strings.TrimRight(url, ".,:;!?'*")
			for _, pair := range []string{"()", "[]"} {
				if strings.HasSuffix(short, pair[1:]) && strings.Count(short, pair[:1]) < strings.Count(short, pair[1:]) {
					short = short[:len(short)-1]
				}
			}
			if short == url {
				break
			}
			url = short
		}
		if _, rest, _ := strings.Cut(url, "//"); rest != "" {
			all = append(all, []int{m[0], m[0] + len(url)})
		}
	}
	return all
}

// notForReaders are keys of a config whose URLs are names: of the book itself,
// and of XML namespaces.
var notForReaders = map[string]bool{"urnid": true, "opf_prefix": true, "opf_meta": true}

// ConfigCitations are the URLs among the values of a config file. A file that
// cannot be read has none: its faults are told elsewhere.
func ConfigCitations(file string, text []byte) []Citation {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil {
		return nil
	}
	var c citer
	c.config(&doc, file, 0)
	return c.found
}

// config adds the URLs of a config's node and of those below it.
func (c *citer) config(n *yaml.Node, file string, depth int) {
	if depth > 100 {
		return
	}
	switch n.Kind {
	case yaml.ScalarNode:
		line := n.Line
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line++ // the text begins below its key
		}
		for i, l := range strings.Split(n.Value, "\n") {
			at := review.Place{File: file, Line: line}
			if n.Style&yaml.LiteralStyle != 0 {
				at.Line += i
			}
			c.plain(at, l)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !notForReaders[n.Content[i].Value] {
				c.config(n.Content[i+1], file, depth+1)
			}
		}
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, one := range n.Content {
			c.config(one, file, depth+1)
		}
	}
}
