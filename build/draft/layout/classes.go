package layout

import "unicode"

// class is how a character behaves beside others, after JIS X 4051.
type class uint8

const (
	kana    class = iota // kanji, kana and everything else of full width
	opening              // 「（
	closing              // 」）
	comma                // 、，
	stop                 // 。．
	middle               // ・：；
	query                // ！？
	small                // ぁっー々: never begins a line
	joined               // …―: two of a kind are not parted
	latin                // letters and digits
	space
	fixed // a thing that is no character: an image, a formula
)

// classOf is the class of each character below U+10000.
var classOf = func() *[1 << 16]class {
	var table [1 << 16]class
	for r := range table {
		switch {
		case r == ' ':
			table[r] = space
		case r < 0x2000 && unicode.Is(unicode.Mn, rune(r)):
			table[r] = small
		case r < 0x2000:
			table[r] = latin
		}
	}
	for c, chars := range map[class]string{
		opening: "「『（〔［｛〈《【〘〖‘“｟«〝",
		closing: "」』）〕］｝〉》】〙〗’”｠»〟",
		comma:   "、，",
		stop:    "。．",
		middle:  "・：；",
		query:   "！？‼⁇⁈⁉",
		small:   "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿー々〻ゝゞヽヾ゛゜゙゚〜～゠–",
		joined:  "…‥―—〳〴〵",
		kana:    "×÷§¶±°´¨", // Japanese type has them at full width
	} {
		for _, r := range chars {
			table[r] = c
		}
	}
	return &table
}()

// classify returns how a character behaves. Latin punctuation belongs to its word.
func classify(r rune) class {
	if uint32(r) < 1<<16 {
		return classOf[r]
	}
	return kana
}

// forbiddenAtStart are the Latin characters that begin no line.
func forbiddenAtStart(r rune) bool {
	switch r {
	case ')', ']', '}', ',', '.', ':', ';', '!', '?', '%', '\'', '"', '-', '/', '>', '&', '_', '=', '+', '*', '|', '~':
		return true
	}
	return false
}

// forbiddenAtEnd are the Latin characters that end no line.
func forbiddenAtEnd(r rune) bool {
	switch r {
	case '(', '[', '{', '$', '@', '#', '\\', '<', '"', '\'', '`', '£', '¥':
		return true
	}
	return false
}

// parts tells whether a line may end between two neighbours.
func parts(a, b class, ra, rb rune) bool {
	switch b {
	case closing, comma, stop, middle, query, small, space:
		return false
	}
	switch a {
	case opening:
		return false
	case space:
		return true
	case joined:
		return b != joined
	case latin:
		if b == latin { // after the hyphen of a compound
			return ra == '-' && unicode.IsLetter(rb)
		}
		return !forbiddenAtEnd(ra)
	}
	if b == latin {
		return !forbiddenAtStart(rb)
	}
	return true
}

// gap is the space between two neighbours, in ems.
type gap struct{ natural, stretch, shrink float64 }

// Between kanji, and between Japanese and Latin, as jsbook has them.
var (
	solid  = gap{0, 0.1, 0.01}
	bridge = gap{0.25, 0.15, 0.0625}
	none   = gap{}
	half   = gap{0.5, 0, 0.25}
	full   = gap{0.5, 0, 0.1} // after 。
	dot    = gap{0.25, 0, 0.125}
)

// between returns the space between two neighbours. The marks of punctuation
// count as half an em; what is missing to a full one is this space.
func between(a, b class) gap {
	switch {
	case a == space || b == space:
		return none
	case a == latin && b == latin:
		return none
	case a == fixed && b == fixed:
		return none
	}
	switch a {
	case opening:
		if b == middle {
			return dot
		}
		return none
	case closing, comma:
		switch b {
		case closing, comma, stop:
			return none
		case middle:
			return dot
		}
		return half
	case stop:
		switch b {
		case closing, comma, stop:
			return none
		}
		return full
	case middle:
		if b == opening {
			return dot
		}
		if b == middle {
			return half
		}
		return dot
	}
	switch b {
	case opening:
		return half
	case middle:
		return dot
	case closing, comma, stop:
		return none
	}
	if a == query && b != query {
		if b == latin || b == kana {
			return gap{0, 0.1, 0}
		}
	}
	if (a == latin || a == fixed) != (b == latin || b == fixed) {
		return bridge
	}
	if a == joined && b == joined {
		return none
	}
	return solid
}

// narrow tells how much of the left of a full-width glyph is empty, and how
// wide what is drawn counts, in ems.
func narrow(c class) (empty, width float64) {
	switch c {
	case opening:
		return 0.5, 0.5
	case closing, comma, stop:
		return 0, 0.5
	case middle:
		return 0.25, 0.5
	}
	return 0, 1
}
