package review

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/bookci/bookci/build/book"
)

// Habits of Markdown. To Re:VIEW they are text like any other.

var (
	starItem    = regexp.MustCompile(`^\*[ 　]+\S`)
	hyphenItem  = regexp.MustCompile(`^[ \t]*[-+][ 　]+\S`)
	numberItem  = regexp.MustCompile(`^[0-9]{1,2}\.[ 　]+\S`)
	hashHeading = regexp.MustCompile(`^(#{1,6})[ 　]+(\S.*)$`)
	codeFence   = regexp.MustCompile("^ {0,3}(?:```+|~~~+)[ ]*([A-Za-z0-9_+#-]*)[ ]*$")
	strongText  = regexp.MustCompile(`(^|[^*A-Za-z0-9])\*\*([^\s*](?:[^*]{0,80}[^\s*])?)\*\*($|[^*A-Za-z0-9])`)
	bracketLink = regexp.MustCompile(`(!?)\[([^\[\]]{1,80})\]\(([A-Za-z]+://[^\s()]+|[^\s()]+\.(?:png|jpe?g|gif|svg|pdf))\)`)
)

// habits is what is known of a chapter's text that looks like Markdown.
type habits struct {
	fenced bool  // the line stands between ``` and ```
	item   Place // of a paragraph of one line that looks like an item
	sign   byte  // that it begins with, 0 for none
	blank  int   // the line behind it
	told   bool
}

// nearHabits looks at the lines of a paragraph, from first up to end, and tells
// whether they are code between fences, of which nothing more is to be said.
func (p *parser) nearHabits(first, end int) (code bool) {
	for n := first; n < end; n++ {
		line := p.src.lines[n]
		if m := codeFence.FindStringSubmatch(line); m != nil {
			if p.habits.fenced = !p.habits.fenced; p.habits.fenced {
				p.add(fenceOfMarkdown(p.place(n, 0), strings.TrimSpace(line), m[1]))
			}
			code = true
		}
	}
	if code || p.habits.fenced {
		return true
	}
	if m := hashHeading.FindStringSubmatch(p.src.lines[first]); m != nil && end-first == 1 {
		p.add(headingOfMarkdown(p.place(first, 0), strings.Repeat("=", len(m[1]))+" "+strings.TrimRight(m[2], "# ")))
		return false
	}
	p.nearItems(first, end)
	return false
}

// nearItems looks for a list. One line that begins with a hyphen or a number may be
// meant so: two of them are a list.
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
		at := p.place(begins[sign], 0)
		follows := above.sign == sign && above.blank+1 >= first
		if sign == '*' || signs[sign] > 1 || follows {
			switch {
			case follows && above.told: // one list, of paragraphs
			case follows:
				p.add(itemOfMarkdown(above.item, p.src.lines[above.item.Line-1]))
			default:
				p.add(itemOfMarkdown(at, p.src.lines[begins[sign]]))
			}
			p.habits.told = true
		}
		p.habits.item, p.habits.sign, p.habits.blank = at, sign, end
		return
	}
}

// itemSign is the sign that an item of Markdown begins with, 1 for all numbers, 0
// for a line that is no item.
func itemSign(line string) byte {
	switch {
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
	if p.verbatim || p.habits.fenced {
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
