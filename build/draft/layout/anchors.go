package layout

import (
	"fmt"

	"github.com/bookci/bookci/build/review"
)

// Anchors are named by the chapter, the kind of thing and its id.

func (c *chapter) anchor(kind, id string) string { return anchorName(c.tree.ID, kind, id) }

func anchorName(chapter, kind, id string) string { return chapter + "|" + kind + "|" + id }

func chapterAnchor(c *review.Chapter) string { return anchorName(c.ID, "chapter", "") }

// labelAnchor is where a //label or an id of any kind stands.
func labelAnchor(id string) string { return "|label|" + id }

// placeID tells headings apart that have no label.
func placeID(n review.Node) string {
	at := n.At()
	return fmt.Sprintf("%s:%d", at.File, at.Line)
}

// anchorOf returns where a reference leads, "" when nowhere.
func anchorOf(r *review.Ref) string {
	id := ""
	if r.Chapter != nil {
		id = r.Chapter.ID
	}
	switch n := r.Target.(type) {
	case *review.Code:
		return anchorName(id, "list", n.ID)
	case *review.Table:
		return anchorName(id, "table", n.ID)
	case *review.Image:
		return anchorName(id, "image", n.ID)
	case *review.Equation:
		return anchorName(id, "equation", n.ID)
	case *review.Heading:
		return anchorName(id, "heading", placeID(n))
	case *review.Column:
		return anchorName(id, "column", placeID(n))
	case *review.BibItem:
		return anchorName("", "bib", n.ID)
	case *review.Chapter:
		return chapterAnchor(n)
	}
	if r.Chapter != nil && r.Target == nil && (r.Command == "chap" || r.Command == "title" || r.Command == "chapref") {
		return chapterAnchor(r.Chapter)
	}
	if r.Command == "ref" || r.Command == "labelref" {
		return labelAnchor(r.Arg)
	}
	return ""
}
