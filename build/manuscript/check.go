package manuscript

import (
	"cmp"
	"errors"
	"slices"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/review"
)

// Check returns everything that is wrong with a book's config, catalog and
// chapters for its targets (the PDF when none is named), in the order of files and
// lines, and notes on what nothing uses. No maker is asked. fault is the error that
// book.Read returned with the book, nil when there was none; a *book.Faults becomes
// diagnostics, any other is returned. commands make targets in the place of Re:VIEW's
// makers.
func Check(b *book.Book, fault error, commands map[book.Target]string, targets ...book.Target) ([]book.Diagnostic, error) {
	if len(targets) == 0 {
		targets = []book.Target{book.PDF}
	}
	var bad *book.Faults
	if errors.As(fault, &bad) {
		return bad.Diagnostics, nil
	}
	if fault != nil {
		return nil, fault
	}
	found := b.CheckWith(commands, targets...)
	var trees []*review.Book
	pdf := -1
	seen := map[string]bool{}
	for _, t := range targets {
		if seen[builders[t]] {
			continue // the EPUB and the web page are made of the same HTML
		}
		seen[builders[t]] = true
		tree, err := Read(b, t)
		if err != nil {
			return nil, err
		}
		if t == book.PDF {
			pdf = len(trees)
		}
		trees = append(trees, tree)
		found = append(found, tree.Faults...)
	}
	notes, err := forgotten(b, trees, pdf)
	if err != nil {
		return nil, err
	}
	return inOrder(b, append(found, notes...)), nil
}

// inOrder sorts by the files of a book, configs first and chapters as their reader
// meets them, and then by place. What several targets share is told once, as the
// worst of them has it.
func inOrder(b *book.Book, list []book.Diagnostic) []book.Diagnostic {
	order := map[string]int{}
	for _, name := range b.ConfigFiles {
		order[name] = len(order) + 1
	}
	for _, c := range b.Chapters {
		order[c.Path] = len(order) + 1
	}
	rank := map[book.Severity]int{book.Error: 0, book.Lax: 1, book.Warning: 2, book.Note: 3}
	file := func(d book.Diagnostic) int {
		if n := order[d.File]; n > 0 {
			return n
		}
		return len(order) + 1
	}
	slices.SortStableFunc(list, func(x, y book.Diagnostic) int {
		return cmp.Or(cmp.Compare(file(x), file(y)), cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column),
			cmp.Compare(x.Message, y.Message), cmp.Compare(rank[x.Severity], rank[y.Severity]))
	})
	return slices.CompactFunc(list, func(x, y book.Diagnostic) bool {
		return x.File == y.File && x.Line == y.Line && x.Column == y.Column && x.Message == y.Message
	})
}
