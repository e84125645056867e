package review

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/bookci/bookci/build/book"
)

// This file tells of habits of Markdown, which are text like any other to Re:VIEW.

var (
	starItem    = regexp.MustCompile(`^\*[ 　]+\S`)
	hyphenItem  = regexp.MustCompile(`^[ \t]*[-+][ 　]+\S`)
	numberItem  = regexp.MustCompile(`^[0-9]{1,2}\.[ 　]+\S`)
	hashHeading = regexp.MustCompile(`^(#{1,6})[ 　]+(\S.*)$`)
	codeFence   = regexp.MustCompile("^ {0,3}(?:```+|~~~+)[ ]*([A-Za-z0-9_+#-]*)[ ]*$")
	strongText  = regexp.MustCompile(`(^|[^*/A-Za-z0-9])\*\*([^\s*/](?:[^*]{0,80}[^\s*/])?)\*\*($|[^*/A-Za-z0-9])`) // beside a slash it is src/**/x
	bracketLink = regexp.MustCompile(`(!?)\[([^\[\]]{1,80})\]\(([A-Za-z]+://[^\s()]+|[^\s()]+\.(?:png|jpe?g|gif|svg|pdf))\)`)
)

// habits is what is known of a chapter's text that looks like Markdown.
type habits struct {
	fence  int   // the line of the last ``` that begins code, 0 for none
	fenced int   // the line of the ``` that ends it, the same where there is none
	item   Place // of a paragraph of one line that looks like an item
	sign   byte  // that it begins with, 0 for none
	blank  int   // the line behind it
	told   bool  // something was told of that list
}

// nearFence looks whether a line begins code, before anything is said of that code.
func (p *parser) nearFence(n int) {
	if n < p.habits.fenced {
		return
	}
	line := p.src.lines[n]
	if m := codeFence.FindStringSubmatch(line); m != nil {
		p.add(fenceOfMarkdown(p.place(n, 0), strings.TrimSpace(line), m[1]))
		p.habits.fence, p.habits.fenced = n+1, p.fenceEnd(n)
	}
}

// fenceEnd is the line that ends the code which line n begins. A fence that has no
// partner above the next heading stands alone: it would mute the rest of the chapter.
func (p *parser) fenceEnd(n int) int {
	for i := n + 1; i < len(p.src.lines); i++ {
		line := p.src.lines[i]
		if m := codeFence.FindStringSubmatch(line); m != nil && m[1] == "" {
			return i + 1
		} else if m != nil || lineKind(line, true) == headingLine {
			break
		}
	}
	return n + 1
}

// nearHabits looks at the lines of a paragraph, from first up to end, and tells
// whether they are code between fences, of which nothing more is to be said.
func (p *parser) nearHabits(first, end int) (code bool) {
	if p.habits.fence <= end && p.habits.fenced > first {
		return true
	}
	if m := hashHeading.FindStringSubmatch(p.src.lines[first]); m != nil && end-first == 1 {
		p.add(headingOfMarkdown(p.place(first, 0), strings.Repeat("=", len(m[1]))+" "+strings.TrimRight(m[2], "# ")))
		return false
	}
	p.nearItems(first, end)
	return false
}

// nearItems looks for a list. One line that begins with a sign may be meant so, as a
// remark that begins with * is: two of them are a list, and so is a * behind text,
// with which Re:VIEW joins it.
func (p *parser) nearItems(first, end int) {
	signs := map[byte]int{}
	begins := map[byte]int{}
	for n := end - 1; n >= first; n-- {
		if sign := itemSign(p.src.lines[n]); sign != 0 {
			signs[sign]++
			begins[sign] = n
		}
	}
	above := p.habits
	p.habits = habits{}
	for _, sign := range []byte("*-1") {
		if signs[sign] == 0 {
			continue
		}
		n := begins[sign]
		follows := above.sign == sign && above.blank+1 >= first
		behindText := sign == '*' && n > first && !breaksLines(p.src.lines[n-1])
		told := follows || behindText || signs[sign] > 1
		switch {
		case !told, follows && above.told: // one list, of paragraphs
		case follows:
			p.add(itemOfMarkdown(above.item, p.src.lines[above.item.Line-1]))
		default:
			p.add(itemOfMarkdown(p.place(n, 0), p.src.lines[n]))
		}
		if told || p.habits.sign == 0 {
			p.habits = habits{item: p.place(n, 0), sign: sign, blank: end, told: told}
		}
		if told {
			return
		}
	}
}

