package review

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/build/book"
)

// Locale holds the words that Re:VIEW itself puts into a book, "図" and
// "第%d章", in the book's language and as its locale.yml has them.
type Locale struct{ words map[string]string }

// newLocale takes a book's language and what its locale.yml says, nil when it
// has none.
func newLocale(language string, own map[string]any) *Locale {
	words := maps.Clone(japanese)
	switch language {
	case "en":
		maps.Copy(words, english)
	case "zh-TW":
		maps.Copy(words, chinese)
	}
	override := func(m map[string]any) {
		for k, v := range m {
			switch v.(type) {
			case nil, map[string]any, []any:
			default:
				words[k] = fmt.Sprint(v)
			}
		}
	}
	if locale, ok := own["locale"]; ok {
		if fmt.Sprint(locale) == language {
			override(own)
		}
	} else if m, ok := own[language].(map[string]any); ok {
		override(m)
	}
	delete(words, "locale")
	return &Locale{words}
}

// yamlLine is where the YAML library stumbles.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// readLocale reads a locale.yml. Of a key that is there twice the last one
// counts, as in Ruby.
func readLocale(name string, data []byte) (map[string]any, *book.Diagnostic) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		at, message := Place{File: name}, err.Error()
		if m := yamlLine.FindStringSubmatch(message); m != nil {
			at.Line, _ = strconv.Atoi(m[1])
			message = m[2]
		}
		f := notYAML(at, message)
		return nil, &f
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return plainMap(doc.Content[0]), nil
}

// plainMap is a mapping with text and mappings of text in it.
func plainMap(node *yaml.Node) map[string]any {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	m := map[string]any{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		switch {
		case value.Kind == yaml.MappingNode:
			m[key] = plainMap(value)
		case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
			m[key] = value.Value
		}
	}
	return m
}

// Word returns the words for a key with the arguments put in, "" for a key
// that Re:VIEW does not have.
func (l *Locale) Word(key string, args ...any) string {
	format, ok := l.words[key]
	if !ok {
		return ""
	}
	var b strings.Builder
	used := 0
	next := func() any {
		if used < len(args) {
			used++
			return args[used-1]
		}
		return ""
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		rest := format[i+1:]
		switch {
		case rest[0] == '%':
			b.WriteByte('%')
			i++
		case rest[0] == 's' || rest[0] == 'd':
			b.WriteString(fmt.Sprint(next()))
			i++
		case rest[0] == 'p':
			style := longestStyle(rest[1:])
			if style == "" {
				b.WriteByte('%')
				continue
			}
			n, _ := strconv.Atoi(fmt.Sprint(next()))
			b.WriteString(inStyle(style, n))
			i += 1 + len(style)
		default:
			b.WriteByte('%')
		}
	}
	return b.String()
}

// numberStyles are the ways in which locale.yml may write a number: %pA.
var numberStyles = []string{"AW", "aW", "RW", "dW", "DW", "A", "a", "R", "r", "J"}

func longestStyle(s string) string {
	for _, style := range numberStyles {
		if strings.HasPrefix(s, style) {
			return style
		}
	}
	return ""
}

func inStyle(style string, n int) string {
	if n < 1 || n > 27 {
		return strconv.Itoa(n)
	}
	letter := func(first rune) string {
		if n > 26 {
			return strconv.Itoa(n)
		}
		return string(first + rune(n-1))
	}
	switch style {
	case "A":
		return letter('A')
	case "a":
		return letter('a')
	case "AW":
		return letter('Ａ')
	case "aW":
		return letter('ａ')
	case "R":
		return roman(n)
	case "r":
		return strings.ToLower(roman(n))
	case "RW":
		// Ⅴ and Ⅹ are letters here: so Re:VIEW has them.
		wide := []string{"Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ｖ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ", "Ｘ", "Ⅺ", "Ⅻ"}
		if n <= len(wide) {
			return wide[n-1]
		}
		return roman(n)
	case "J":
		return kanji(n)
	case "dW":
		if n > 9 {
			return strconv.Itoa(n)
		}
	}
	return wideDigits(n)
}

func roman(n int) string {
	var b strings.Builder
	for _, step := range []struct {
		value int
		text  string
	}{{10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= step.value; n -= step.value {
			b.WriteString(step.text)
		}
	}
	return b.String()
}

func kanji(n int) string {
	ones := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n < 10:
		return ones[n]
	case n < 20:
		return "十" + ones[n-10]
	}
	return ones[n/10] + "十" + ones[n%10]
}

func wideDigits(n int) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, strconv.Itoa(n))
}

