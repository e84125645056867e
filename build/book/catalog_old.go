package book

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book/psych"
)

// Before Re:VIEW 3 a book had no catalog.yml but plain lists: CHAPS, with an
// empty line between parts, PART with their titles, PREDEF for what stands in
// front and POSTDEF for the appendices. Re:VIEW still reads them.

// oldEntry is one name of such a list.
type oldEntry struct {
	name string
	line int
}

// readOld reads the lists, or takes every .re file where there is none either.
// key is the config's catalogfile, nil when it names none.
func (r *catalogReader) readOld(key *psych.Value) {
	chapters := path.Join(r.dir, r.conf.name(r.target, "chapter_file"))
	if !r.files.isFile(chapters) {
		r.readAll(key)
		return
	}
	r.out.old = true
	if key != nil && !key.Blank() {
		r.add(r.conf.diagnostic(Lax, "catalog", key, fmt.Sprintf("the catalog %s is not there, so that Re:VIEW reads %s instead", key.Ruby(), chapters), ""))
	}
	if list, ok := r.oldFile("predef_file"); ok {
		for _, e := range oldWords(list.data) {
			r.oldChapter(Predef, list.file, e, "")
		}
	}
	titles, _ := r.oldFile("part_file")
	var parts []string
	if titles.data != nil {
		parts = strings.Split(strings.TrimRight(string(titles.data), "\n"), "\n")
	}
	if list, ok := r.oldFile("chapter_file"); ok {
		for i, chunk := range oldChunks(list.data) {
			part := ""
			if i < len(parts) {
				part = parts[i]
			}
			if part != "" && path.Ext(part) != ".re" {
				r.partTitle(part)
			}
			for _, e := range chunk {
				r.oldChapter(Chap, list.file, e, part)
			}
		}
	}
	if list, ok := r.oldFile("postdef_file"); ok {
		for _, e := range oldWords(list.data) {
			r.oldChapter(Appendix, list.file, e, "")
		}
	}
}

// oldList is one such list.
type oldList struct {
	file string // slash path below the root
	data []byte
}

// oldFile reads the list that a key of the config names; ok tells whether it is there.
func (r *catalogReader) oldFile(key string) (list oldList, ok bool) {
	list.file = path.Join(r.dir, r.conf.name(r.target, key))
	if !r.files.isFile(list.file) {
		return list, false
	}
	r.out.files = append(r.out.files, list.file)
	data, err := r.files.read(list.file)
	if err != nil {
		r.add(Diagnostic{Severity: Error, Code: "catalog", File: list.file, Message: cannotBeRead(err)})
		return list, false
	}
	r.conf.texts[list.file] = data
	list.data = bytes.TrimPrefix(data, []byte("\ufeff"))
	return list, true
}

// oldChapter adds a chapter of a list. Names in PREDEF and POSTDEF may lack the
// extension; those in CHAPS too in the oldest versions.
func (r *catalogReader) oldChapter(kind ChapterKind, file string, e oldEntry, part string) {
	name := e.name
	if ext := r.conf.name(r.target, "ext"); path.Ext(name) == "" && (kind != Chap || !r.strict) {
		name += ext
	}
	r.chapter(kind, name, &psych.Value{File: file, Line: e.line, Text: e.name, Val: e.name}, part)
}

// readAll takes every chapter file of the config's folder in order of name.
func (r *catalogReader) readAll(key *psych.Value) {
	catalogFile := path.Join(r.dir, r.conf.name(r.target, "catalogfile"))
	at := key
	if at == nil && len(r.conf.files) > 0 {
		at = &psych.Value{File: r.conf.files[0]}
	}
	hint := "list the chapters in it, one to a line below CHAPS: \"  - ch01.re\""
	if other, difference := r.files.sameName(catalogFile); other != "" {
		hint = fmt.Sprintf("there is a file %s, whose name differs in %s", other, difference)
	}
	// The names that Re:VIEW then makes up work only with makers that call the
	// book's folder ".".
	d := r.conf.diagnostic(Lax, "catalog", at, fmt.Sprintf("there is no %s, so that Re:VIEW takes every chapter file in order of name", catalogFile), hint)
	r.add(d, EPUB, Text, IDGXML)
	d.Message, d.Severity = fmt.Sprintf("there is no %s", catalogFile), Error
	if !r.strict {
		d.Severity = Lax
	}
	r.add(d, PDF, Web)

	ext := r.conf.name(r.target, "ext")
	names := r.files.names(r.dir)
	slices.Sort(names)
	for _, n := range names {
		file := path.Join(r.dir, n)
		if strings.HasPrefix(n, ".") || path.Ext(n) != ext || !r.files.isFile(file) {
			continue
		}
		r.out.chapters = append(r.out.chapters, Chapter{ID: chapterID(n), Path: file, Kind: Chap})
	}
}

// oldChunks splits CHAPS into parts at its empty lines. A # begins a comment.
func oldChunks(data []byte) [][]oldEntry {
	var chunks [][]oldEntry
	var chunk []oldEntry
	end := func() {
		if len(chunk) > 0 {
			chunks = append(chunks, chunk)
		}
		chunk = nil
	}
	for i, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			end()
			continue
		}
		for _, name := range strings.Fields(line) {
			chunk = append(chunk, oldEntry{name, i + 1})
		}
	}
	end()
	return chunks
}

// oldWords splits PREDEF and POSTDEF, which know no comments.
func oldWords(data []byte) []oldEntry {
	var list []oldEntry
	for i, line := range strings.Split(string(data), "\n") {
		for _, name := range strings.Fields(line) {
			list = append(list, oldEntry{name, i + 1})
		}
	}
	return list
}
