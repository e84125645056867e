package links

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/review"
)

func TestPagesAreGathered(t *testing.T) {
	at := func(n int) Place { return Place{File: "ch01.re", Line: n} }
	pages, left := Gather([]Citation{
		{"https://Books.jp", at(1)}, {"https://books.jp:443/", at(2)}, {"https://books.jp/#x", at(3)}, {"https://books.jp/%23x", at(4)},
		{"http://日本語.jp/日本語?q=本#本", at(5)}, {"http://xn--wgv71a119e.jp/%E6%97%A5%E6%9C%AC%E8%AA%9E?q=%E6%9C%AC", at(6)},
		{"mailto:a@books.jp", at(7)}, {"ftp://books.jp/", at(8)}, {"chap2.html#x", at(9)},
		{"http://example.com/", at(10)}, {"https://www.example.co.jp/x", at(11)}, {"http://localhost:3000/", at(12)}, {"http://192.168.0.1/", at(13)},
		{"http://myhost/", at(14)}, {"http://a.test/", at(15)}, {"http://[::1]/", at(16)}, {"http://203.0.113.5/", at(17)}, {"http://example1.jp/", at(18)}, {"http://127.0.0.1:8080/", at(19)},
		{"https://skip.books.jp/a", at(20)}, {"http://", at(21)}, {"http://user:pw@books.jp/", at(22)}, {"https://Books.jp", at(1)},
		{"http://books.jp/a b%zz", at(23)}, {"http://my_host.books.jp/", at(24)},
		{"http://2130706433/", at(25)}, {"http://0x7f.1:80/", at(26)}, {"http://0300.0xa8.1/", at(27)}, {"http://134744072/", at(28)}, {"http://8.8.2056/", at(29)},
		{"http://1.2.3.4.5/", at(30)}, {"http://books.256/", at(31)}, {"http://books.jp:65536/", at(32)},
	}, Rules{Ignore: Ignore([]string{"skip.books.jp"})})
	var got []string
	for _, p := range pages {
		lines := p.URL
		for _, c := range p.Cited {
			lines += fmt.Sprintf(" %d", c.Line)
			if c.Fragment != "" {
				lines += "#" + c.Fragment
			}
		}
		got = append(got, lines)
	}
	want := []string{
		"https://books.jp/ 1 2 3#x", "https://books.jp/%23x 4", "http://xn--wgv71a119e.jp/%E6%97%A5%E6%9C%AC%E8%AA%9E?q=%E6%9C%AC 5#本 6",
		"http:// 21", "http://user:pw@books.jp/ 22", "http://books.jp/a%20b%25zz 23", "http://my_host.books.jp/ 24",
		"http://8.8.8.8/ 28 29", "http://1.2.3.4.5/ 30", "http://books.256/ 31", "http://books.jp:65536/ 32",
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if left != (Left{Reserved: 13, Ignored: 1, Other: 3}) {
		t.Errorf("left out: %+v", left)
	}
}

// What costs a little for each pair of citations is too much for a large book: it
// took minutes, and takes seconds.
func TestAHostileManuscriptCostsLittle(t *testing.T) {
	const (
		n     = 60_000
		bound = time.Minute
	)
	var cited []Citation
	for i := range n {
		cited = append(cited, Citation{URL: fmt.Sprintf("http://books.jp/#%d", i), Place: Place{File: "ch01.re", Line: i}})
	}
	begun := time.Now()
	pages, _ := Gather(cited, Rules{})
	item := &Item{URL: pages[0].URL, Try: Try{Status: 200}, Cited: pages[0].Cited, Missing: pages[0].fragments()}
	if vs := Judge(item); len(pages) != 1 || len(vs) != n {
		t.Errorf("%d pages, %d verdicts", len(pages), len(vs))
	}
	if took := time.Since(begun); took > bound {
		t.Errorf("fragments took %v", took)
	}

	now := time.Now()
	still := func() time.Time { return now } // so that all hosts are looked at once
	r := &run{o: Options{Now: still}, gates: newGates(1, 0, still), hosts: map[string]*host{}, total: n}
	for i := range n {
		r.hosts[strconv.Itoa(i)] = &host{name: strconv.Itoa(i), busy: true}
	}
	begun = time.Now()
	for range n {
		if p := r.progress(); p.Hosts != n || p.Total != n {
			t.Fatalf("%+v", p)
		}
		if time.Since(begun) > bound {
			t.Fatal("estimates take longer than requests")
		}
	}
}

func TestIgnorePatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, url string
		want         bool
	}{
		{"books.jp", "https://books.jp/a", true}, {"books.jp", "http://BOOKS.jp", true}, {"books.jp", "https://www.books.jp/", false}, {"books.jp", "https://books.jp.evil.com/", false},
		{"*.books.jp", "https://www.books.jp/", true}, {"*.books.jp", "https://books.jp/", false}, {"books.jp:8080", "http://books.jp:8080/x", true},
		{"books.jp/wiki", "https://books.jp/wiki/x", true}, {"books.jp/wiki", "https://books.jp/w", false}, {"books.jp/本", "https://books.jp/%E6%9C%AC/x", true},
		{"https://books.jp/", "https://books.jp/x", true}, {"https://books.jp/", "http://books.jp/x", false}, {"*://books.jp/", "http://books.jp/x", true},
		{"https://books.jp/*/edit", "https://books.jp/a/edit?x", true}, {"https://Books.JP/A", "https://books.jp/A", true}, {"https://books.jp/A", "https://books.jp/a", false},
	} {
		if got := Ignore([]string{c.pattern})(c.url); got != c.want {
			t.Errorf("%s covers %s: %v", c.pattern, c.url, got)
		}
		if err := CheckPattern(c.pattern); err != nil {
			t.Error(err)
		}
	}
	for _, p := range []string{"", " ", "*", "**", "https://", "http://*", "ftp://books.jp", "a b", "/", "*/*"} {
		if CheckPattern(p) == nil {
			t.Errorf("%q is accepted", p)
		}
	}
}

