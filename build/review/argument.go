package review

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// This file looks at what stands between an inline command's braces. Where nothing
// does, Re:VIEW stops at some commands with an error of Ruby's. It says nothing about
// a comma of another kind, or a number that is none.

var (
	// wideComma is what is written for the comma of @<ruby> and @<href>.
	wideComma = regexp.MustCompile(`\s*[，、､｜|]\s*`)

	// addressed is an address in ASCII up to such a comma.
	addressed = regexp.MustCompile(`^([a-z]+://[!-{}~]+|[\w./-]*#[\w-]+)\s*[，、､｜|]\s*([^!-~].*|)$`)

	hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]{1,8}$`)
	prefixedHex = regexp.MustCompile(`^0[xX][0-9a-fA-F]{1,8}$`)
	codePointOf = regexp.MustCompile(`^(?i:u\+|\\u|0x|&#x)([0-9a-f]{1,8});?$`)
)

// nearArgument looks at the argument of a command.
func (p *parser) nearArgument(at Place, op, arg string) {
	switch op {
	case "kw":
		if arg == "" {
			p.add(emptyInline(at, op, "@<kw>{...}"))
		}
	case "ruby":
		p.nearRuby(at, arg)
	case "href":
		if len(splitArgument(arg)) == 0 {
			p.add(emptyInline(at, op, "@<href>{address,text}"))
		} else if m := addressed.FindStringSubmatch(arg); m != nil {
			p.add(wideSeparator(at, "this link shows its address, and all behind it belongs to that", "@<href>{"+strings.TrimSuffix(m[1]+","+strings.ReplaceAll(m[2], ",", `\,`), ",")+"}"))
		}
	case "m":
		if strip(arg) == "" && p.makes("latex") {
			p.add(emptyFormula(at))
		}
	case "idx", "hidx":
		if strip(arg) == "" {
			p.add(emptyTerm(at, op))
		}
	case "uchar":
		// Ruby reads 0x for LaTeX and plain text; the others write it into an entity.
		asRuby := prefixedHex.MatchString(arg) && !p.makes("html") && !p.makes("idgxml")
		if !hexadecimal.MatchString(arg) && !asRuby {
			right := "1F4D6"
			if m := codePointOf.FindStringSubmatch(strip(arg)); m != nil {
				right = strings.ToUpper(m[1])
			}
			p.add(noCodePoint(at, arg, right))
		}
	}
}

// nearRuby looks for the reading of a word.
func (p *parser) nearRuby(at Place, arg string) {
	parts := splitArgument(arg)
	if len(parts) == 0 {
		p.add(emptyInline(at, "ruby", "@<ruby>{word,reading}"))
		return
	}
	if len(parts) > 1 && unescapeCommas(strings.Join(parts[1:], "")) != "" {
		return
	}
	if word, reading, found := cutAt(arg, wideComma); found && !strings.Contains(arg, ",") {
		p.add(wideSeparator(at, "this word has no reading", "@<ruby>{"+word+","+reading+"}"))
		return
	}
	p.add(noReading(at, strings.TrimSuffix(arg, ",")))
}

// cutAt cuts a text at the first match, when there is text on both sides.
func cutAt(s string, at *regexp.Regexp) (before, after string, found bool) {
	m := at.FindStringIndex(s)
	if m == nil || m[0] == 0 || m[1] == len(s) {
		return s, "", false
	}
	return s[:m[0]], s[m[1]:], true
}

// nearBrace looks at a command whose argument has a brace of its own, and at the
// text behind it: the first } ends the command.
func (p *parser) nearBrace(at Place, t token, rest string) {
	if !strings.HasPrefix(t.raw, "@<"+t.op+">{") {
		return
	}
	depth := strings.Count(t.text, "{") - strings.Count(t.text, "}") - 1
	if depth < 0 {
		return
	}
	handsOver := t.op == "m" || (t.op == "raw" || t.op == "embed") && strings.Contains(t.text, "|latex|")
	if !handsOver && (t.op == "raw" || t.op == "embed" || p.verbatim || strip(t.text) == "{") {
		return
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= utf8.RuneSelf && !handsOver:
			return // what follows is no code, but text that has braces
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}':
			right := fenced(t.op, t.text+"}"+rest[:i])
			if handsOver {
				p.add(braceEnds(at, t.text, right))
			} else {
				p.add(codeEnds(at, t.text, right))
			}
			return
		}
	}
}

// fenced is a command with an argument that holds braces.
func fenced(op, arg string) string {
	for _, fence := range []string{"$", "|"} {
		if !strings.Contains(arg, fence) {
			return "@<" + op + ">" + fence + arg + fence
		}
	}
	return "@<" + op + ">{" + strings.NewReplacer(`\`, `\\`, "}", `\}`).Replace(arg) + "}"
}

// severalOpen tells of a text in which Re:VIEW sees commands inside each other:
// none of them is closed, or has braces at all.
func (p *parser) severalOpen(at Place, t token, second int) {
	for _, m := range asciiInline.FindAllStringSubmatchIndex(t.text, -1) {
		if m[1] < len(t.text) && strings.IndexByte("{$|", t.text[m[1]]) >= 0 {
			at.Column += utf8.RuneCountInString(t.text[:m[0]])
			end := strings.NewReplacer("{", "}").Replace(t.text[m[1] : m[1]+1])
			p.add(neverClosed(at, t.text[m[0]:m[1]+1], end))
			p.nested = at
			return
		}
	}
	at.Column += utf8.RuneCountInString(t.text[:second])
	written := asciiInline.FindString(t.text[second:])
	p.add(neverOpened(at, written))
}

var asciiInline = regexp.MustCompile(`@<(\w+)>`)
