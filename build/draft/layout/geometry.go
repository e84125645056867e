package layout

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/review"
)

// Geometry is where things stand on a page, in points. It follows the options
// that texdocumentclass gives to review-jsbook and review-jlreq.
type Geometry struct {
	Paper struct{ Width, Height float64 } // as trimmed: marks for the trimming are not drawn
	Em    float64                         // the side of a kanji of the running text
	Lead  float64                         // from one line to the next

	TextWidth, TextHeight float64
	Head                  float64 // from the paper's upper edge to the text
	Gutter                float64 // from the spine to the text
	TopSkip               float64 // from the text's upper edge to the first baseline
	HeadSep               float64 // from the head's baseline to the text
	FootSkip              float64 // from the text's lower edge to the foot's baseline

	OneSide   bool // pages are alike left and right
	OpenAny   bool // chapters begin on any page
	Cover     bool // the cover comes first
	StartPage int  // the number of the first page
	Serial    bool // one count of pages, not one for the front matter
}

const (
	pt = 72.0 / 72.27 // of TeX
	mm = 72.0 / 25.4
)

var papers = map[string][2]float64{ // in mm; B is the Japanese series
	"a3": {297, 420}, "a4": {210, 297}, "a5": {148, 210}, "a6": {105, 148},
	"b4": {257, 364}, "b5": {182, 257}, "b6": {128, 182},
	"a4var": {210, 283}, "b5var": {182, 230}, "letter": {215.9, 279.4}, "legal": {215.9, 355.6}, "executive": {184.15, 266.7},
}

// ReadGeometry reads the class and its options from a book's settings.
// Options that it does not know are left to TeX.
func ReadGeometry(s *review.Settings) Geometry {
	options := classOptions(s)
	g := Geometry{OpenAny: options.flag("openany"), OneSide: options.flag("oneside"), Cover: options.text("media", options.text("cameraready", "print")) != "print",
		StartPage: 1, Serial: options.text("serial_pagination", "false") == "true"}
	switch options["cover"] {
	case "true":
		g.Cover = true
	case "false":
		g.Cover = false
	}
	if n, err := strconv.Atoi(options.text("startpage", "1")); err == nil && n > 0 && n < 10000 {
		g.StartPage = n
	}

	paper := strings.TrimSuffix(strings.ToLower(options.text("paper", "a4")), "paper")
	for _, name := range slices.Sorted(maps.Keys(papers)) { // of several the last
		if options.flag(name) || options.flag(name+"paper") || options.flag(name+"j") {
			paper = name
		}
	}
	size, ok := papers[strings.TrimSuffix(paper, "j")]
	if !ok {
		size = papers["a5"]
	}
	g.Paper.Width, g.Paper.Height = size[0]*mm, size[1]*mm

	font := options.length("fontsize", 10*pt, 0)
	for _, name := range []string{"8pt", "9pt", "10pt", "11pt", "12pt", "14pt"} {
		if options.flag(name) {
			font = parseLength(name, 0, font)
		}
	}
	font = min(max(font, 5), 30)
	g.Em = font * 0.924715 // jsbook's ratio of kanji to Latin
	g.Lead = font * 1.6
	if gap := options.length("linegap", 0, g.Em); gap > 0 {
		g.Lead = g.Em + gap
	}
	g.Lead = min(max(options.length("baselineskip", g.Lead, g.Em), g.Em), 5*g.Em)
	if w, h := options.length("paperwidth", 0, g.Em), options.length("paperheight", 0, g.Em); w > 100 && h > 100 && w < 5000 && h < 5000 {
		g.Paper.Width, g.Paper.Height = w, h
	}
	g.measureText(options)
	return g
}

// measureText places the text on the paper.
func (g *Geometry) measureText(options classSettings) {
	const capHeight = 0.88 // of a kanji above the baseline
	g.TopSkip = 1.38 * g.Em
	g.FootSkip = max(0.03367*g.Paper.Height, g.Lead)
	g.FootSkip = options.length("footskip", g.FootSkip, g.Em)
	g.HeadSep = options.length("headsep", max(g.FootSkip-g.TopSkip, 0.5*g.Em), g.Em)

	full := g.Paper.Width - 36*mm
	g.TextWidth = whole(min(full, 40*g.Em), g.Em) * g.Em
	if w := options.length("line_length", 0, g.Em); w > 0 {
		g.TextWidth = whole(w, g.Em) * g.Em
	}
	g.TextWidth = min(max(g.TextWidth, 10*g.Em), g.Paper.Width-4*mm)

	body := g.Paper.Height*0.83 - 2*g.TopSkip
	lines := whole(body-g.TopSkip, g.Lead) + 1
	if n, err := strconv.Atoi(options.text("number_of_lines", "")); err == nil && n > 0 {
		lines = float64(min(n, 200))
	}
	height := func() float64 { return (lines-1)*g.Lead + g.TopSkip + (1-capHeight)*g.Em }
	for lines > 3 && height() > g.Paper.Height-4*mm {
		lines--
	}
	g.TextHeight = height()

	g.Gutter = options.length("gutter", (g.Paper.Width-g.TextWidth)/2, g.Em)
	g.Gutter = min(max(g.Gutter, 2*mm), g.Paper.Width-g.TextWidth-2*mm)
	g.Head = options.length("head_space", (g.Paper.Height-g.TextHeight)/2, g.Em)
	g.Head = min(max(g.Head, 2*mm), g.Paper.Height-g.TextHeight-2*mm)
}

// Left returns where the text begins on a page: odd pages lie on the right.
func (g *Geometry) Left(page int) float64 {
	if g.OneSide || page%2 != 0 {
		return g.Gutter
	}
	return g.Paper.Width - g.Gutter - g.TextWidth
}

func whole(length, unit float64) float64 { return float64(int(length/unit + 0.001)) }

// classSettings are the options of a document class.
type classSettings map[string]string

// classOptions reads texdocumentclass: a name and a list of options.
func classOptions(s *review.Settings) classSettings {
	found := classSettings{}
	list := s.List("texdocumentclass")
	if own := s.List("pdfmaker.texdocumentclass"); len(own) > 0 {
		list = own
	}
	if len(list) < 2 {
		return found
	}
	for option := range strings.SplitSeq(list[1], ",") {
		key, value, _ := strings.Cut(option, "=")
		found[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return found
}

func (c classSettings) flag(key string) bool {
	v, ok := c[key]
	return ok && v == ""
}

func (c classSettings) text(key, otherwise string) string {
	if v := c[key]; v != "" {
		return v
	}
	return otherwise
}

func (c classSettings) length(key string, otherwise, em float64) float64 {
	return parseLength(c[key], em, otherwise)
}

// parseLength reads a length of TeX. em is what zw means.
func parseLength(s string, em, otherwise float64) float64 {
	s = strings.TrimSpace(s)
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' && r != '+' })
	if end <= 0 {
		return otherwise
	}
	v, err := strconv.ParseFloat(s[:end], 64)
	if err != nil || v > 1e5 || v < -1e5 {
		return otherwise
	}
	switch strings.TrimSuffix(strings.TrimSpace(s[end:]), "j") {
	case "pt":
		return v * pt
	case "bp":
		return v
	case "mm", "truemm":
		return v * mm
	case "cm", "truecm":
		return v * 10 * mm
	case "in", "truein":
		return v * 72
	case "Q", "H":
		return v * mm / 4
	case "zw", "zh", `\zw`, "em":
		return v * em
	case "ex":
		return v * em / 2
	case `\textwidth`, `\linewidth`, `\maxwidth`:
		return otherwise
	}
	return otherwise
}
