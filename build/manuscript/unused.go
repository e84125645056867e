package manuscript

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/internal/fsx"
)

// forgotten finds what the author may have overlooked: images that no chapter
// shows, labels that nothing refers to, chapters that the catalog does not name,
// names that other systems cannot have, and what the PDF would not show. trees are
// the book for each target; that of the PDF is trees[pdf], and pdf is -1 without one.
func forgotten(b *book.Book, trees []*review.Book, pdf int) ([]book.Diagnostic, error) {
	if slices.ContainsFunc(trees, func(t *review.Book) bool { return t.Cut }) {
		return nil, nil // what was not read may use anything
	}
	root, err := fsx.OpenRoot(b.Root)
	if err != nil {
		return nil, fmt.Errorf("reading the manuscript: %w", err)
	}
	defer root.Close()
	u := uses{files: manuscriptFiles{root}, book: b, stems: map[string]bool{}, labels: map[string]bool{}}
	for _, tree := range trees {
		u.read(tree)
	}
	var unseen []book.Diagnostic
	looked := map[string]bool{}
	if pdf >= 0 {
		unseen = append(unprinted(trees[pdf]), u.blank(trees[pdf], true, looked)...)
	}
	for i, tree := range trees {
		if i != pdf {
			unseen = append(unseen, u.blank(tree, false, looked)...)
		}
	}
	return slices.Concat(unseen, u.unusedImages(), u.unusedLabels(trees), u.unnamedChapters(), unportable(root.FS(), b.Dir)), nil
}

// uses is what a book's chapters use.
type uses struct {
	files  manuscriptFiles
	book   *book.Book
	stems  map[string]bool // paths of images without extension
	labels map[string]bool
	raw    bytes.Buffer // what is handed on as it is: it may name an image or a label
}

// read adds what a tree uses.
func (u *uses) read(tree *review.Book) {
	folder := path.Join(u.book.Dir, tree.Settings.Text("imagedir", "images"))
	image := func(c *review.Chapter, id string) {
		for _, builder := range []string{"", "latex/", "html/", "top/", "plaintext/", "idgxml/"} {
			for _, name := range []string{c.ID + "/" + id, c.ID + "-" + id, id} {
				u.stems[folder+"/"+builder+name] = true
			}
		}
	}
	tree.Walk(func(c *review.Chapter, n review.Node) bool {
		switch n := n.(type) {
		case *review.Image:
			image(c, n.ID)
		case *review.Icon:
			image(c, n.ID)
		case *review.Embed:
			u.raw.WriteString(n.Text)
		case *review.InlineEmbed:
			u.raw.WriteString(n.Text)
		case *review.Unknown:
			for _, arg := range n.Args {
				image(c, arg)
			}
		case *review.UnknownInline:
			image(c, n.Arg)
		case *review.PageRef:
			u.labels[n.Arg] = true
		case *review.Ref:
			u.labels[n.Arg] = true
		case *review.Href:
			if _, label, found := strings.Cut(n.URL, "#"); found {
				u.labels[label] = true
			}
		}
		return true
	})
}

// imageKinds are the extensions of files that a chapter could show. .ai and .psd
// are what images are drawn in.
var imageKinds = []string{".eps", ".pdf", ".tif", ".tiff", ".png", ".bmp", ".jpg", ".jpeg", ".gif", ".svg"}

func (u *uses) unusedImages() []book.Diagnostic {
	var notes []book.Diagnostic
	folder, _ := u.book.Setting("", "imagedir").(string)
	if folder == "" {
		folder = "images"
	}
	folder = path.Join(u.book.Dir, folder)
	var elsewhere []byte
	for _, file := range u.files.Images(folder) {
		ext := path.Ext(file)
		stem := strings.TrimSuffix(file, ext)
		below := strings.TrimPrefix(file, folder+"/")
		switch {
		case u.stems[stem], !slices.Contains(imageKinds, strings.ToLower(ext)), strings.HasPrefix(below, "_review_"):
			continue
		case elsewhere == nil:
			elsewhere = u.elsewhere()
		}
		if bytes.Contains(elsewhere, []byte(path.Base(stem))) {
			continue
		}
		notes = append(notes, book.Diagnostic{Severity: book.Note, Code: "image-unused", File: file,
			Message: "no chapter shows this image", Hint: "an image is shown by its id, its name without extension: //image[" + path.Base(stem) + "][...]"})
	}
	return notes
}

// elsewhere is all text beside the chapters' own that may name an image:
// configs, styles, layouts, and what chapters hand to TeX or HTML.
func (u *uses) elsewhere() []byte {
	const most = 16 << 20 // bytes
	text := u.raw.Bytes()
	for _, name := range u.book.ConfigFiles {
		if data, err := u.files.Read(name); err == nil {
			text = append(append(text, '\n'), data...)
		}
	}
	kinds := []string{".sty", ".cls", ".css", ".scss", ".erb", ".html", ".tex", ".rb", ".yml"}
	_ = u.files.root.Walk(u.book.Dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read names no image
		case len(text) > most:
			return fs.SkipAll
		case name != u.book.Dir && isAside(d):
			return fs.SkipDir
		case !d.IsDir() && slices.Contains(kinds, path.Ext(name)):
			if data, err := u.files.Read(name); err == nil {
				text = append(append(text, '\n'), data...)
			}
		}
		return nil
	})
	return text
}

func (u *uses) unusedLabels(trees []*review.Book) []book.Diagnostic {
	var notes []book.Diagnostic
	for _, tree := range trees[:min(len(trees), 1)] {
		tree.Walk(func(_ *review.Chapter, n review.Node) bool {
			c, ok := n.(*review.Command)
			if !ok || c.Name != "label" || len(c.Args) == 0 || u.labels[c.Args[0]] || bytes.Contains(u.raw.Bytes(), []byte("{"+c.Args[0]+"}")) {
				return true
			}
			notes = append(notes, book.Diagnostic{Severity: book.Note, Code: "label-unused", File: c.File, Line: c.Line, Column: c.Column,
				Message: "nothing refers to the label " + c.Args[0], Hint: "take it out, or refer to it with @<pageref>{" + c.Args[0] + "}"})
			return true
		})
	}
	return notes
}

func (u *uses) unnamedChapters() []book.Diagnostic {
	var notes []book.Diagnostic
	named := map[string]bool{}
	for _, t := range append([]book.Target{""}, book.Targets...) {
		for _, c := range u.book.ChaptersFor(t) {
			named[c.Path] = true
		}
	}
	bib, _ := u.book.Setting("", "bib_file").(string)
	if bib == "" {
		bib = "bib.re"
	}
	folder := path.Join(u.book.Dir, u.book.ContentDir)
	entries, err := u.files.root.ReadDir(folder)
	if err != nil || len(named) == 0 {
		return nil // the catalog's faults tell why
	}
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if e.IsDir() || path.Ext(name) != ".re" || named[name] || e.Name() == bib || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		notes = append(notes, book.Diagnostic{Severity: book.Note, Code: "chapter-unused", File: name,
			Message: "the catalog does not name this chapter", Hint: "list it in catalog.yml below PREDEF, CHAPS, APPENDIX or POSTDEF"})
	}
	return notes
}
