package layout

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
	"golang.org/x/sync/errgroup"
)

// Input is what Set sets.
type Input struct {
	Book     *review.Book
	Dir      string // slash path of the config's folder below the root
	Pictures Pictures
	Readings map[string]string // how terms of the index are read
	Date     string            // of the book where its config has none, as 2006-01-02; "" for none
}

// Result is a book that has been set.
type Result struct {
	Sheets  []*sheet.Sheet
	Anchors map[string]Anchor
	Outline []Bookmark
	Cut     []string          // ids of chapters that had more than the draft holds
	Lacks   map[string][]rune // by a chapter's id: characters that no typeface has, shown as 〓
	Fresh   []string          // ids of chapters that were set anew; the others were kept from the last time
}

// Anchor is a place on a sheet.
type Anchor struct {
	Sheet int     // index into Result.Sheets
	Y     float32 // in points from the sheet's upper edge
}

// Bookmark is an entry of the outline.
type Bookmark struct {
	Title string
	Level int // of its heading, one more for a chapter in a part
	To    Anchor
}

// Typesetter sets a book, and keeps chapters so that the next time only what
// has changed is set. The zero Typesetter keeps nothing yet. Its methods are for
// one goroutine at a time.
type Typesetter struct {
	kept     map[string]*setChapter // by the chapter's place in the book and its id
	contents keptContents
}

// setChapter is a chapter that has been set.
type setChapter struct {
	key   uint64 // see setting.chapterKey
	pages []*body
	heads []string          // running heads that its sections set
	asked map[string]string // page numbers that the chapter shows, by anchor
	lacks []rune
	cut   bool
}

// Set sets the book. Its error is that of ctx, or that the typefaces cannot be read.
func (ts *Typesetter) Set(ctx context.Context, in Input) (*Result, error) {
	h, err := loadHand()
	if err != nil {
		return nil, err
	}
	s := &setting{hand: h, geometry: ReadGeometry(in.Book.Settings), book: in.Book, pictures: picturesOf{in.Pictures}, words: readWords(in.Book)}
	s.date = in.Book.Settings.Text("date", in.Date)
	s.small = s.scaled(9)
	result := &Result{}
	chapters, err := ts.chapters(ctx, s, result)
	if err != nil {
		return nil, err
	}
	var b *binding
	for range 3 { // page numbers may move what shows them
		if b, err = ts.bind(ctx, s, in, chapters); err != nil {
			return nil, err
		}
		again := stale(chapters, b.pages)
		if len(again) == 0 {
			break
		}
		s.pages = b.pages
		if err := ts.reset(ctx, s, chapters, again); err != nil {
			return nil, err
		}
	}
	result.Sheets, result.Anchors, result.Outline = b.sheets, b.anchors, b.outline
	result.Lacks = map[string][]rune{}
	for i, c := range chapters {
		if len(c.lacks) > 0 {
			result.Lacks[in.Book.Chapters[i].ID] = c.lacks
		}
		if c.cut {
			result.Cut = append(result.Cut, in.Book.Chapters[i].ID)
		}
	}
	return result, nil
}

// chapters sets all chapters, those alone that have changed since the last time.
func (ts *Typesetter) chapters(ctx context.Context, s *setting, result *Result) ([]*setChapter, error) {
	seed := s.fingerprint()
	chapters := make([]*setChapter, len(s.book.Chapters))
	kept := make(map[string]*setChapter, len(chapters))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range s.book.Chapters {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			key := s.chapterKey(seed, c)
			name := strconv.Itoa(i) + "|" + c.ID
			done := ts.kept[name]
			if done == nil || done.key != key {
				var pages map[string]string
				if done != nil {
					pages = done.asked // most likely they are still right
				}
				done = s.set(c, pages)
				done.key = key
				mu.Lock()
				result.Fresh = append(result.Fresh, c.ID)
				mu.Unlock()
			}
			chapters[i] = done
			mu.Lock()
			kept[name] = done
			mu.Unlock()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	ts.kept = kept
	slices.Sort(result.Fresh)
	return chapters, nil
}

// set sets one chapter. pages are the page numbers that it may show, by anchor.
func (s *setting) set(source *review.Chapter, pages map[string]string) *setChapter {
	own := *s
	own.pages = pages
	c := &chapter{setting: &own, tree: source, galley: &galley{width: s.geometry.TextWidth}}
	if source.Kind == review.Part && len(source.Blocks) == 0 { // a part that is a mere title
		c.partTitle(&review.Heading{Place: source.Place, Level: 1, Number: source.Label, Title: titleOf(source)})
	}
	c.blocks(source.Blocks)
	done := &setChapter{heads: c.heads, asked: c.asked, cut: c.cut, lacks: slices.Sorted(maps.Keys(c.lacking))}
	if c.cut {
		t := &text{}
		t.add("[…]", s.hand.sans(s.em()))
		c.galley.set(t, paragraph{lead: s.lead(), size: s.em()})
	}
	done.pages = s.paginate(c.galley.items)
	return done
}

func titleOf(c *review.Chapter) []review.Inline {
	if len(c.Title) > 0 {
		return c.Title
	}
	return []review.Inline{&review.Text{Place: c.Place, Text: c.ID}}
}

// stale returns the chapters that show page numbers other than those of pages.
func stale(chapters []*setChapter, pages map[string]string) []int {
	var found []int
	for i, c := range chapters {
		for anchor, shown := range c.asked {
			if now, ok := pages[anchor]; ok && now != shown || !ok && shown != "?" {
				found = append(found, i)
				break
			}
		}
	}
	return found
}

// reset sets chapters once more, with the page numbers of s.
func (ts *Typesetter) reset(ctx context.Context, s *setting, chapters []*setChapter, which []int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range which {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			source := s.book.Chapters[i]
			done := s.set(source, s.pages)
			done.key = chapters[i].key
			chapters[i] = done
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, i := range which {
		ts.kept[strconv.Itoa(i)+"|"+s.book.Chapters[i].ID] = chapters[i]
	}
	return nil
}