// The words of Re:VIEW's languages, as far as a reader meets them.
var japanese = map[string]string{
	"image": "図", "table": "表", "list": "リスト", "equation": "式",
	"column": "コラム「%s」", "columnname": "コラム", "column_head": "■コラム",
	"part": "第%pR部", "part_short": "%pR", "chapter": "第%d章", "chapter_short": "%d", "chapter_postfix": "　", "appendix": "付録%pA",
	"chapter_quote": "%s「%s」", "chapter_quote_without_number": "「%s」", "hd_quote": "「%s %s」", "hd_quote_without_number": "「%s」",
	"numberless_image": "図:", "image_quote": "「%s」",
	"note_head": "NOTE", "tip_head": "TIP", "info_head": "INFORMATION", "warning_head": "WARNING",
	"important_head": "IMPORTANT", "caution_head": "CAUTION", "notice_head": "NOTICE", "memo_head": "MEMO",
	"format_number": "%s.%d", "format_number_header": "%s.%d:",
	"format_number_without_chapter": "%d", "format_number_header_without_chapter": "%d:",
	"caption_prefix": " ", "caption_prefix_idgxml": "　", "ruby_prefix": "（", "ruby_postfix": "）", "external_link": "%s（%s）",
	"aut": "著　者", "csl": "監　修", "dsr": "デザイン", "ill": "イラスト", "cov": "表　紙", "edt": "編　集", "pht": "撮　影",
	"trl": "翻　訳", "prt": "印刷所", "pbl": "発行所", "contact": "連絡先",
	"author_with_label": "%s　著", "supervisor_with_label": "%s　監修", "translator_with_label": "%s　訳", "names_splitter": "、",
	"edition": "版", "nth_edition": "第%s版", "first_edition": "初版", "nth_impression": "第%s刷",
	"published_by": "%s 発行", "published_by1": "%s　%s　発行", "published_by2": "%s　発行", "published_by3": "%s　%s", "date_format": "%%Y年%%-m月%%-d日",
	"toctitle": "目次", "colophontitle": "奥付", "titlepagetitle": "大扉",
}

var english = map[string]string{
	"image": "Figure ", "table": "Table ", "list": "List ", "equation": "Equation ",
	"column": "Column %s", "columnname": "Column", "column_head": "Column",
	"part": "Part %pR", "chapter": "Chapter %d", "chapter_postfix": ". ", "appendix": "Appendix %s",
	"chapter_quote": `%s "%s"`, "chapter_quote_without_number": `"%s"`, "hd_quote": `"%s %s"`, "hd_quote_without_number": `"%s"`,
	"numberless_image": "Figure:", "image_quote": `"%s"`,
	"ruby_prefix": "(", "ruby_postfix": ")", "external_link": "%s (%s)",
	"aut": "Author", "csl": "Consultant", "dsr": "Design", "ill": "Illustrator", "cov": "Cover", "edt": "Editor", "pht": "Director of Photography",
	"trl": "Translator", "prt": "Printer", "pbl": "Publisher", "contact": "Contact",
	"author_with_label": "Author: %s", "supervisor_with_label": "Supervisor: %s", "translator_with_label": "Translator: %s", "names_splitter": ", ",
	"edition": "edition", "nth_edition": "%s edition", "first_edition": "first edition", "nth_impression": "%s impression",
	"published_by": "%s", "published_by1": "published by %s %s", "published_by2": "published by %s", "published_by3": "%s %s", "date_format": "%%b. %%e, %%Y",
	"toctitle": "Table of Contents", "colophontitle": "Colophon", "titlepagetitle": "Title Page",
}

var chinese = map[string]string{
	"image": "圖", "table": "表", "list": "List ", "equation": "Equation ",
	"column": "Column %s", "columnname": "Column", "column_head": "Column",
	"part": "第%pR部份", "appendix": "附錄%s", "numberless_image": "圖:", "image_quote": `"%s"`, "external_link": "%s (%s)",
	"aut": "著作人", "dsr": "美術編輯", "ill": "插　畫", "cov": "封面設計", "edt": "編　輯", "pht": "攝　影", "trl": "翻　譯",
	"contact": "联系方式", "translator_with_label": "%s　譯", "names_splitter": ", ",
	"published_by": "%s 出版", "published_by1": "%s %s 出版", "published_by2": "%s 出版", "published_by3": "%s %s", "date_format": "%%Y年%%-m月%%-d日",
	"toctitle": "目次", "colophontitle": "版權頁", "titlepagetitle": "標題頁",
}