func TestPlainURLsEndWhereTheirTextDoes(t *testing.T) {
	for text, want := range map[string]string{
		"詳細はhttps://books.jp/a を参照":                        "https://books.jp/a",
		"（https://books.jp/a）を参照":                          "https://books.jp/a",
		"https://books.jp/a、https://books.jp/b。":           "https://books.jp/a https://books.jp/b",
		"see https://books.jp/a.":                          "https://books.jp/a",
		"(see https://books.jp/a_(b))":                     "https://books.jp/a_(b)",
		"「https://books.jp/?a=1&b=2#c」":                    "https://books.jp/?a=1&b=2#c",
		"<https://books.jp/a>":                             "https://books.jp/a",
		"HTTPS://BOOKS.JP/A":                               "HTTPS://BOOKS.JP/A",
		"https://books.jp/%E6%97%A5, https://[2001::1]:8/": "https://books.jp/%E6%97%A5 https://[2001::1]:8/",
		"http:// だけ":                                       "",
		"xhttps://books.jp":                                "",
		"[https://books.jp/]":                              "https://books.jp/",
	} {
		var got []string
		for _, m := range findPlain(text) {
			got = append(got, text[m[0]:m[1]])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestCitationsOfATree(t *testing.T) {
	at := func(line, col int) review.Place { return review.Place{File: "ch01.re", Line: line, Column: col} }
	text := func(line int, s string) *review.Text { return &review.Text{Place: at(line, 1), Text: s} }
	href := func(line int, url, label string) *review.Href {
		return &review.Href{Place: at(line, 3), URL: url, Text: label}
	}
	line := func(n int, in ...review.Inline) review.Line { return review.Line{Place: at(n, 1), Text: in} }
	book := &review.Book{
		Chapters: []*review.Chapter{{Place: at(1, 1), Blocks: []review.Block{
			&review.Heading{Place: at(1, 1), Title: []review.Inline{text(1, "題 http://heading.jp/")}},
			&review.Paragraph{Text: []review.Inline{text(2, "本文http://text.jp/a。"), href(2, "http://href.jp/,x", "名"), href(2, "label", ""), href(2, "mailto:x@y", "")}},
			&review.Paragraph{Text: []review.Inline{&review.Span{Place: at(3, 1), Command: "code", Text: "get http://code.jp/"}, &review.Span{Place: at(3, 1), Command: "b", Text: "http://bold.jp/"}}},
			&review.Code{Caption: review.Caption{Text: []review.Inline{text(4, "http://caption.jp/")}}, Lines: []review.Line{line(5, text(5, "curl http://listing.jp/"), href(5, "http://inlisting.jp/", ""))}},
			&review.Table{Rows: [][]*review.Cell{{{Text: []review.Inline{text(6, "http://cell.jp/")}}}}},
			&review.ItemList{Items: []*review.Item{{Text: []review.Inline{text(7, "http://item.jp/")}}}},
			&review.Note{Place: at(8, 1), Text: []review.Inline{text(8, "http://note.jp/")}},
			&review.Comment{Place: at(9, 1), Text: "http://comment.jp/"},
			&review.Embed{Place: at(9, 1), Text: "http://embed.jp/"},
			&review.Image{Caption: review.Caption{Text: []review.Inline{text(10, "http://image.jp/")}}, Lines: []review.Line{line(11, text(11, "http://drawing.jp/"))}},
			&review.Paragraph{Text: []review.Inline{href(12, "http://a.jp/", "http://b.jp/"), href(12, "http://c.jp/", "http://c.jp/")}},
			&review.Paragraph{Text: []review.Inline{href(14, "http://d.jp/%E6%9C%AC.rb", "http://d.jp/本.rb"), href(14, "http://e.jp/", "http://f.jp/本.rb")}},
			&review.Paragraph{Text: []review.Inline{&review.Span{Place: at(15, 1), Command: "tt", Text: "http://tt.jp/"}, &review.Span{Place: at(15, 1), Command: "tt", Text: "curl http://no.jp/"}}},
		}}},
		Bibliography: &review.Chapter{Blocks: []review.Block{&review.BibItem{Caption: []review.Inline{text(13, "著者 http://bib.jp/")}}}},
	}
	var got []string
	for _, c := range Citations(book) {
		got = append(got, fmt.Sprintf("%d:%d %s", c.Line, c.Col, c.URL))
	}
	want := []string{
		"1:3 http://heading.jp/", "2:3 http://text.jp/a", "2:3 http://href.jp/,x", "2:3 mailto:x@y", "3:1 http://bold.jp/", "4:1 http://caption.jp/",
		"5:3 http://inlisting.jp/", "6:1 http://cell.jp/", "7:1 http://item.jp/", "8:1 http://note.jp/", "10:1 http://image.jp/", "12:3 http://a.jp/", "12:3 http://b.jp/",
		"12:3 http://c.jp/", "14:3 http://d.jp/%E6%9C%AC.rb", "14:3 http://e.jp/", "14:3 http://f.jp/本.rb", "15:1 http://tt.jp/", "13:4 http://bib.jp/",
	}
	if !slices.Equal(got, want) {
		t.Errorf("citations:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestURLsOfAConfig(t *testing.T) {
	got := ConfigCitations("config.yml", []byte(`# https://comment.jp/
bookname: book
rights: |
  (C) 2026
  https://rights.jp/ と https://two.jp/
contact: "https://contact.jp/"
urnid: https://urn.jp/
opf_prefix: {ebpaj: "http://www.ebpaj.jp/"}
history: [["2026-01-01 https://history.jp/"]]
`))
	var lines []string
	for _, c := range got {
		lines = append(lines, fmt.Sprintf("%s:%d %s", c.File, c.Line, c.URL))
	}
	want := []string{"config.yml:5 https://rights.jp/", "config.yml:5 https://two.jp/", "config.yml:6 https://contact.jp/", "config.yml:9 https://history.jp/"}
	if !slices.Equal(lines, want) {
		t.Errorf("%v", lines)
	}
	if got := ConfigCitations("config.yml", []byte("a: [")); got != nil {
		t.Errorf("a config that cannot be read: %v", got)
	}
}

func FuzzGather(f *testing.F) {
	f.Add("http://日本.jp/%zz?#x")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range findPlain(text) {
			if m[0] >= m[1] {
				t.Error("an empty URL")
			}
		}
		pages, _ := Gather([]Citation{{URL: text}}, Rules{Ignore: Ignore([]string{"*.x.jp/a*b"})})
		for _, p := range pages {
			if p.at == nil {
				continue
			}
			again, err := parseURL(p.URL)
			if err != nil {
				t.Fatalf("%q became %q: %v", text, p.URL, err)
			}
			if s, _ := splitFragment(again); s != p.URL {
				t.Errorf("%q became %q, then %q", text, p.URL, s)
			}
		}
	})
}
