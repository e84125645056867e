package review

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// inlinesAt reads running text that begins at a byte of a line.
func (p *parser) inlinesAt(line, offset int, text string) []Inline {
	if text == "" || p.room.pieces <= 0 {
		return nil
	}
	at := p.place(line, offset)
	nested := func(t token, offset int) {
		there := at
		if t.op == "" {
			there.Column += utf8.RuneCountInString(text[:t.offset])
			p.severalOpen(there, t, offset-t.offset)
			return
		}
		there.Column += utf8.RuneCountInString(text[:offset])
		p.add(nestedInline(there, t.raw))
	}
	tokens := tokenize(text, p.room.pieces, nested)
	p.room.pieces -= 1 + len(tokens)
	list := make([]Inline, 0, len(tokens))
	seen := 0 // bytes whose characters are counted in at
	for _, t := range tokens {
		at.Column += utf8.RuneCountInString(text[seen:t.offset])
		seen = t.offset
		if t.op == "" {
			p.nearInline(at, t.text)
			list = append(list, &Text{at, t.text})
			continue
		}
		behind, _, _ := strings.Cut(text[t.offset+len(t.raw):], "@<")
		p.nearBrace(at, t, behind)
		list = append(list, p.inline(at, t))
	}
	return list
}

// inline makes the node of one inline command.
func (p *parser) inline(at Place, t token) Inline {
	op, arg := t.op, t.text
	if !inlineCommands[op] {
		if p.extension.inlines[op] || p.extension.anyInline {
			return &UnknownInline{at, op, arg, true}
		}
		p.add(unknownInline(at, op, p.nearestInline(op)))
		return &UnknownInline{at, op, arg, false}
	}
	if p.lacksInline(op) {
		p.add(lackingInline(at, op))
	}
	p.nearArgument(at, op, arg)
	switch op {
	case "list", "img", "imgref", "table", "eq", "chap", "title", "chapref", "hd", "secref", "sec", "sectitle", "column", "bib", "labelref", "ref":
		ref := &Ref{Place: at, Command: op, Arg: arg}
		p.refs = append(p.refs, ref)
		return ref
	case "fn", "endnote":
		ref := &NoteRef{Place: at, Endnote: op == "endnote", Arg: arg}
		p.noteRefs = append(p.noteRefs, ref)
		return ref
	case "pageref":
		p.pageRefs = append(p.pageRefs, placed{at, arg})
		return &PageRef{at, arg}
	case "kw":
		word, alternate, _ := strings.Cut(arg, ",")
		return &Keyword{at, word, strip(alternate)}
	case "ruby":
		parts := splitArgument(arg)
		ruby := &Ruby{Place: at}
		if len(parts) > 0 {
			ruby.Base = unescapeCommas(parts[0])
			ruby.Reading = unescapeCommas(strings.Join(parts[1:], ","))
		}
		return ruby
	case "href":
		href := &Href{Place: at}
		parts := splitArgument(arg)
		if len(parts) > 0 {
			href.URL = unescapeCommas(parts[0])
		}
		if len(parts) > 1 {
			href.Text = unescapeCommas(parts[1])
		}
		return href
	case "m":
		return &Math{at, arg}
	case "idx", "hidx":
		return &IndexTerm{at, arg, op == "idx"}
	case "icon":
		if arg == "" {
			p.add(emptyReference(at, op))
			return &Icon{Place: at}
		}
		p.chapter.indexes.icon.add(&entry{id: arg, node: &Icon{Place: at, ID: arg}})
		return &Icon{at, arg, p.findImage(at, op, arg)}
	case "raw":
		builders, text := inlineBuilders(arg)
		return &InlineEmbed{at, op, builders, strings.ReplaceAll(text, `\n`, "\n")}
	case "embed":
		builders, text := inlineBuilders(arg)
		return &InlineEmbed{at, op, builders, text}
	case "br":
		return &Break{at}
	case "comment":
		return &InlineComment{at, arg}
	case "uchar":
		return &Text{at, codePoint(arg)}
	case "w", "wb":
		word, ok := p.words[arg]
		if !ok {
			if arg == "" {
				p.add(emptyReference(at, op))
			} else {
				p.add(wordMissing(at, arg))
			}
			word = "[missing word: " + arg + "]"
		}
		if op == "wb" {
			return &Span{at, "b", word}
		}
		return &Text{at, word}
	}
	return &Span{at, op, arg}
}

// inlineBuilders takes |html,latex|text apart, wherever its bars stand.
func inlineBuilders(s string) (builders []string, text string) {
	i := strings.IndexByte(s, '|')
	if i < 0 {
		return nil, s
	}
	names, text, found := strings.Cut(s[i+1:], "|")
	if !found {
		return nil, s
	}
	return builderNames(names), text
}

// codePoint is the character with a hexadecimal number.
func codePoint(hex string) string {
	hex = strings.TrimPrefix(strings.TrimPrefix(strip(hex), "0x"), "0X")
	end := 0
	for end < len(hex) && end < 8 && strings.IndexByte("0123456789abcdefABCDEF", hex[end]) >= 0 {
		end++
	}
	n, err := strconv.ParseUint(hex[:end], 16, 32)
	if err != nil || n == 0 || n > utf8.MaxRune {
		return "\ufffd"
	}
	return string(rune(n))
}
