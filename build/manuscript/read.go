package manuscript

import (
	"fmt"
	"io/fs"
	"maps"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/internal/fsx"
)

// builders are Re:VIEW's names for what makes each target's text.
var builders = map[book.Target]string{book.PDF: "latex", book.EPUB: "html", book.Web: "html", book.Text: "plaintext", book.IDGXML: "idgxml"}

// Read reads a book's chapters into a tree, as they are for its targets. The first
// of them, the PDF when there is none, decides which images and which section of the
// config count. What is wrong with the chapters is in the tree's Faults; the error is
// that the root cannot be opened.
func Read(b *book.Book, targets ...book.Target) (*review.Book, error) {
	root, err := fsx.OpenRoot(b.Root)
	if err != nil {
		return nil, fmt.Errorf("reading the manuscript: %w", err)
	}
	defer root.Close()
	if len(targets) == 0 {
		targets = []book.Target{book.PDF}
	}
	m := &review.Manuscript{Dir: b.Dir, Config: settingsOf(b, targets[0]), Files: manuscriptFiles{root}}
	for _, t := range targets {
		m.Builders = append(m.Builders, builders[t])
	}
	kinds := map[book.ChapterKind]review.Kind{
		book.Predef: review.Predef, book.PartFile: review.Part, book.Chap: review.Body, book.Appendix: review.Appendix, book.Postdef: review.Postdef,
	}
	titles := b.PartTitlesFor(targets[0])
	partsUpTo := func(at int) {
		for ; len(titles) > 0 && titles[0].At <= at; titles = titles[1:] {
			m.Chapters = append(m.Chapters, review.Entry{ID: titles[0].Title, Kind: review.Part})
		}
	}
	chapters := b.ChaptersFor(targets[0])
	for i, c := range chapters {
		partsUpTo(i)
		m.Chapters = append(m.Chapters, review.Entry{ID: c.ID, File: c.Path, Kind: kinds[c.Kind], Part: c.Part})
	}
	partsUpTo(len(chapters))
	return review.Read(m), nil
}

// settingsOf is the config as a target's maker sees it: its own section beats
// what stands beside it.
func settingsOf(b *book.Book, t book.Target) map[string]any {
	section, ok := b.Settings[string(t)+"maker"].(map[string]any)
	if !ok {
		return b.Settings
	}
	merged := maps.Clone(b.Settings)
	maps.Copy(merged, section)
	return merged
}

// manuscriptFiles are the files below a root.
type manuscriptFiles struct{ root *fsx.Root }

// maxFile bounds what is read of a file. The review package reads less of a whole
// book, and so tells of a chapter that is cut here.
const maxFile = 64 << 20 // bytes

func (f manuscriptFiles) Read(name string) ([]byte, error) {
	if fsx.LiesInKept(name) {
		return nil, fs.ErrNotExist // as for the makers
	}
	return f.root.ReadHead(name, maxFile)
}

func (f manuscriptFiles) Images(folder string) []string {
	var files []string
	// A folder that cannot be read holds no image.
	_ = f.root.Walk(folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return nil
	})
	return files
}
