package book

import (
	"fmt"
	"path"

	"github.com/bookci/bookci/build/book/psych"
)

// Pages of HTML are called after their chapters, and the makers write pages of their
// own beside them. Of two pages with one name a reader gets one.

// ownPages are the pages that t's maker writes itself: their names without
// extension, and what they are.
func (c *config) ownPages(t Target) map[string]string {
	pages := map[string]string{}
	if t != EPUB && t != Web {
		return pages
	}
	if c.isSet(t, "titlepage", true) {
		pages["titlepage"] = "the title page"
	}
	if c.isSet(t, "colophon", false) {
		pages["colophon"] = "the colophon"
	}
	if t == Web {
		pages["index"] = "the first page"
		return pages
	}
	name := c.name(t, "bookname")
	pages[name+"-toc"] = "the table of contents"
	if !c.isSet(t, "cover", false) {
		pages[name] = "the cover"
	}
	return pages
}

// partsCollide tells of chapters whose file takes the place of the one that a maker
// writes for a part without a file of its own.
func (r *catalogReader) partsCollide() {
	for i, title := range r.parts {
		id := fmt.Sprintf("part_%d", i+1)
		if chapter, ok := r.seen[id]; ok && path.Ext(title) != ".re" {
			r.add(r.conf.diagnostic(Lax, "catalog-collision", chapter.entry, fmt.Sprintf("names the chapter %s, which is what Re:VIEW calls the title page of the part %q", id, title),
				"give the chapter's file another name"), EPUB, Web, Text, IDGXML)
		}
	}
}

// collides tells of a chapter whose page takes the place of one of the makers' own.
func (r *catalogReader) collides(id string, v *psych.Value) {
	for _, t := range []Target{EPUB, Web} {
		page := r.conf.ownPages(t)[id]
		if page == "" {
			continue
		}
		hint := "give the chapter's file another name"
		if id == r.conf.name(t, "bookname") {
			hint += ", or write another bookname into the config"
		}
		what := map[Target]string{EPUB: "EPUB", Web: "web page"}[t]
		r.add(r.conf.diagnostic(Lax, "catalog-collision", v, fmt.Sprintf("names the chapter %s, whose page and %s of the %s are one file", id, page, what), hint), t)
	}
}