// breaksLines tells whether the author has seen to it where a line ends.
func breaksLines(line string) bool { return strings.Contains(line, "@<br>") }

// itemSign is the sign that an item of Markdown begins with, 1 for all numbers, 0
// for a line that is no item.
func itemSign(line string) byte {
	switch {
	case breaksLines(line):
		return 0
	case starItem.MatchString(line):
		return '*'
	case hyphenItem.MatchString(line):
		return '-'
	case numberItem.MatchString(line):
		return '1'
	}
	return 0
}

// nearInlineHabits looks at running text.
func (p *parser) nearInlineHabits(at Place, text string) {
	if p.verbatim || at.Line <= p.habits.fenced {
		return
	}
	tell := func(offset int, f func(Place) book.Diagnostic) {
		there := at
		there.Column += utf8.RuneCountInString(text[:offset])
		if last, _ := utf8.DecodeLastRuneInString(text[:offset]); !strings.ContainsRune(openingQuote, last) {
			p.add(f(there))
		}
	}
	if strings.Contains(text, "**") {
		for _, m := range strongText.FindAllStringSubmatchIndex(text, maxFaults) {
			tell(m[3], func(at Place) book.Diagnostic { return strongOfMarkdown(at, text[m[4]:m[5]]) })
		}
	}
	if strings.Contains(text, "](") {
		for _, m := range bracketLink.FindAllStringSubmatchIndex(text, maxFaults) {
			image, shown, address := m[3] > m[2], text[m[4]:m[5]], text[m[6]:m[7]]
			if image || strings.Contains(address, "://") {
				tell(m[0], func(at Place) book.Diagnostic { return linkOfMarkdown(at, image, shown, address) })
			}
		}
	}
}

func itemOfMarkdown(at Place, line string) book.Diagnostic {
	line = strings.TrimSpace(line)
	if line[0] == '-' || line[0] == '+' {
		line = "*" + line[1:]
	}
	return nearMiss(at, "this is text and no item of a list, which begins with a space", `write a space before the sign: " `+clipped(strings.Replace(line, "　", " ", 1))+`"`)
}

func headingOfMarkdown(at Place, right string) book.Diagnostic {
	return nearMiss(at, "this is text and no heading, which begins with =", "write "+clipped(right))
}

func fenceOfMarkdown(at Place, fence, language string) book.Diagnostic {
	right := "//emlist{"
	if language != "" {
		right = "//emlist[][" + language + "]{"
	}
	return nearMiss(at, fence+" is text and begins no code", "write "+right+" here, and //} for the closing one")
}

func strongOfMarkdown(at Place, inner string) book.Diagnostic {
	return nearMiss(at, "the ** are shown as they are", "write @<b>{"+inner+"}")
}

func linkOfMarkdown(at Place, image bool, shown, address string) book.Diagnostic {
	if image {
		stem := address[strings.LastIndexByte(address, '/')+1:]
		stem = stem[:strings.LastIndexByte(stem, '.')+1]
		return nearMiss(at, "this is text and no image", "write //image["+strings.TrimSuffix(stem, ".")+"]["+shown+"]{ and //} on lines of their own")
	}
	return nearMiss(at, "this is text and no link", "write @<href>{"+address+","+strings.ReplaceAll(shown, ",", `\,`)+"}")
}
