package layout

import (
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// words are what the design takes from the book's settings and language.
type words struct {
	contentsLevel int // headings down to this level stand in the contents
	captionBelow  map[string]bool
	scaleIsWidth  bool // scale=0.5 means half the text's width
	loneImage     string
	columnHead    string
	ownBox        map[string]bool // boxes that the book's own design shows without their kind's name
	lined         map[string]bool // boxes that have a line at the left and no frame
	contents      string
	index         string
	draft         string
	locale        *review.Locale
}

func readWords(b *review.Book) words {
	s, l := b.Settings, b.Locale
	w := words{
		contentsLevel: s.Int("toclevel", 3),
		captionBelow:  map[string]bool{"image": true},
		scaleIsWidth:  s.Bool("pdfmaker.image_scale2width", s.Bool("image_scale2width", true)),
		loneImage:     l.Word("numberless_image") + l.Word("caption_prefix"),
		columnHead:    l.Word("column_head"),
		ownBox:        map[string]bool{},
		lined:         map[string]bool{},
		contents:      s.Text("toctitle", l.Word("toctitle")),
		locale:        l,
	}
	if japanese(s) {
		w.index, w.draft = "索引", "下書き — bookci"
	} else {
		w.index, w.draft = "Index", "draft — bookci"
	}
	for _, kind := range []string{"list", "image", "table", "equation"} {
		switch s.Text("caption_position."+kind, "") {
		case "top":
			w.captionBelow[kind] = false
		case "bottom":
			w.captionBelow[kind] = true
		}
	}
	if own, ok := s.Value("pdfmaker.boxsetting").(map[string]any); ok {
		for kind := range own {
			w.ownBox[kind] = true
			style := s.Text("pdfmaker.boxsetting."+kind+".style", "")
			w.lined[kind] = style == "leftsidelinebox" || style == "bothsidelinebox"
		}
	}
	return w
}

func japanese(s *review.Settings) bool { return strings.HasPrefix(s.Text("language", "ja"), "ja") }

// boxFrame is what lies around a box.
func (w *words) boxFrame(command string) *frame {
	if w.lined[command] {
		return &frame{rule: 2.5, ruleColor: sheet.Gray(0.3), sides: leftSide}
	}
	return &frame{rule: 0.5, ruleColor: sheet.Gray(0.35), sides: allSides}
}

// boxHead is the name of a kind of box: NOTE, TIP.
func (w *words) boxHead(command string) string {
	if head := w.locale.Word(command + "_head"); head != "" {
		return head
	}
	return strings.ToUpper(command)
}
