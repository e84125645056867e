package planted

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bookci/bookci/build/book"
)

//go:embed all:testdata/book
var soundBook embed.FS

// Fault is one mistake planted into the small book of testdata/book.
type Fault struct {
	Name string
	edit []edit

	// What must be said about it.
	at       string // "file: text on the line", where the author has to look
	Code     string
	Severity book.Severity
	Target   book.Target // PDF unless set
}

// edit replaces the one place where old stands in a file. With an empty old
// the file is made anew.
type edit struct{ file, old, new string }

func markup(name, file, old, new, at, code string) Fault {
	return Fault{Name: name, edit: []edit{{file, old, new}}, at: at, Code: code, Severity: book.Error, Target: book.PDF}
}

func lax(name, file, old, new, at, code string) Fault {
	f := markup(name, file, old, new, at, code)
	f.Severity = book.Lax
	return f
}

func (f Fault) with(file, old, new string) Fault {
	f.edit = append(f.edit, edit{file, old, new})
	return f
}

func (f Fault) on(t book.Target) Fault {
	f.Target = t
	return f
}

const (
	second  = "段落の二行目です。"
	plain1  = "コラムの二行目です。"
	deepest = " ** 入れ子の項目"
)

var Faults = []Fault{
	// What Re:VIEW itself refuses.
	markup("inline-unknown", "ch01.re", second, second+"@<nosuch>{これ}", "ch01.re: @<nosuch>", "review-unknown-inline"),
	markup("inline-unknown-in-list", "ch01.re", "  name.upcase", "  name.@<nosuch>{upcase}", "ch01.re: @<nosuch>", "review-unknown-inline"),
	markup("inline-unknown-in-cell", "ch01.re", "三百円", "@<nosuch>{三百円}", "ch01.re: @<nosuch>", "review-unknown-inline"),
	markup("inline-unknown-in-caption", "ch01.re", "[挨拶のプログラム]", "[挨拶の@<nosuch>{プログラム}]", "ch01.re: @<nosuch>", "review-unknown-inline"),
	markup("inline-unknown-in-footnote", "ch01.re", "二つめの脚注です。", "二つめの@<nosuch>{脚注}です。", "ch01.re: @<nosuch>", "review-unknown-inline"),
	markup("inline-nested", "ch01.re", second, "@<b>{太い@<i>{斜体}}。", "ch01.re: @<i>", "review-nested-inline"),
	markup("block-unknown", "ch02.re", "//quote{", "//nosuch{", "ch02.re: //nosuch", "review-unknown-block"),
	markup("block-unclosed", "ch01.re", "hello\n//}\n", "hello\n", "ch01.re: //emlist", "review-unclosed-block"),
	markup("block-not-opened", "ch02.re", "引用の二行目です。\n//}", "引用の二行目です。\n//}\n\n//}", "ch02.re: //}", "review-block-not-opened").with("ch02.re", "引用の文です。", "引用の文です。"),
	markup("block-arguments", "ch01.re", "//list[hello][挨拶のプログラム][ruby]{", "//list[hello]{", "ch01.re: //list[hello]{", "review-arguments"),
	markup("block-brackets", "ch01.re", "//emlist[実行の様子]{", "//emlist[実行の様子{", "ch01.re: //emlist[", "review-arguments"),
	markup("list-unknown", "ch01.re", "@<list>{hello}は", "@<list>{helo}は", "ch01.re: @<list>{helo}", "review-unknown-reference"),
	markup("table-unknown", "ch01.re", "@<table>{prices}", "@<table>{price}", "ch01.re: @<table>{price}", "review-unknown-reference"),
	markup("image-unknown", "ch01.re", "@<img>{plan}", "@<img>{plam}", "ch01.re: @<img>{plam}", "review-unknown-reference"),
	markup("chapter-unknown", "ch01.re", "@<chapref>{ch02}", "@<chapref>{ch03}", "ch01.re: @<chapref>{ch03}", "review-unknown-reference"),
	markup("footnote-unknown", "ch01.re", "@<fn>{second}", "@<fn>{secnod}", "ch01.re: @<fn>{secnod}", "review-unknown-reference"),
	markup("equation-unknown", "ch02.re", "@<eq>{square}", "@<eq>{cube}", "ch02.re: @<eq>{cube}", "review-unknown-reference"),
	markup("headline-unknown", "ch02.re", "もう一行あります。", "@<hd>{無い節}を参照。", "ch02.re: @<hd>", "review-unknown-reference"),
	markup("heading-too-deep", "ch02.re", "=== 小さな見出し", "======= 小さな見出し", "ch02.re: =======", "review-heading"),
	markup("column-not-opened", "ch02.re", "入れ子のあとの段落です。", "===[/column]", "ch02.re: ===[/column]", "review-heading"),
	markup("item-too-deep", "ch01.re", deepest, " **** 入れ子の項目", "ch01.re: ****", "review-list-level"),
	markup("endchild-alone", "ch02.re", "//beginchild\n", "", "ch02.re: //endchild", "review-list-level"),
	markup("control-character", "ch01.re", "同じ段落の続きです。", "同じ段落の\x07続きです。", "ch01.re: \x07", "review-control-character"),
	markup("chapter-missing", "catalog.yml", "- ch02.re", "- ch03.re", "catalog.yml: ch03.re", "review-file-missing"),
	markup("config-date", "config.yml", `date: "2024-01-01"`, "date: 2024-01-01", "config.yml: date:", "config-date"),
	markup("config-yaml", "config.yml", "language: ja", "language: 'ja", "config.yml: language:", "config-yaml"),
	markup("catalog-yaml", "catalog.yml", "    - ch01.re", "\t- ch01.re", "catalog.yml: \t- ch01.re", "config-yaml"),
	markup("extension-crash", "review-ext.rb", "", "# 拡張\nmodule ReVIEW\n  class LATEXBuilder\n    def hr\n      nosuch_helper('x')\n    end\n  end\nend\n", "review-ext.rb: nosuch_helper", "ruby-error").
		with("ch02.re", "もう一行あります。", "もう一行あります。\n\n//hr\n"),
	markup("extension-syntax", "review-ext.rb", "", "module ReVIEW\n  class LATEXBuilder\n    def hr(\n    end\n  end\nend\n", "review-ext.rb:     end", "ruby-error"),
	lax("label-duplicate", "ch01.re", "//emlist[実行の様子]{", "//list[hello][同じ名前]{", "ch01.re: 同じ名前", "review-duplicate-label"),
	lax("image-missing", "ch01.re", "//image[plan]", "//image[plam]", "ch01.re: //image[plam]", "review-image-missing").with("ch01.re", "@<img>{plan}", "@<img>{plam}"),
	markup("graph-tool", "ch01.re", "//image[plan][店の見取り図]{\n//}", "//image[plan][店の見取り図]{\n//}\n\n//graph[flow][graphviz][流れ]{\ndigraph { a -> b }\n//}", "ch01.re: //graph[flow]", "review-graph"),
	lax("hook-fails", "config.yml", "makeindex: true", "makeindex: true\n  hook_beforetexcompile: hook.sh", "config.yml: hook_beforetexcompile", "hook-failed").with("hook.sh", "", "#!/bin/sh\nexit 7\n"),
	lax("hook-missing", "config.yml", "makeindex: true", "makeindex: true\n  hook_beforetexcompile: nosuch.sh", "config.yml: hook_beforetexcompile", "hook-missing"),
	lax("hook-ruby-crash", "config.yml", "makeindex: true", "makeindex: true\n  hook_beforetexcompile: hook.sh", "hook.sh: raise", "ruby-error").with("hook.sh", "", "#!/usr/bin/env ruby\n# 前処理\nraise 'だめ'\n"),
	markup("image-missing-epub", "ch01.re", "@<img>{plan}", "@<img>{plam}", "ch01.re: @<img>{plam}", "review-unknown-reference").on(book.EPUB),
	lax("image-unbound-epub", "ch01.re", "//image[plan]", "//image[plam]", "ch01.re: //image[plam]", "review-image-missing").with("ch01.re", "@<img>{plan}", "@<img>{plam}").on(book.EPUB),
	markup("inline-unknown-web", "ch01.re", second, second+"@<nosuch>{これ}", "ch01.re: @<nosuch>", "review-unknown-inline").on(book.Web),
	markup("inline-unknown-text", "ch01.re", second, second+"@<nosuch>{これ}", "ch01.re: @<nosuch>", "review-unknown-inline").on(book.Text),
	markup("inline-unknown-idgxml", "ch01.re", second, second+"@<nosuch>{これ}", "ch01.re: @<nosuch>", "review-unknown-inline").on(book.IDGXML),

	// An undefined macro in every place where one can stand.
	markup("macro-in-text", "ch01.re", second, second+"@<raw>{|latex|\\wrongmacro}。", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-text-end", "ch02.re", "もう一行あります。", "もう一行@<embed>{|latex|\\wrongmacro}あります。", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-cell", "ch01.re", "五十円", "@<raw>{|latex|\\wrongmacro}五十円", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-cell-last", "ch01.re", "福島", "@<m>{\\wrongmacro}福島", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-table-caption", "ch01.re", "[果物の値段]", "[果物の@<embed>{|latex|\\wrongmacro}値段]", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-image-caption", "ch01.re", "[店の見取り図]", "[店の@<embed>{|latex|\\wrongmacro}見取り図]", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-list", "ch01.re", "  [1, 2, 3].each", "  @<raw>{|latex|\\wrongmacro}[1, 2, 3].each", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-list-caption", "ch01.re", "[挨拶のプログラム]", "[挨拶の@<embed>{|latex|\\wrongmacro}プログラム]", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-emlist", "ch01.re", "$ ruby hello.rb", "$ @<embed>{|latex|\\wrongmacro}ruby hello.rb", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-item", "ch01.re", " * 三つめの項目", " * 三つめの@<raw>{|latex|\\wrongmacro}項目", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-nested-item", "ch01.re", deepest, deepest+"@<raw>{|latex|\\wrongmacro}", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-number", "ch01.re", " 2. 番号の二", " 2. 番号の@<raw>{|latex|\\wrongmacro}二", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-definition", "ch01.re", "説明の二行目です。", "説明の@<raw>{|latex|\\wrongmacro}二行目です。", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-child", "ch02.re", " 2. 子のふたつ", " 2. 子の@<raw>{|latex|\\wrongmacro}ふたつ", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-after-child", "ch02.re", "入れ子のあとの段落です。", "入れ子のあとの@<raw>{|latex|\\wrongmacro}段落です。", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-footnote", "ch01.re", "二つめの脚注です。", "二つめの@<embed>{|latex|\\wrongmacro}脚注です。", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-column", "ch01.re", plain1, "コラムの@<raw>{|latex|\\wrongmacro}二行目です。", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-column-title", "ch01.re", "===[column] 道草", "===[column] 道@<embed>{|latex|\\wrongmacro}草", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-heading", "ch02.re", "== 囲み", "== 囲@<embed>{|latex|\\wrongmacro}み", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-heading-protected", "ch02.re", "== 囲み", "== 囲@<embed>{|latex|\\protect\\wrongmacro}み", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-note", "ch02.re", "囲みの二段落目です。", "囲みの@<raw>{|latex|\\wrongmacro}二段落目です。", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-quote", "ch02.re", "引用の二行目です。", "引用の@<raw>{|latex|\\wrongmacro}二行目です。", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-math", "ch02.re", "@<m>{E = mc^2}", "@<m>{E = \\wrongmacro mc^2}", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-equation", "ch02.re", "  = \\frac{n(n+1)(2n+1)}{6}", "  = \\frac{n(n+1)(2n+1)}{6}\\wrongmacro", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-part", "part1.re", "ここにも誤りは", "ここにも@<raw>{|latex|\\wrongmacro}誤りは", "part1.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-preface", "preface.re", "正しいままなら、", "正しい@<raw>{|latex|\\wrongmacro}ままなら、", "preface.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-appendix", "appendix.re", "付録の終わりです。", "付録の@<raw>{|latex|\\wrongmacro}終わりです。", "appendix.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-embed", "ch02.re", "もう一行あります。", "もう一行あります。\n\n//embed[latex]{\n\\vspace{1mm}\n\\textbf{太字}\n\\wrongmacro{}\n\\vspace{1mm}\n//}\n", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-raw", "ch02.re", "もう一行あります。", "もう一行あります。\n\n//raw[|latex|\\wrongmacro]\n", "ch02.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-in-index", "ch01.re", "@<idx>{見出し語}", "@<raw>$|latex|\\index{みだし@\\wrongmacro}$見出し語", "ch01.re: \\wrongmacro", "tex-undefined-command"),
	markup("macro-via-style", "ch02.re", "もう一行あります。", "もう@<raw>$|latex|\\shopname{}$一行あります。", "ch02.re: \\shopname", "tex-undefined-command").
		with("sty/book-macros.sty", "", "\\ProvidesPackage{book-macros}\n\\newcommand{\\shopname}{\\nosuchfont 店}\n").with("config.yml", "makeindex: true", "makeindex: true\ntexstyle: [\"reviewmacro\", \"book-macros\"]"),

	// Other things that TeX stops at.
	markup("style-macro", "sty/book-macros.sty", "", "\\ProvidesPackage{book-macros}\n% 店の名前\n\\wrongmacro\n", "sty/book-macros.sty: \\wrongmacro", "tex-undefined-command").with("config.yml", "makeindex: true", "makeindex: true\ntexstyle: [\"reviewmacro\", \"book-macros\"]"),
	markup("package-missing", "config.yml", "makeindex: true", "makeindex: true\ntexstyle: [\"reviewmacro\", \"nosuchstyle\"]", "config.yml: nosuchstyle", "tex-package-missing"),
	markup("package-missing-in-style", "sty/book-macros.sty", "", "\\ProvidesPackage{book-macros}\n\\RequirePackage{nosuchpackage}\n", "sty/book-macros.sty: nosuchpackage", "tex-package-missing").with("config.yml", "makeindex: true", "makeindex: true\ntexstyle: [\"reviewmacro\", \"book-macros\"]"),
	markup("class-missing", "config.yml", `texdocumentclass: ["review-jsbook"`, `texdocumentclass: ["nosuch-jsbook"`, "config.yml: texdocumentclass", "tex-class-missing"),
	markup("class-option", "config.yml", "media=print,paper=a5", "media=print,paper=a99", "config.yml: texdocumentclass", "tex-class-option"),
	markup("image-file-missing", "ch01.re", plain1, plain1+"\n@<raw>$|latex|\\includegraphics{images/nosuch.png}$", "ch01.re: nosuch.png", "tex-file-missing"),
	markup("image-file-broken", "images/ch01-plan.png", "", "これは画像ではない", "ch01.re: //image[plan]", "tex-image-unreadable"),
	markup("input-missing", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\input{nosuch-file.tex}$", "ch02.re: nosuch-file", "tex-file-missing"),
	markup("font-missing", "ch02.re", "もう一行あります。", "@<raw>{|latex|\\font\\shop=nosuchfont\\shop} あります。", "ch02.re: nosuchfont", "tex-font-missing"),
	markup("math-double-subscript", "ch02.re", "@<m>{E = mc^2}", "@<m>{x_1_2}", "ch02.re: x_1_2", "tex-math"),
	markup("math-double-superscript", "ch02.re", "\\sum_{i=1}^{n} i^2", "\\sum_{i=1}^{n} i^2^3", "ch02.re: i^2^3", "tex-math"),
	markup("math-missing-dollar", "ch01.re", plain1, "@<raw>{|latex|x_1}の値。", "ch01.re: x_1", "tex-math"),
	markup("math-fraction", "ch02.re", "@<m>{E = mc^2}は有名です。", "@<m>$\\frac{1$は有名です。", "ch02.re: \\frac{1", "tex-brace"),
	markup("math-equation-blank", "ch02.re", "\\sum_{i=1}^{n} i^2\n", "\\sum_{i=1}^{n} i^2\n\n", "ch02.re: \\sum_{i=1}", "tex-math"),
	markup("brace-close", "ch01.re", plain1, "コラムの@<raw>$|latex|}$二行目です。", "ch01.re: |latex|}", "tex-brace"),
	markup("brace-open", "ch01.re", plain1, "コラムの@<raw>$|latex|\\textbf{二$行目です。", "ch01.re: \\textbf{", "tex-brace"),
	markup("brace-open-in-cell", "ch01.re", "三百円", "@<raw>$|latex|\\textbf{$三百円", "ch01.re: \\textbf{", "tex-brace"),
	markup("unit-illegal", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\vspace{3xx}$もう一行あります。", "ch02.re: 3xx", "tex-dimension"),
	markup("brace-in-raw", "ch02.re", "もう一行あります。", "@<raw>{|latex|\\vspace{3mm}}もう一行あります。", "ch02.re: 3mm", "tex-brace"),
	markup("brace-in-raw-then-paragraph", "ch01.re", plain1, plain1+"\n@<raw>{|latex|\\includegraphics{images/ch01-plan.png}}", "ch01.re: \\includegraphics", "tex-brace"),
	markup("unit-in-metric", "ch01.re", "//image[plan][店の見取り図]{", "//image[plan][店の見取り図][width=10foo]{", "ch01.re: width=10foo", "tex-dimension"),
	markup("metric-unknown", "ch01.re", "//image[plan][店の見取り図]{", "//image[plan][店の見取り図][nosuch=1]{", "ch01.re: nosuch=1", "tex-option"),
	markup("dimension-too-large", "appendix.re", "//tsize[|latex||l|l|]", "//tsize[|latex||p{99999mm}|l|]", "appendix.re: 99999mm", "tex-dimension"),
	markup("number-missing", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\vspace{}$もう一行あります。", "ch02.re: \\vspace", "tex-dimension"),
	markup("table-columns", "appendix.re", "//tsize[|latex||l|l|]", "//tsize[|latex||l|]", "appendix.re: 日付	出来事", "tex-table-columns"),
	markup("table-preamble", "appendix.re", "//tsize[|latex||l|l|]", "//tsize[|latex||q|q|]", "appendix.re: q|q", "tex-table-columns"),
	markup("nesting-too-deep", "ch01.re", deepest, " ** 二\n *** 三\n **** 四\n ***** 五\n ****** 六\n ******* 七", "ch01.re: 五", "tex-nesting"),
	markup("environment-undefined", "ch02.re", "もう一行あります。", "//embed[latex]{\n本文\n\\begin{nosuch}\n\\end{nosuch}\n//}", "ch02.re: \\begin{nosuch}", "tex-undefined-environment"),
	markup("environment-unclosed", "ch02.re", "もう一行あります。", "//embed[latex]{\n本文\n\\begin{center}\nまんなか\n//}\n", "ch02.re: \\begin{center}", "tex-environment"),
	markup("environment-crossed", "ch02.re", "もう一行あります。", "//embed[latex]{\n\\begin{center}\nまんなか\n\\end{flushright}\n//}\n", "ch02.re: \\end{flushright}", "tex-environment"),
	markup("conditional-open", "ch02.re", "もう一行あります。", "//embed[latex]{\n本文\n\\iffalse\nもう出ない\n//}\n", "ch02.re: \\iffalse", "tex-incomplete"),
	markup("verb-in-footnote", "ch01.re", "二つめの脚注です。", "二つめの@<embed>{|latex|\\verb|x|}脚注です。", "ch01.re: \\verb", "tex-verb"),
	markup("line-break-nowhere", "ch02.re", "入れ子のあとの段落です。", "//embed[latex]{\n\\\\\n//}\n", "ch02.re: \\\\", "tex-line-break"),
	markup("package-error", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\textcolor{nosuchcolor}{赤い}$文字", "ch02.re: nosuchcolor", "tex-package-error"),
	markup("counter-undefined", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\setcounter{nosuch}{1}$", "ch02.re: \\setcounter", "tex-counter"),
	markup("alignment-tab", "ch02.re", "もう一行あります。", "もう@<raw>{|latex|a & b}一行", "ch02.re: a & b", "tex-alignment"),
	markup("command-defined-twice", "ch02.re", "もう一行あります。", "@<embed>$|latex|\\newcommand{\\section}{x}$", "ch02.re: \\newcommand", "tex-defined-twice"),
	markup("listing-language", "config.yml", "makeindex: true", "makeindex: true\nhighlight:\n  latex: listings", "ch01.re: //list[hello]", "tex-package-error").with("ch01.re", "[ruby]{", "[nosuchlang]{").
		with("sty/book-macros.sty", "", "\\usepackage{listings}\n").with("config.yml", "pdfmaker:", "texstyle: [\"reviewmacro\", \"book-macros\"]\npdfmaker:"),
	markup("texcommand-missing", "config.yml", "makeindex: true", "makeindex: true\ntexcommand: nosuchlatex", "config.yml: texcommand", "command-missing"),
	markup("dvicommand-missing", "config.yml", "makeindex: true", "makeindex: true\ndvicommand: nosuchdvi", "config.yml: dvicommand", "command-missing"),
	markup("mendex-style", "config.yml", "makeindex: true", "makeindex: true\n  makeindex_options: -f -r -I utf8 -s nosuch.ist", "config.yml: makeindex_options", "mendex-error"),
	markup("dvipdfmx-fails", "config.yml", "makeindex: true", "makeindex: true\ndvioptions: -z 9 -s nosuch", "config.yml: dvioptions", "dvipdfmx-error"),
	lax("dvipdfmx-map", "config.yml", "makeindex: true", "makeindex: true\ndvioptions: -z 9 -f nosuch.map", "config.yml: dvioptions", "dvipdfmx-warning"),
	markup("image-in-special", "ch02.re", "もう一行あります。", "@<embed>$|latex|\\special{pdf:image (nosuch.png)}$もう一行あります。", "ch02.re: nosuch.png", "image-unreadable"),
	markup("font-missing-lualatex", "sty/book-macros.sty", "", "\\ProvidesPackage{book-macros}\n\\RequirePackage{fontspec}\n\\setmainfont{NoSuchSerif}\n", "sty/book-macros.sty: NoSuchSerif", "tex-font-missing").
		with("config.yml", "texdocumentclass: [\"review-jsbook\", \"media=print,paper=a5\"]", "texcommand: lualatex\ndvicommand: null\ntexstyle: [\"reviewmacro\", \"book-macros\"]\ntexdocumentclass: [\"review-jlreq\", \"media=print,paper=a5\"]"),
	markup("macro-lualatex", "ch01.re", second, second+"@<raw>{|latex|\\wrongmacro}。", "ch01.re: \\wrongmacro", "tex-undefined-command").
		with("config.yml", "texdocumentclass: [\"review-jsbook\", \"media=print,paper=a5\"]", "texcommand: lualatex\ndvicommand: null\ntexdocumentclass: [\"review-jlreq\", \"media=print,paper=a5\"]"),
	markup("debug-folder", "ch01.re", second, second+"@<raw>{|latex|\\wrongmacro}。", "ch01.re: \\wrongmacro", "tex-undefined-command").
		with("config.yml", "makeindex: true", "makeindex: true\ndebug: true"),
	markup("hook-edits-tex", "ch01.re", "五十円", "@<raw>{|latex|\\wrongmacro}五十円", "ch01.re: \\wrongmacro", "tex-undefined-command").
		with("config.yml", "makeindex: true", "makeindex: true\n  hook_beforetexcompile: hook.sh").with("hook.sh", "", "#!/bin/sh\nsed -i '2i % one\\n% two\\n% three' ch01.tex; sed -i 's/段落/だんらく/' ch01.tex\n"),

	// What ends well and is wrong.
	lax("reference-undefined", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\ref{nosuch}$を見よ。", "ch02.re: \\ref{nosuch}", "tex-undefined-reference"),
	lax("citation-undefined", "ch02.re", "もう一行あります。", "@<raw>$|latex|\\cite{nosuch}$を見よ。", "ch02.re: \\cite{nosuch}", "tex-undefined-reference"),
	lax("pageref-undefined", "ch02.re", "もう一行あります。", "@<pageref>{nosuch}ページ。", "ch02.re: @<pageref>{nosuch}", "tex-undefined-reference"),
	lax("label-twice", "ch02.re", "もう一行あります。", "//label[same]\n\nもう一行。\n\n//label[same]\n", "ch02.re: //label[same]", "tex-duplicate-label"),
	lax("character-without-glyph", "ch01.re", plain1, "コラムの😀二行目です。", "ch01.re: 😀", "character-missing"),
	lax("group-open", "ch02.re", "もう一行あります。", "もう@<raw>$|latex|{$一行あります。", "ch02.re: もう@<raw>", "tex-brace"),
}

// Plant writes the book with the fault into folder.
func (f Fault) Plant(folder string) error {
	top, err := fs.Sub(soundBook, "testdata/book")
	if err != nil {
		return err
	}
	if err := os.CopyFS(folder, top); err != nil {
		return err
	}
	for _, e := range f.edit {
		name := filepath.Join(folder, filepath.FromSlash(e.file))
		text := e.new
		mode := fs.FileMode(0o644)
		if e.old != "" {
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if n := strings.Count(string(data), e.old); n != 1 {
				return fmt.Errorf("fault %s: %q stands %d times in %s", f.Name, e.old, n, e.file)
			}
			text = strings.Replace(string(data), e.old, e.new, 1)
		} else if path.Ext(e.file) == ".sh" {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			return err
		}
	}
	return nil
}

// Place is the file and line where the fault must be reported.
func (f Fault) Place(folder string) (file string, line int, err error) {
	file, text, _ := strings.Cut(f.at, ": ")
	data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(file)))
	if err != nil {
		return "", 0, err
	}
	for i, l := range strings.Split(string(data), "\n") {
		if strings.Contains(l, text) {
			line = i + 1
			// Where it stands several times the last one is meant.
		}
	}
	if line == 0 {
		return "", 0, fmt.Errorf("fault %s: no line of %s has %q", f.Name, file, text)
	}
	return file, line, nil
}
