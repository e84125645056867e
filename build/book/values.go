package book

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
)

// This file checks the values of the config that Re:VIEW or its document class
// cannot use.

// checkValues tells of the values that t's maker would stumble over.
func (b *Book) checkValues(t Target) []Diagnostic {
	files, err := openBookFiles(b.Root)
	if err != nil {
		return nil // whoever reads the chapters tells of it
	}
	defer files.Close()
	c := &valueChecker{book: b, target: t, files: files}
	if t == PDF {
		c.classOptions()
		c.makeindex()
		c.titleFile()
	}
	c.language()
	c.date()
	c.cover()
	c.hooks()
	c.colophonOrder()
	return c.found
}

// valueChecker checks the values that one maker sees.
type valueChecker struct {
	book   *Book
	target Target
	files  *bookFiles
	found  []Diagnostic
}

func (c *valueChecker) value(key string) *psych.Value { return c.book.conf.lookup(c.target, key) }

func (c *valueChecker) set(key string) bool { return c.book.conf.isSet(c.target, key, false) }

func (c *valueChecker) add(severity Severity, v *psych.Value, message, hint string) {
	c.found = append(c.found, c.book.conf.diagnostic(severity, "config-value", v, message, hint))
}

// papers are the sizes that review-jsbook has.
var papers = strings.Fields("a3 a4 a5 a6 b4 b5 b6 a4var b5var letter legal executive")

var (
	wideOption  = strings.NewReplacer("，", ",", "、", ",", "＝", "=", "　", "")
	paperOption = regexp.MustCompile(`(?:^|,)\s*paper\s*=\s*([A-Za-z0-9]+)\s*(?:,|$)`)
)

// classOptions looks at the options of the document class, the second entry of
// texdocumentclass.
func (c *valueChecker) classOptions() {
	class := c.value("texdocumentclass")
	if class == nil {
		return
	}
	list, _ := class.Val.([]*psych.Value)
	if len(list) < 2 {
		return
	}
	options, _ := list[1].Val.(string)
	right := wideOption.Replace(options)
	if right != options {
		c.add(Lax, list[1], "the options of texdocumentclass have full-width signs, which TeX does not take for , and =", fmt.Sprintf("write %q", right))
		return
	}
	m := paperOption.FindStringSubmatch(options)
	if m == nil || c.book.TeXClass() != defaultClass || slices.Contains(papers, m[1]) {
		return
	}
	hint := "the sizes are " + strings.Join(papers, ", ")
	if near := text.Nearest(strings.ToLower(m[1]), papers); near != "" {
		hint = "write paper=" + near + "; " + hint
	}
	c.add(Lax, list[1], "review-jsbook has no paper "+m[1], hint)
}

// languages are those that Re:VIEW has words for. A book's locale.yml may have others.
var languages = []string{"ja", "en", "zh-TW"}

// language looks for the words of the book's language.
func (c *valueChecker) language() {
	v := c.value("language")
	if v == nil {
		return
	}
	name, _ := v.Val.(string)
	if name == "" || slices.Contains(languages, name) || c.files.isFile(path.Join(c.book.Dir, "locale.yml")) {
		return
	}
	hint := "the languages are " + strings.Join(languages, ", ")
	if near := text.Nearest(strings.ToLower(name), languages); near != "" {
		hint = "write language: " + near
	}
	switch strings.ToLower(name) {
	case "jp", "jpn", "japanese", "日本語", "ja-jp", "ja_jp":
		hint = "write language: ja"
	case "english", "英語", "en-us", "en_us", "en-gb":
		hint = "write language: en"
	}
	if c.target == PDF {
		c.add(Error, v, "Re:VIEW has no words for the language "+name+", and review-pdfmaker stops", hint)
		return
	}
	c.add(Lax, v, "Re:VIEW has no words for the language "+name+", so that chapters have no numbers in words", hint)
}

// makeindex tells of the key outside pdfmaker: Re:VIEW's own default for pdfmaker beats it.
func (c *valueChecker) makeindex() {
	outside := c.book.conf.values.Get("makeindex")
	if c.set("makeindex") && c.value("makeindex") == outside {
		c.add(Warning, outside, "makeindex stands outside pdfmaker, where Re:VIEW does not see it", "write it below pdfmaker:, indented")
	}
}

// makerHooks are the hooks that the makers call.
var makerHooks = map[Target][]string{
	PDF:  strings.Fields("hook_beforetexcompile hook_beforemakeindex hook_aftermakeindex hook_aftertexcompile hook_afterdvipdf"),
	EPUB: strings.Fields("hook_beforeprocess hook_afterfrontmatter hook_afterbody hook_afterbackmatter hook_aftercopyimage hook_prepack"),
}

// hooks looks for them outside the maker's section, where they are never called.
func (c *valueChecker) hooks() {
	maker := string(c.target) + "maker"
	for _, hook := range makerHooks[c.target] {
		if outside := c.book.conf.values.Get(hook); outside != nil && c.value(hook) == outside && c.set(hook) {
			c.add(Warning, outside, hook+" stands outside "+maker+", so that Re:VIEW never calls it", "write it below "+maker+":, indented")
		}
	}
}

