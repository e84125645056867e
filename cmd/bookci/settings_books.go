package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/bookci/bookci/build/book"
)

// bookKeys are the keys of an entry of books.
var bookKeys = []string{"name", "dir", "config", "targets"}

func setBooks(r *settingsReader, v setting) error {
	if v.kind == mapping {
		v = setting{kind: sequence, place: v.place, line: v.line, list: []setting{v}}
	}
	if v.kind != sequence {
		return fmt.Errorf("is %s, not a list of books", v.is())
	}
	r.s.Books = nil
	first := map[string]string{} // where each name stands
	for _, e := range v.list {
		b, ok := r.book(e)
		if !ok {
			continue
		}
		switch at, twice := first[strings.ToLower(b.Name)]; {
		case b.Name == "" && len(v.list) > 1:
			r.problem(e.place, "books: each of several books needs a name")
		case b.Name != "" && twice:
			// Also in names that differ in case alone: their artifacts
			// would be one on a Mac.
			r.problem(e.place, "books: the name %q is taken by the book at %s", b.Name, at)
		default:
			first[strings.ToLower(b.Name)] = e.place
		}
		r.s.Books = append(r.s.Books, b)
	}
	return nil
}

func (r *settingsReader) book(v setting) (bookSettings, bool) {
	b := bookSettings{Dir: ".", Config: "config.yml", Targets: []book.Target{book.PDF}, Line: v.line}
	if v.kind != mapping {
		r.problem(v.place, "books: an entry is %s, not a mapping of %s", v.is(), strings.Join(bookKeys, ", "))
		return b, false
	}
	given := map[string]bool{}
	for _, e := range v.entries {
		if given[e.key] {
			r.problem(e.place, "the key %q is given twice", "books."+e.key)
			continue
		}
		given[e.key] = true
		var err error
		switch {
		case !slices.Contains(bookKeys, e.key):
			r.problem(e.place, "unknown key %q%s", e.key, didYouMean(e.key, bookKeys))
			continue
		case e.value.kind == nothing:
			continue
		case e.key == "name":
			b.Name, err = bookText(e.value, checkBookName)
		case e.key == "dir":
			b.Dir, err = bookText(e.value, checkFolder)
			b.Dir = path.Clean(b.Dir)
		case e.key == "config":
			b.Config, err = bookText(e.value, checkConfigName)
		case e.key == "targets":
			b.Targets, err = r.targets(e.value)
		}
		if err != nil {
			r.problem(e.value.place, "books.%s: %v", e.key, err)
		}
	}
	return b, true
}

func bookText(v setting, check func(string) error) (string, error) {
	s, err := v.scalarText()
	if err == nil {
		err = check(s)
	}
	return s, err
}

// targets reads a list of targets, one problem for each that is none.
func (r *settingsReader) targets(v setting) ([]book.Target, error) {
	if _, err := v.texts(); err != nil {
		return nil, err
	}
	items := v.list
	if v.kind == scalar {
		items = nil
		for s := range strings.SplitSeq(v.text, ",") {
			items = append(items, setting{kind: scalar, place: v.place, text: strings.TrimSpace(s)})
		}
	}
	var names []string
	for _, t := range book.Targets {
		names = append(names, string(t))
	}
	var list []book.Target
	for _, e := range items {
		t, err := book.ParseTarget(e.text)
		switch {
		case err != nil:
			r.problem(e.place, "books.targets: %v%s", err, didYouMean(e.text, names))
		case !slices.Contains(list, t):
			list = append(list, t)
		}
	}
	if len(items) == 0 {
		return nil, errors.New("names no target")
	}
	return list, nil
}

// checkBookName accepts what can be the name of a folder.
func checkBookName(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("is empty")
	case strings.ContainsAny(s, `/\`), strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%q cannot be the name of a folder", s)
	case strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-"):
		return fmt.Errorf("%q begins with %s", s, s[:1])
	case len(s) > 100:
		return errors.New("is longer than 100 bytes")
	}
	return nil
}

func checkConfigName(s string) error {
	if s == "" || s == "." || s == ".." || strings.ContainsAny(s, `/\`) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%q is no name of a file; its folder is named by dir", s)
	}
	return nil
}
