package diagnose

import (
	"regexp"
	"strings"
)

// Re:VIEW escapes all text for TeX, so TeX can only stumble over what an author
// hands to it as it is: @<raw>, @<embed>, @<m>, //raw, and the lines of //embed
// and //texequation. When a TeX error does not say which of several lines it
// means, it is the one that hands something over.

var (
	inlineFence = regexp.MustCompile(`@<(\w+)>(?:\$(.*?)\$|\|(.*?)\|)`)
	inlineBrace = regexp.MustCompile(`@<(\w+)>\{((?:[^}\\]|\\.)*)\}`)
	rawBlock    = regexp.MustCompile(`^//(?:embed|texequation)\b.*\{\s*$`)
	rawLine     = regexp.MustCompile(`^//(?:raw|tsize|latextsize)\[(.*)\]\s*$`)
	noteRef     = regexp.MustCompile(`@<(?:fn|endnote)>(?:\{([^}]*)\}|[$|]([^$|]*)[$|])`)
	noteDef     = regexp.MustCompile(`^//(?:footnote|endnote)\[([^\]]*)\]`)
	forBuilder  = regexp.MustCompile(`^\|[^|]*\|`)
)

// rawTeX returns what one line of the manuscript hands to TeX as it is. inBlock
// says that the line stands in an //embed or //texequation.
func rawTeX(line string, inBlock bool) string {
	if inBlock {
		return line
	}
	if m := rawLine.FindStringSubmatch(line); m != nil {
		return forBuilder.ReplaceAllString(m[1], "")
	}
	var b strings.Builder
	take := func(op, arg string) {
		if op == "raw" || op == "embed" || op == "m" {
			b.WriteString(forBuilder.ReplaceAllString(arg, ""))
			b.WriteByte(' ')
		}
	}
	rest := inlineFence.ReplaceAllStringFunc(line, func(s string) string {
		m := inlineFence.FindStringSubmatch(s)
		take(m[1], m[2]+m[3])
		return ""
	})
	for _, m := range inlineBrace.FindAllStringSubmatch(rest, -1) {
		take(m[1], strings.NewReplacer(`\}`, `}`, `\\`, `\`).Replace(m[2]))
	}
	return b.String()
}

// rawLines returns rawTeX of every line of a file.
func rawLines(lines []string) []string {
	raw := make([]string, len(lines))
	in := false
	for i, l := range lines {
		switch {
		case in && strings.HasPrefix(l, "//}"):
			in = false
		case in:
			raw[i] = rawTeX(l, true)
		case rawBlock.MatchString(l):
			in = true
		default:
			raw[i] = rawTeX(l, false)
		}
	}
	return raw
}

// braces counts the open minus the closed braces of TeX source.
func braces(tex string) int {
	n := 0
	for i := 0; i < len(tex); i++ {
		switch tex[i] {
		case '\\':
			i++
		case '%':
			return n
		case '{':
			n++
		case '}':
			n--
		}
	}
	return n
}

// plainMarkup takes the markup out of a line and leaves the text that a reader
// sees, without blanks: what a line of the manuscript and a line of TeX share.
func plainMarkup(line string) string {
	line = strings.NewReplacer(`@<embed>{|latex|`, "", `@<raw>{|latex|`, "", `@<m>{`, "", `@<embed>$|latex|`, "", `@<raw>$|latex|`, "").Replace(line)
	return squeeze(inlineOpen.ReplaceAllString(line, ""))
}

var (
	inlineOpen = regexp.MustCompile(`@<\w+>`)
	texEscape  = regexp.MustCompile(`\\(?:text(?:dollar|underscore|asciicircum|asciitilde|bar|less|greater)|reviewbackslash)\{\}|\\[#%&{}]|\{-\}|\\review[a-z]+`)
	texEscaped = map[string]string{
		`\textdollar{}`: "$", `\textunderscore{}`: "_", `\textasciicircum{}`: "^", `\textasciitilde{}`: "~", `\textbar{}`: "|",
		`\textless{}`: "<", `\textgreater{}`: ">", `\reviewbackslash{}`: `\`, `\#`: "#", `\%`: "%", `\&`: "&", `\{`: "{", `\}`: "}", `{-}`: "-",
	}
)

// plainTeX is plainMarkup for TeX that Re:VIEW wrote.
func plainTeX(tex string) string {
	return squeeze(texEscape.ReplaceAllStringFunc(tex, func(s string) string { return texEscaped[s] }))
}

// squeeze takes out blanks and braces, which both sides use in their own way.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '{', '}', '　', '\n':
			return -1
		}
		return r
	}, s)
}

// common returns the length in characters of the longest text that both have.
func common(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 400 {
		x = x[:400]
	}
	if len(y) > 400 {
		y = y[:400]
	}
	best := 0
	row := make([]int, len(y)+1)
	for i := range x {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				row[j+1] = row[j] + 1
				best = max(best, row[j+1])
			} else {
				row[j+1] = 0
			}
		}
	}
	return best
}
