package review

import (
	"regexp"
	"strings"
)

// extension holds the names of the commands that a book's review-ext.rb gives
// a meaning. It is Ruby, so they are guessed: rather one too many, since a
// command that is taken for unknown would be a false alarm.
type extension struct {
	blocks, inlines     map[string]bool
	anyBlock, anyInline bool // names that cannot be read are defined too
}

var (
	definition = regexp.MustCompile(`\bdef(block|minicolumn|single|inline|codeblock|syntax)\b[ \t(]*([^\n]*)`)
	literal    = regexp.MustCompile(`^(?::"?|["'])(\w+)`)
	method     = regexp.MustCompile(`\bdef\s+(inline_)?(\w+)`)
	loaded     = regexp.MustCompile(`\b(?:require_relative|load)\b|\brequire\s*\(?\s*["']\.`)
)

func readExtension(ruby string) extension {
	e := extension{blocks: map[string]bool{}, inlines: map[string]bool{}}
	for line := range strings.Lines(ruby) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if loaded.MatchString(line) {
			e.anyBlock, e.anyInline = true, true
		}
		for _, m := range definition.FindAllStringSubmatch(line, -1) {
			name := literal.FindStringSubmatch(m[2])
			switch {
			case m[1] == "inline" && name != nil:
				e.inlines[name[1]] = true
			case m[1] == "inline":
				e.anyInline = true
			case name != nil:
				e.blocks[name[1]] = true
			default:
				e.anyBlock = true
			}
		}
		// A method gives a command of Re:VIEW a meaning where it has none.
		for _, m := range method.FindAllStringSubmatch(line, -1) {
			if m[1] != "" {
				if inlineCommands[m[2]] {
					e.inlines[m[2]] = true
				}
			} else if _, known := blockCommands[m[2]]; known {
				e.blocks[m[2]] = true
			}
		}
	}
	return e
}
