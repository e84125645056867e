package linkcheck

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/links"
	"github.com/bookci/bookci/objects"
)

// Run is what became of the links of one book: of all variants that share
// its folder.
type Run struct {
	book     *book.Book // nil for one that is known from an archive alone
	name     string
	cited    []links.Citation
	pages    []*links.Page
	left     links.Left
	verdicts []links.Verdict
	archive  string // where the run lies in the archive, "" without one
	copies   map[string]links.Copy
	seen     int  // pages that were looked at
	stopped  bool // not all were
}

// judge says what the items mean.
func (r *Run) judge(items []*links.Item) {
	order := map[string]int{} // of the files, as they are first met
	for _, i := range items {
		for _, c := range i.Cited {
			if _, met := order[c.File]; !met {
				order[c.File] = len(order)
			}
		}
		r.verdicts = append(r.verdicts, links.Judge(i)...)
	}
	r.seen = len(items)
	slices.SortStableFunc(r.verdicts, func(v, w links.Verdict) int {
		if len(v.Cited) == 0 || len(w.Cited) == 0 {
			return len(w.Cited) - len(v.Cited)
		}
		a, b := v.Cited[0], w.Cited[0]
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// dead are the pages that are broken.
func (r *Run) dead() (urls []string) {
	for _, v := range r.verdicts {
		if v.Kind == links.Broken {
			urls = append(urls, v.URL)
		}
	}
	return urls
}

// findCopies finds out when what is dead was last fine, and where it was kept.
func (r *Run) findCopies(ctx context.Context, memory *links.Memory, store objects.Store, prefix string) {
	r.copies = map[string]links.Copy{}
	var unknown []string
	for _, u := range r.dead() {
		at, archive, key := memory.WasFine(u)
		if key != "" {
			key = strings.TrimSuffix(archive, "/") + "/" + key
		}
		if at != "" {
			r.copies[u] = links.Copy{Key: key, At: at}
		}
		if key == "" {
			unknown = append(unknown, u)
		}
	}
	if store == nil || len(unknown) == 0 {
		return
	}
	// An archive that cannot be read has no copies; the verdicts stand.
	found, _ := links.FindCopies(ctx, store, r.name, prefix, unknown)
	for u, c := range found {
		c.Key = strings.TrimSuffix(store.String(), "/") + "/" + c.Key
		r.copies[u] = c
	}
}
