package manuscript

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/internal/text"
)

// This file finds what a PDF would not show.

// unprinted tells, once, of terms for an index that the PDF does not have.
func unprinted(tree *review.Book) []book.Diagnostic {
	if tree.Settings.Bool("pdfmaker.makeindex", false) {
		return nil
	}
	var notes []book.Diagnostic
	tree.Walk(func(_ *review.Chapter, n review.Node) bool {
		if term, ok := n.(*review.IndexTerm); ok && len(notes) == 0 {
			command := map[bool]string{true: "idx", false: "hidx"}[term.Shown]
			notes = append(notes, book.Diagnostic{Severity: book.Note, Code: "index-unused", File: term.File, Line: term.Line, Column: term.Column,
				Message: "@<" + command + "> marks a term for the index, and the book has none", Hint: "write makeindex: true below pdfmaker: in the config"})
		}
		return len(notes) == 0
	})
	return notes
}

// blank tells of images whose files are no pictures, and, where they go into a PDF,
// of those of which most viewers of a Linux desktop show nothing: dvipdfmx hands on 16
// bits of transparency, and poppler does not draw them. What has been looked at is left out.
func (u *uses) blank(tree *review.Book, pdf bool, looked map[string]bool) []book.Diagnostic {
	const header = 26 // bytes of a PNG, up to the colour type
	var found []book.Diagnostic
	look := func(at review.Place, file string) {
		if file == "" || looked[file] {
			return
		}
		looked[file] = true
		tell := func(severity book.Severity, code, message, hint string) {
			found = append(found, book.Diagnostic{Severity: severity, Code: code, File: at.File, Line: at.Line, Column: at.Column, Message: message, Hint: hint})
		}
		data, err := u.files.root.ReadHead(file, int64(max(header, len(text.LFSPointer))))
		switch {
		case errors.Is(err, fs.ErrNotExist): // it is in its folder
			tell(book.Error, "image-unreadable", file+" is a link that leads nowhere", "put the picture itself in its place")
			return
		case bytes.HasPrefix(data, []byte(text.LFSPointer)):
			tell(book.Error, "image-unreadable", "the image "+file+" has not been fetched: git has a note of Git LFS in its place", text.LFSHint)
			return
		}
		if !pdf || err != nil || len(data) < header || !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
			return
		}
		const greyAlpha, colourAlpha = 4, 6
		if depth, colour := data[24], data[25]; depth == 16 && (colour == greyAlpha || colour == colourAlpha) {
			tell(book.Warning, "image-depth", "some viewers show nothing of "+file+" in a PDF: it has 16 bits of transparency", "save it with 8 bits per channel, or without transparency")
		}
	}
	tree.Walk(func(_ *review.Chapter, n review.Node) bool {
		switch n := n.(type) {
		case *review.Image:
			look(n.Place, n.File)
		case *review.Icon:
			look(n.Place, n.File)
		}
		return true
	})
	return found
}
