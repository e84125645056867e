package book

import (
	"strings"
	"testing"
)

func TestValuesThatReVIEWCannotUseAreToldAtTheirLine(t *testing.T) {
	for _, c := range []struct {
		line     string
		target   Target
		severity Severity
		hint     string
	}{
		{`texdocumentclass: [review-jsbook, "media=print,paper=a5，fontsize=10pt"]`, PDF, Lax, `write "media=print,paper=a5,fontsize=10pt"`},
		{`texdocumentclass: [review-jsbook, "media=print,paper＝a5"]`, PDF, Lax, `write "media=print,paper=a5"`},
		{`texdocumentclass: [review-jsbook, "media=print,paper=b55"]`, PDF, Lax, "write paper=b5; the sizes are a3, a4, a5, a6, b4, b5, b6, a4var, b5var, letter, legal, executive"},
		{"language: jp", PDF, Error, "write language: ja"},
		{"language: jp", EPUB, Lax, "write language: ja"},
		{"language: fr", PDF, Error, "the languages are ja, en, zh-TW"},
		{"date: 2026-13-01", PDF, Error, `write it as "2030-01-31", with quotes`},
		{"date: 2026-02-30", PDF, Error, `write it as "2030-01-31", with quotes`},
		{"date: 2026年11月28日", PDF, Error, `write date: "2026-11-28"`},
		{"date: 2026年1月", PDF, Error, `write date: "2026-01-01"`},
		{"date: 2026", PDF, Error, `write it as "2030-01-31", with quotes`},
		{"date: 2026.11", PDF, Error, `write it as "2030-01-31", with quotes`},
		{"date: 2026年11月28日\ncolophon: true", EPUB, Error, `write date: "2026-11-28"`},
		{"date: 2026-11-28", PDF, Error, `write date: "2026-11-28"`},
		{"date: 2026-1-2\ncolophon: true", EPUB, Error, `write date: "2026-01-02"`},
		{"history: [['2026-01-31', 2026-11-28]]", PDF, Error, `write "2026-11-28"`},
		{"history: [[2026-11-28]]\ncolophon: true", EPUB, Error, `write "2026-11-28"`},
		{"makeindex: true", PDF, Warning, "write it below pdfmaker:, indented"},
		{"makeindex: true\npdfmaker: {makeindex_dic: a.dic}", PDF, Warning, "write it below pdfmaker:, indented"},
		{"hook_beforetexcompile: fix.sh", PDF, Warning, "write it below pdfmaker:, indented"},
		{"hook_prepack: fix.sh", EPUB, Warning, "write it below epubmaker:, indented"},
		{"titlefile: title.tex", PDF, Error, "put it beside the config, or take titlefile out"},
		{"coverimage: covr.png", PDF, Error, "write coverimage: cover.png"},
		{"coverimage: covr.png", EPUB, Error, "write coverimage: cover.png"},
		{"coverimage: zzz/absent-one.jpg", PDF, Error, "put it there, or take coverimage out of the config"},
		{"colophon_order: [aut, author]", PDF, Warning, "write aut"},
		{"colophon_order: [aut, zzzzzz]", PDF, Warning, "the entries are keys of the config, such as aut, edt, pbl, prt"},
	} {
		files := map[string]string{"config.yml": "bookname: b\n" + c.line + "\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n", "images/cover.png": ""}
		found := readBook(t, files).Check(c.target)
		if len(found) != 1 || found[0].Severity != c.severity || found[0].File != "config.yml" || found[0].Line != 2 || found[0].Hint != c.hint {
			t.Errorf("%s, %s: %v", c.line, c.target, found)
		}
	}
	for line, targets := range map[string][]Target{
		`texdocumentclass: [review-jsbook, "media=print,paper=a5,fontsize=10pt"]`: Targets,
		`texdocumentclass: [review-jlreq, "paper=a7,fontsize=10pt"]`:              Targets,
		`texdocumentclass: [review-jsbook, "paper={100mm,200mm}"]`:                Targets,
		"language: zh-TW":                                        Targets,
		`date: "2026-11-28"`:                                     Targets,
		"date: 2026-11-28":                                       {EPUB, Web, Text, IDGXML},
		"date: 2026-11-28\nhistory: [[a]]":                       Targets,
		"date: 2026年11月\ncolophon: true\npubhistory: a":          Targets,
		"date: 2026-11-28\ncolophon: own.html":                   {EPUB},
		"makeindex: true":                                        {EPUB, Web, Text, IDGXML},
		"history: [[2026-11-28]]\npubhistory: a\ncolophon: true": Targets,
		"makeindex: false":                                       Targets,
		"makeindex: true\npdfmaker: {makeindex: false}":          Targets,
		"date: 2026.11.28":                                       Targets,
		"date: Nov 28 2026":                                      Targets,
		"date: '2026/1/1'":                                       Targets,
		"date: 2026-13-01\nhistory: [[a]]":                       Targets,
		"date: 2026-13-01":                                       {EPUB, Web, Text, IDGXML},
		"coverimage: cover.png":                                  Targets,
		"coverimage: sub.png":                                    {EPUB, Text, Web},
		"coverimage: absent.png":                                 {Web, Text, IDGXML},
		"coverimage: a.png\nhook_beforeprocess: h":               {PDF, Web, Text, IDGXML},
		"coverimage: a.png\nepubmaker: {hook_beforeprocess: h}":  {EPUB},
		"hook_beforetexcompile: h":                               {EPUB, Web, Text, IDGXML},
		"pdfmaker: {hook_beforetexcompile: h}":                   Targets,
		"titlefile: title.tex":                                   {EPUB, Web, Text, IDGXML},
		"titlefile: title.tex\ntitlepage: false":                 Targets,
		"titlefile: images/cover.png":                            Targets,
		"titlefile: made.tex\npdfmaker: {hook_afterdvipdf: h}":   Targets,
		"colophon_order: [aut, pbl, cov]":                        Targets,
		"colophon_order: [mine]\nmine: x":                        Targets,
	} {
		files := map[string]string{"config.yml": "bookname: b\n" + line + "\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n", "images/cover.png": "", "images/one/sub.png": ""}
		if found := readBook(t, files).Check(targets...); len(found) > 0 {
			t.Errorf("%s: %v", line, found)
		}
	}
	files := map[string]string{"config.yml": "bookname: b\nlanguage: fr\n", "locale.yml": "locale: fr\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n"}
	if found := readBook(t, files).Check(PDF); len(found) > 0 {
		t.Errorf("%v", found)
	}
	// Nothing is put together from what is not there.
	if d := readBook(t, map[string]string{"config.yml": "bookname: b\ncoverimage: a.png\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n"}).Check(PDF); len(d) != 1 || !strings.Contains(d[0].Message, "images/a.png") {
		t.Errorf("%v", d)
	}
}

// A command of the book's own may make the cover, and need not be Re:VIEW's maker.
func TestWhatAnOwnCommandMayNotStumbleOverIsAWarning(t *testing.T) {
	for _, line := range []string{"coverimage: made.png", "language: fr", "date: 2026-11-28"} {
		b := readBook(t, map[string]string{"config.yml": "bookname: b\n" + line + "\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n"})
		if found := b.CheckWith(map[Target]string{PDF: "rake pdf"}, PDF); len(found) != 1 || found[0].Severity != Warning || found[0].Line != 2 {
			t.Errorf("%s: %v", line, found)
		}
	}
	b := readBook(t, map[string]string{"config.yml": "bookname: ../b\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n"})
	if found := b.CheckWith(map[Target]string{PDF: "rake pdf"}, PDF); len(found) != 1 || found[0].Severity != Error {
		t.Errorf("the bookname: %v", found)
	}
}
