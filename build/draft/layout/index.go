package layout

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
)

// term is an entry of the index and the pages that it stands on.
type term struct {
	text  string
	pages []string
	at    []int // the sheets of pages
}

// index sets the terms of the book in two columns. readings are those of terms that
// are written in kanji.
func (s *setting) index(terms []*term, readings map[string]string) []*body {
	if len(terms) == 0 {
		return nil
	}
	type keyed struct {
		*term
		parts, keys []string
	}
	var list []keyed
	for _, t := range terms {
		k := keyed{term: t, parts: strings.Split(t.text, "<<>>")}
		for _, p := range k.parts {
			k.keys = append(k.keys, sortKey(p, readings))
		}
		list = append(list, k)
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		return cmp.Or(slices.Compare(a.keys, b.keys), slices.Compare(a.parts, b.parts))
	})

	const gap = 2.0 // ems between the columns
	head := s.extra(s.words.index)
	top := 0.0
	for i := range head.galley.items {
		top += head.galley.items[i].height
	}
	top -= s.lead()
	c := s.extra("")
	c.galley.width = (s.geometry.TextWidth - gap*s.em()) / 2
	var before []string
	for _, k := range list {
		for depth, part := range k.parts {
			last := depth == len(k.parts)-1
			if !last && depth < len(before) && before[depth] == part {
				continue
			}
			t := c.fresh()
			st := c.hand.body(s.small)
			t.add(part, st)
			if last {
				for i, page := range k.pages {
					t.add(", ", st)
					start := len(t.glyphs)
					t.add(page, st)
					t.marks = append(t.marks, mark{kind: link, start: start, end: len(t.glyphs), link: sheet.Link{Anchor: sheetAnchor(k.at[i])}})
				}
			}
			indent := float64(depth) * s.em()
			c.set(t, paragraph{lead: s.small * 1.6, size: s.small, first: indent, others: indent + 2*s.em(), how: flushLeft})
		}
		before = k.parts
	}
	columns := s.paginateTo(c.galley.items, func(i int) float64 {
		if i < 2 {
			return s.geometry.TextHeight - top
		}
		return s.geometry.TextHeight
	})
	var pages []*body
	for i := 0; i < len(columns); i += 2 {
		page := &body{}
		y := 0.0
		if i == 0 {
			y = top
			title := s.paginate(head.galley.items)[0]
			page.sheet = title.sheet
		}
		for n, col := range columns[i:min(i+2, len(columns))] {
			x := float64(n) * (c.galley.width + gap*s.em())
			page.draw(&item{runs: col.sheet.Runs, fills: col.sheet.Fills, links: col.sheet.Links}, x, y)
		}
		pages = append(pages, page)
	}
	return pages
}

// sortKey is what a term is sorted by: its reading in hiragana. Kanji without a
// reading come after all kana, as their code points do.
func sortKey(s string, readings map[string]string) string {
	if r, ok := readings[s]; ok {
		s = r
	}
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'ァ' && r <= 'ヶ' {
			r -= 'ァ' - 'ぁ'
		}
		b.WriteRune(r)
	}
	return b.String()
}
