package layout

import (
	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/bookci/bookci/build/draft/sheet"
)

// style is how characters are drawn.
type style struct {
	japanese, roman *fonts.Face
	size            float64 // side of a kanji
	romanSize       float64 // size of Latin letters
	rise            float64 // of the baseline
	color           sheet.Color
	slant           bool
	code            bool // lines may end anywhere, and Latin keeps no distance from Japanese
}

// hand holds the typefaces.
type hand struct {
	mincho, gothic, bold                *fonts.Face
	minchoLatin, gothicLatin, boldLatin *fonts.Face
}

func loadHand() (*hand, error) {
	if err := fonts.LoadAll(); err != nil {
		return nil, err
	}
	face := func(s fonts.Style) *fonts.Face { f, _ := fonts.Load(s); return f } // LoadAll has seen it load
	return &hand{
		mincho: face(fonts.Mincho), gothic: face(fonts.Gothic), bold: face(fonts.GothicBold),
		minchoLatin: face(fonts.MinchoLatin), gothicLatin: face(fonts.GothicLatin), boldLatin: face(fonts.GothicBoldLatin),
	}, nil
}

// romanRatio makes Latin letters look as large as the kana beside them: these
// typefaces draw small letters tall.
const romanRatio = 0.96

func (h *hand) body(size float64) style {
	return style{japanese: h.mincho, roman: h.minchoLatin, size: size, romanSize: size * romanRatio}
}

func (h *hand) sans(size float64) style {
	return style{japanese: h.gothic, roman: h.gothicLatin, size: size, romanSize: size * romanRatio}
}

func (h *hand) heading(size float64) style {
	return style{japanese: h.bold, roman: h.boldLatin, size: size, romanSize: size * romanRatio}
}

// mono is the type of code: two Latin letters are as wide as one kanji.
func (h *hand) mono(size float64) style {
	return style{japanese: h.gothic, roman: h.gothic, size: size, romanSize: size * 1.08, code: true}
}

func (h *hand) bolder(s style) style {
	if s.code {
		s.japanese, s.roman = h.bold, h.bold
		return s
	}
	s.japanese, s.roman, s.romanSize = h.bold, h.boldLatin, s.size*romanRatio
	return s
}

func (h *hand) monoLike(s style) style {
	m := h.mono(s.size)
	m.color, m.rise = s.color, s.rise
	if s.japanese == h.bold {
		return h.bolder(m)
	}
	return m
}

// glyph is a character as it is set, or a thing that is no character.
type glyph struct {
	r     rune
	id    uint16
	style uint16 // index into text.styles
	thing int16  // index into text.things plus 1, 0 for a character
	class class
	flags flags
	empty float32 // how much of the glyph's left is not counted
	width float32 // what is counted
}

type flags uint8

const (
	newline  flags = 1 << iota // the line ends after it
	glued                      // the line does not end before it
	anywhere                   // the line may end before it although it stands inside a word
	roman                      // it is set in the Latin typeface
	tight                      // no space before it
)

// thing is what stands in a line and is no character.
type thing struct {
	width, height, depth float64
	picture              sheet.Picture // with File "" for none
}

// text is characters on their way into lines.
type text struct {
	glyphs []glyph
	styles []style
	things []thing
	marks  []mark
	points []point

	placed int // how many of points stand in a line
	drawn  int // how many of marks end before the line that is drawn

	lacking []rune // characters that the typefaces lack

	positions, shifts []float64 // of the line that is drawn
}

// mark is something about a stretch of characters.
type mark struct {
	kind       markKind
	start, end int   // indexes into text.glyphs
	over       *text // ruby's reading
	link       sheet.Link
}

type markKind uint8

const (
	ruby markKind = iota
	dots          // a dot over each character
	underline
	strike
	ground // a gray ground
	link
)

// point is something that stands at one place: an anchor, a note, a term of the index.
type point struct {
	at     int // index into text.glyphs
	anchor string
	term   string
	note   *note
}

func (t *text) reset() {
	t.placed, t.drawn = 0, 0
	t.lacking = t.lacking[:0]
	t.glyphs, t.styles, t.things, t.marks, t.points = t.glyphs[:0], t.styles[:0], t.things[:0], t.marks[:0], t.points[:0]
}