// titleFile looks for the title page that a PDF takes as it is. A hook may still make it.
func (c *valueChecker) titleFile() {
	v := c.value("titlefile")
	if v == nil || !c.set("titlefile") || !c.book.conf.isSet(PDF, "titlepage", true) || c.hooked() {
		return
	}
	name := v.Ruby()
	if path.IsAbs(name) || c.files.isFile(path.Join(c.book.Dir, name)) {
		return
	}
	c.add(Error, v, "the title page "+name+" is not there, and Re:VIEW stops at it", "put it beside the config, or take titlefile out")
}

var (
	numericDate  = regexp.MustCompile(`^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$`)
	japaneseDate = regexp.MustCompile(`^(\d{4})年(\d{1,2})月(?:(\d{1,2})日?)?$`)
)

// date looks at the day of publication, which Ruby's Date.parse reads for the
// colophon when there is no history. It takes text alone.
func (c *valueChecker) date() {
	if c.set("pubhistory") || c.target != PDF && !(c.target == EPUB && c.makesColophon()) {
		return
	}
	if c.set("history") {
		editions, _ := c.value("history").Val.([]*psych.Value)
		for _, e := range editions {
			impressions, _ := e.Val.([]*psych.Value)
			for _, day := range impressions {
				c.unquoted(day, "write %q")
			}
		}
		return
	}
	v := c.value("date")
	if v == nil || c.unquoted(v, "write date: %q") {
		return
	}
	written := strings.TrimSpace(v.Ruby())
	_, isText := v.Val.(string)
	hint := `write it as "2030-01-31", with quotes`
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	switch m, j := numericDate.FindStringSubmatch(written), japaneseDate.FindStringSubmatch(written); {
	case m != nil:
		day := time.Date(number(m[1]), time.Month(number(m[2])), number(m[3]), 0, 0, 0, 0, time.UTC)
		if int(day.Month()) == number(m[2]) && day.Day() == number(m[3]) {
			return
		}
	case j != nil:
		hint = fmt.Sprintf(`write date: "%s-%02d-%02d"`, j[1], number(j[2]), max(number(j[3]), 1))
	case isText:
		return // Ruby reads much else
	default:
		switch v.Val.(type) {
		case int64, float64:
		default:
			return
		}
	}
	c.add(Error, v, "the date "+written+" is none that Ruby can read, and Re:VIEW stops at it", hint)
}

// unquoted tells of a value that is a date to YAML, and so no text to Ruby, and
// reports whether it is one. The date takes the place of the verb in hint.
func (c *valueChecker) unquoted(v *psych.Value, hint string) bool {
	day, isDate := v.Val.(psych.Date)
	if isDate {
		c.found = append(c.found, c.book.conf.diagnostic(Error, "config-date", v, "the date "+string(day)+" has no quotes, and Re:VIEW stops at it", fmt.Sprintf(hint, day)))
	}
	return isDate
}

// makesColophon tells whether an EPUB's colophon is made: text names the file of a finished one.
func (c *valueChecker) makesColophon() bool {
	if !c.set("colophon") {
		return false
	}
	_, finished := c.value("colophon").Val.(string)
	return !finished
}

// cover looks for the file of the cover. A hook may still make it.
func (c *valueChecker) cover() {
	v := c.value("coverimage")
	if v == nil || c.target != PDF && c.target != EPUB || c.hooked() {
		return
	}
	name, _ := v.Val.(string)
	folder := path.Join(c.book.Dir, c.book.conf.name(c.target, "imagedir"))
	if name == "" || c.files.isFile(path.Join(folder, name)) {
		return
	}
	// An EPUB's is any image whose path ends so.
	for _, dir := range []string{folder, path.Join(c.book.Dir, "covers"), path.Join(c.book.Dir, "adv")} {
		if c.target == EPUB && c.files.hasBelow(dir, name) {
			return
		}
	}
	hint := "put it there, or take coverimage out of the config"
	if near := text.Nearest(name, c.files.names(folder)); near != "" {
		hint = "write coverimage: " + near
	}
	c.add(Error, v, "the cover image "+path.Join(c.book.conf.name(c.target, "imagedir"), name)+" is not there", hint)
}

// hooked tells whether the config has hooks: nobody knows what they do.
func (c *valueChecker) hooked() bool {
	hook := func(m *psych.Map) bool {
		return slices.ContainsFunc(m.Keys, func(k *psych.Value) bool { return strings.HasPrefix(k.Ruby(), "hook_") })
	}
	section := c.book.conf.values.Get(string(c.target) + "maker")
	if section != nil {
		if m, ok := section.Val.(*psych.Map); ok && hook(m) {
			return true
		}
	}
	return hook(c.book.conf.values)
}

// colophonOrder looks for entries that name no key of the config.
func (c *valueChecker) colophonOrder() {
	v := c.value("colophon_order")
	if v == nil {
		return
	}
	list, _ := v.Val.([]*psych.Value)
	for _, e := range list {
		key, ok := e.Val.(string)
		if !ok || slices.Contains(configKeys, key) || key == "cov" || c.value(key) != nil {
			continue
		}
		hint := "the entries are keys of the config, such as aut, edt, pbl, prt"
		if near := otherKeys[strings.ToLower(key)]; near != "" {
			hint = "write " + near
		} else if near := text.Nearest(key, configKeys); near != "" {
			hint = "write " + near
		}
		c.add(Warning, e, "colophon_order names "+key+", which the config does not have, so that nothing is printed for it", hint)
	}
}
