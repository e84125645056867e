package book

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
)

var (
	yamlItem     = regexp.MustCompile(`^([ 　]*)(?:([-－])[ 　]*)?(.*)$`)
	colonInValue = regexp.MustCompile(`^((?: *- )?[A-Za-z_]\w*: +)([^"'\[{&*!|>#%@ ].*: .*)$`)
	yamlKey      = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]*)[:：][ 　]*(.*)$`)
)

// rightYAML is a line of YAML with half-width signs and the spaces that belong
// behind them; the line itself when nothing is wrong with those.
func rightYAML(line string) string {
	m := yamlItem.FindStringSubmatch(line)
	right := strings.ReplaceAll(m[1], "　", "  ")
	if m[2] != "" {
		right += "- "
	}
	rest := m[3]
	if k := yamlKey.FindStringSubmatch(rest); k != nil && !strings.HasPrefix(k[2], "//") {
		rest = strings.TrimRight(k[1]+": "+k[2], " ")
	}
	return right + rest
}

// yamlHint says how a line of YAML, or the one before it, is to be written; ""
// when signs and spaces are not what is wrong.
func yamlHint(data []byte, line int) string {
	for _, n := range []int{line, line - 1} {
		if n < 1 {
			continue
		}
		source := strings.TrimRight(sourceLine(data, n), " ")
		right := rightYAML(source)
		if trimmed := strings.TrimSpace(source); right == source || trimmed == "" || strings.HasPrefix(trimmed, "#") || trimmed[0] == '-' && !strings.HasPrefix(trimmed, "- ") && strings.Trim(trimmed, "-") == "" {
			continue
		}
		if n == line {
			return fmt.Sprintf("write %q: half-width signs, and a space behind them", right)
		}
		return fmt.Sprintf("write %q in line %d: half-width signs, and a space behind them", right, n)
	}
	return ""
}

// SyntaxHint says what to do about a text that psych finds to be no YAML.
func SyntaxHint(name string, data []byte, err *psych.Error) string {
	return syntaxHint(name, err.Encoding, err.Message, sourceLine(data, err.Line), data, err.Line)
}

// syntaxHint says what to do about a text that is no YAML.
func syntaxHint(name, encoding, message, source string, data []byte, line int) string {
	switch {
	case strings.Contains(message, "UTF-8"):
		return text.ToUTF8Hint(path.Base(name), encoding)
	case text.ConflictMark.Match(data):
		return "git has left two versions here: " + text.ConflictHint
	case strings.Contains(source, "\t"):
		return "YAML is indented with spaces, never with tabs"
	}
	if m := colonInValue.FindStringSubmatch(strings.TrimRight(source, " ")); m != nil && strings.Contains(message, "mapping values") {
		return fmt.Sprintf("write %s%q: a value with a colon and a space in it stands in quotes", m[1], m[2])
	}
	if hint := yamlHint(data, line); hint != "" {
		return hint
	}
	if hint := itemHint(data, line); hint != "" {
		return hint
	}
	return "look at this line and the one before: indentation, a space after each colon and hyphen, quotes and brackets closed"
}

var (
	listItem  = regexp.MustCompile(`^( *)- +\S`)
	plainItem = regexp.MustCompile(`^ +([\w./-]+\.[A-Za-z]+) *$`)
)

// itemHint says how a line of a list is to be written that stands in another column
// than the one above it, or has no hyphen; "" when it is no such line.
func itemHint(data []byte, line int) string {
	above := listItem.FindStringSubmatch(sourceLine(data, line-1))
	if above == nil || line < 2 {
		return ""
	}
	source := sourceLine(data, line)
	if m := listItem.FindStringSubmatch(source); m != nil && m[1] != above[1] {
		return fmt.Sprintf("write %q: the hyphens of a list stand below each other", above[1]+strings.TrimSpace(source))
	}
	if m := plainItem.FindStringSubmatch(source); m != nil {
		return fmt.Sprintf("write %q: each entry of a list begins with a hyphen", above[1]+"- "+m[1])
	}
	return ""
}