// style returns the index of a style, which is added when it is new.
func (t *text) style(s style) uint16 {
	for i := len(t.styles) - 1; i >= 0; i-- {
		if t.styles[i] == s {
			return uint16(i)
		}
	}
	if len(t.styles) >= 1<<16-1 {
		return 0
	}
	t.styles = append(t.styles, s)
	return uint16(len(t.styles) - 1)
}

// add sets a string.
func (t *text) add(s string, st style) { t.addFlagged(s, st, 0) }

func (t *text) addFlagged(s string, st style, extra flags) {
	index := t.style(st)
	for _, r := range s {
		if r < ' ' || r == 0x7F {
			if r != '\t' && r != '\n' {
				continue
			}
			r = ' '
		}
		g := setRune(r, st, index, extra)
		if g.r == missing && r != missing {
			t.lacking = append(t.lacking, r)
		}
		if len(t.glyphs) >= maxText {
			return
		}
		t.glyphs = append(t.glyphs, g)
	}
}

const missing = '〓' // stands for characters that the typefaces lack

func setRune(r rune, st style, index uint16, extra flags) glyph {
	c := classify(r)
	g := glyph{r: r, style: index, class: c, flags: extra}
	if st.code {
		g.flags |= anywhere | tight
	}
	if c == latin || c == space || r == '–' {
		if id := st.roman.Glyph(r); id != 0 {
			g.id, g.flags = id, g.flags|roman
			g.width = float32(float64(st.roman.Advance(id)) * st.romanSize / 1000)
			if st.code && c == space {
				g.class = latin // the spaces of code are kept
			}
			return g
		}
	}
	g.id = st.japanese.Glyph(r)
	if r == '—' { // which these typefaces draw half an em wide
		g.id = st.japanese.Glyph('―')
	}
	if g.id == 0 {
		if r == 0xA0 || r == 0x200B || r == 0xFEFF || r == 0xFE0F || r == 0x200D {
			g.id, g.r = st.japanese.Glyph(' '), ' '
			g.class = fixed
			return g
		}
		g.id, g.r = st.japanese.Glyph(missing), missing
	}
	advance := st.japanese.Advance(g.id)
	if advance != 1000 {
		g.width = float32(float64(advance) * st.size / 1000)
		if c == kana || c == latin {
			return g
		}
		if advance == 500 { // half-width kana and their punctuation
			return g
		}
	}
	empty, width := narrow(c)
	if st.code {
		empty, width = 0, 1
	}
	g.empty, g.width = float32(empty*st.size), float32(width*st.size)
	if g.flags&tight != 0 && c != small {
		g.class = kana
	}
	return g
}

// face returns what a glyph is drawn with.
func (t *text) face(g *glyph) (*fonts.Face, float64) {
	st := &t.styles[g.style]
	if g.flags&roman != 0 {
		return st.roman, st.romanSize
	}
	return st.japanese, st.size
}

// between returns the space between the glyphs i and i+1, in points.
func (t *text) between(i int) (natural, stretch, shrink float64) {
	a, b := &t.glyphs[i], &t.glyphs[i+1]
	if b.flags&tight != 0 && a.flags&tight != 0 {
		if a.class == latin && b.class == latin {
			return 0, 0.02 * float64(t.styles[b.style].size), 0
		}
		return 0, 0.1 * float64(t.styles[b.style].size), 0
	}
	if b.flags&glued != 0 && b.flags&tight != 0 {
		return 0, 0, 0
	}
	size := min(t.styles[a.style].size, t.styles[b.style].size)
	if a.class == space { // of Latin
		return 0, 0.18 * size, 0.1 * size
	}
	g := between(a.class, b.class)
	return g.natural * size, g.stretch * size, g.shrink * size
}

// mayEnd tells whether a line may end after glyph i.
func (t *text) mayEnd(i int) bool {
	a, b := &t.glyphs[i], &t.glyphs[i+1]
	switch {
	case a.flags&newline != 0:
		return true
	case b.flags&glued != 0:
		return false
	case b.flags&anywhere != 0 && a.flags&anywhere != 0:
		switch b.class {
		case closing, comma, stop, middle, small, query:
			return false
		}
		return a.class != opening
	}
	return parts(a.class, b.class, a.r, b.r)
}
