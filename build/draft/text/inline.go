package text

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/review"
)

// inlines is running text as Re:VIEW prints it.
func (w *writer) inlines(list []review.Inline) string {
	if len(list) == 1 {
		return w.inline(list[0])
	}
	var b strings.Builder
	for _, i := range list {
		b.WriteString(w.inline(i))
	}
	return b.String()
}

func (w *writer) inline(i review.Inline) string {
	switch i := i.(type) {
	case *review.Text:
		return i.Text
	case *review.Span:
		return span(i)
	case *review.Keyword:
		if i.Alternate != "" {
			return i.Text + "（" + i.Alternate + "）"
		}
		return i.Text
	case *review.Ruby:
		return i.Base
	case *review.Href:
		if i.Text != "" {
			return i.Text + "（" + i.URL + "）"
		}
		return i.URL
	case *review.Ref:
		return w.ref(i)
	case *review.PageRef:
		return "●ページ"
	case *review.NoteRef:
		return noteRef(i)
	case *review.Math:
		return i.Source
	case *review.IndexTerm:
		if i.Shown {
			return i.Term
		}
	case *review.InlineEmbed:
		if ours(i.Builders) {
			return i.Text
		}
	case *review.Break:
		return "\n"
	case *review.UnknownInline:
		return "@<" + i.Command + ">{" + i.Arg + "}"
	}
	return ""
}

func span(s *review.Span) string {
	switch s.Command {
	case "del", "dtp":
		return ""
	case "balloon":
		return "←" + s.Text
	}
	return s.Text
}

func (w *writer) ref(r *review.Ref) string {
	switch r.Command {
	case "labelref", "ref":
		return "●"
	case "chapref":
		if r.Target != nil && w.book.Settings.Bool("chapterlink", true) && !strings.HasPrefix(w.book.Settings.Text("review_version", ""), "2") {
			return `<link href="` + r.Arg + `">` + w.inlines(r.Text) + "</link>"
		}
	case "bib":
		if item, ok := r.Target.(*review.BibItem); ok {
			return strconv.Itoa(item.Number) + " "
		}
	}
	return w.inlines(r.Text)
}

func noteRef(r *review.NoteRef) string {
	switch {
	case r.Note == nil:
		return ""
	case r.Endnote:
		return "(" + strconv.Itoa(r.Note.Number) + ")"
	}
	return " 注" + strconv.Itoa(r.Note.Number) + " "
}

// ours tells whether what is meant for some kinds of output is meant for this.
func ours(builders []string) bool {
	return builders == nil || slices.Contains(builders, "plaintext")
}
