package book

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
)

// catalog is the list of a book's chapters as one maker sees it, and what is
// wrong with it.
type catalog struct {
	chapters []Chapter
	parts    []PartTitle
	files    []string // those it was read from, slash paths below the root
	old      bool     // a CHAPS file lists the chapters
	faults   []fault
}

// fault is a Diagnostic with the makers that it concerns.
type fault struct {
	Diagnostic
	only []Target // nil: every maker
}

func (f fault) concerns(t Target) bool {
	return f.only == nil || slices.Contains(f.only, t)
}

// catalogSections are the sections of catalog.yml in reading order.
var catalogSections = []struct {
	name string
	kind ChapterKind
}{{"PREDEF", Predef}, {"CHAPS", Chap}, {"APPENDIX", Appendix}, {"POSTDEF", Postdef}}

// catalogReader reads the catalog of one book for one maker.
type catalogReader struct {
	files  *bookFiles
	conf   *config
	target Target
	dir    string // the config's folder
	strict bool   // Re:VIEW 5: every file named must be there
	out    *catalog
	seen   map[string]named // by chapter ID

	told      map[Severity]int // faults of each severity
	inCatalog map[string]bool  // the base names that stand anywhere in it
	parts     []string         // their titles, in the order in which they are numbered
}

// named is a chapter and the entry that names it.
type named struct {
	Chapter
	entry *psych.Value
}

// catalogKey is equal for makers that see the same catalog.
func catalogKey(conf *config, t Target) string {
	var names []string
	for _, key := range []string{"catalogfile", "contentdir", "ext", "chapter_file", "part_file", "predef_file", "postdef_file"} {
		names = append(names, conf.name(t, key))
	}
	return strings.Join(names, "\x00")
}

// readCatalog never fails: whatever is wrong is in the catalog's faults.
func readCatalog(files *bookFiles, conf *config, dir string, t Target) *catalog {
	r := &catalogReader{
		files: files, conf: conf, target: t, dir: dir,
		strict: strictVersion(conf.reviewVersion()),
		out:    &catalog{},
		seen:   map[string]named{},

		told:      map[Severity]int{},
		inCatalog: map[string]bool{},
	}
	r.read()
	return r.out
}

func (r *catalogReader) read() {
	name := r.conf.name(r.target, "catalogfile")
	file := path.Join(r.dir, name)
	key := r.conf.lookup(r.target, "catalogfile")
	if name == "" || !r.files.isFile(file) {
		if name != "" && !errors.Is(r.problem(file), fs.ErrNotExist) {
			r.add(r.conf.diagnostic(Error, "catalog", key, fmt.Sprintf("the catalog %s %s", file, cannotBeRead(r.problem(file))), ""))
			return
		}
		r.readOld(key)
		return
	}
	r.out.files = append(r.out.files, file)
	data, err := r.files.read(file)
	if err != nil {
		r.add(Diagnostic{Severity: Error, Code: "catalog", File: file, Message: cannotBeRead(err)})
		return
	}
	r.conf.texts[file] = data
	v, err := psych.Parse(file, data)
	if err != nil {
		r.add(yamlDiagnostic("catalog", file, data, err))
		return
	}
	if v == nil || v.Val == nil || v.Val == false {
		v = &psych.Value{File: file, Line: 1, Val: psych.NewMap()}
	}
	m, ok := v.Val.(*psych.Map)
	if !ok {
		r.fail(v, "is "+v.Is()+", not a mapping of PREDEF, CHAPS, APPENDIX and POSTDEF to lists of files", "")
		return
	}
	namesIn(v, r.inCatalog)
	r.inCatalog[r.conf.name(r.target, "bib_file")] = true
	for _, s := range catalogSections {
		if section := m.Get(s.name); section != nil {
			r.section(s.name, s.kind, section, m.Key(s.name))
		}
	}
	r.partsCollide()
	r.checkSections(m)
	if len(r.out.chapters) == 0 && len(r.out.faults) == 0 {
		r.add(r.conf.diagnostic(Lax, "catalog-empty", &psych.Value{File: file, Line: max(v.Line, 1)},
			"names no chapter, so that the book would have none", "list the chapters below CHAPS, one to a line: \"  - ch01.re\""))
	}
}

// problem says why a file cannot be taken for a catalog.
func (r *catalogReader) problem(file string) error {
	info, err := r.files.stat(file)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fs.ErrNotExist // as Re:VIEW sees it
	}
	return errNoFile
}

// checkSections tells of sections that Re:VIEW does not read.
func (r *catalogReader) checkSections(m *psych.Map) {
	var names []string
	for _, s := range catalogSections {
		names = append(names, s.name)
	}
	for _, k := range m.Keys {
		name, _ := k.Val.(string)
		if slices.Contains(names, name) {
			continue
		}
		severity, message := Warning, fmt.Sprintf("Re:VIEW knows no section %q and leaves it out", k.Ruby())
		hint := "the sections are " + strings.Join(names, ", ")
		if near := text.Nearest(strings.ToUpper(k.Ruby()), names); near != "" {
			hint = "write " + near + ":"
		}
		if len(r.out.chapters) == 0 && len(r.out.faults) == 0 {
			severity, message = Lax, message+", so that the book has no chapters"
		}
		r.add(r.conf.diagnostic(severity, "catalog-section", k, message, hint))
	}
}

// section reads one section; key is its name's value, for its line.
func (r *catalogReader) section(name string, kind ChapterKind, v, key *psych.Value) {
	if v.Blank() {
		return
	}
	list, ok := v.Val.([]*psych.Value)
	if !ok {
		at := v
		if _, ok := v.Val.(*psych.Map); ok && key != nil {
			at = key
		}
		r.fail(at, name+" is "+v.Is()+", not a list", "put each file on a line of its own: \"  - ch01.re\"")
		return
	}
	for _, e := range list {
		r.entry(name, kind, e, false)
	}
}

// entry reads an entry of a section. nested says that it stands in a list inside
// the section's list: one fault tells of all of that.
func (r *catalogReader) entry(section string, kind ChapterKind, v *psych.Value, nested bool) {
	switch x := v.Val.(type) {
	case string:
		r.chapter(kind, x, v, "")
		return
	case nil:
		if kind == Chap {
			// The other makers pass over it.
			r.add(r.conf.diagnostic(Error, "catalog", v, "has an empty entry in "+section, "take the lone hyphen out"), PDF)
			return
		}
		r.fail(v, "has an empty entry in "+section, "take the lone hyphen out")
		return
	case []*psych.Value:
		if kind == Chap {
			if !nested {
				r.add(r.conf.diagnostic(Error, "catalog", v, "has a list inside the list of "+section, "give each file a line of its own: \"  - ch01.re\""), PDF)
			}
			for _, e := range x {
				r.entry(section, kind, e, true)
			}
			return
		}
	case *psych.Map:
		if kind == Chap {
			r.part(x, v)
			return
		}
		r.fail(v, section+" has a part, which only CHAPS can have", "move the part to CHAPS, or list its files without a title")
		return
	}
	r.fail(v, fmt.Sprintf("has %s in %s where a file name must stand", v.Is(), section), "put the name into quotes")
}

// part reads a part: its title is the only key of m, its chapters are the value.
func (r *catalogReader) part(m *psych.Map, v *psych.Value) {
	if len(m.Keys) == 0 {
		r.fail(v, "has a part without title and chapters", "write a part as \"- Title:\" with its chapters below")
		return
	}
	for _, k := range m.Keys {
		if _, ok := k.Val.(string); !ok {
			r.fail(k, "has "+k.Is()+" as the title of a part, which Re:VIEW takes for no title", fmt.Sprintf("put it into quotes: \"%s\":", k.Text))
			return
		}
	}
	for _, k := range m.Keys[1:] {
		r.add(r.conf.diagnostic(Lax, "catalog-part", k, fmt.Sprintf("the part %q begins without a hyphen, so that Re:VIEW leaves it out", k.Ruby()),
			fmt.Sprintf("begin it with a hyphen: \"- %s:\"", k.Ruby())))
	}
	key := m.Keys[0]
	title := key.Ruby()
	r.parts = append(r.parts, title)
	switch {
	case path.Ext(title) == ".re":
		r.chapter(PartFile, title, key, "")
	case title != "":
		r.partTitle(title)
		if r.files.isDir(path.Join(r.contentDir(), title)) {
			r.fail(key, fmt.Sprintf("the part %q has the name of a folder, which Re:VIEW tries to read", title), "give the part or the folder another name")
		}
	}
	value := m.Values[key.Identity()]
	list, ok := value.Val.([]*psych.Value)
	if !ok {
		hint := "list its chapters below the title, one to a line, indented: \"    - ch01.re\""
		if value.Val == nil {
			r.fail(key, fmt.Sprintf("the part %q has no chapters", title), hint+"; a part without any is written []")
		} else {
			r.fail(value, fmt.Sprintf("the part %q holds %s, not a list of chapters", title, value.Is()), hint)
		}
		return
	}
	for _, e := range list {
		name, ok := e.Val.(string)
		switch {
		case ok:
			r.chapter(Chap, name, e, title)
		case e.Val == nil:
			r.fail(e, fmt.Sprintf("has an empty entry in the part %q", title), "take the lone hyphen out")
		default:
			r.fail(e, fmt.Sprintf("has %s in the part %q where a file name must stand", e.Is(), title), "")
		}
	}
}

// partTitle adds a part that has no file, before the chapters to come.
func (r *catalogReader) partTitle(title string) {
	r.out.parts = append(r.out.parts, PartTitle{title, len(r.out.chapters)})
}

// chapter adds the chapter that the catalog names at v.
func (r *catalogReader) chapter(kind ChapterKind, name string, v *psych.Value, part string) {
	ext := r.conf.name(r.target, "ext")
	file := path.Join(r.contentDir(), name)
	c := Chapter{ID: chapterID(name), Path: file, Kind: kind, Part: part}

	if info, err := r.files.stat(file); err != nil || !info.Mode().IsRegular() {
		severity := Error
		if !r.strict && kind != Chap && kind != PartFile {
			severity = Lax // older versions leave it out
		}
		if r.told[severity] < mostFaults { // to explain takes time
			message, hint := r.explainMissing(name, file, info, err)
			r.add(r.conf.diagnostic(severity, "catalog-missing-file", v, message, hint))
		}
		if severity == Lax {
			return
		}
	} else if name != c.ID+ext && kind != PartFile {
		// review-pdfmaker looks for ID plus extension among the entries to
		// decide where a chapter belongs, and finds this one nowhere.
		hint := "keep the chapters in one folder, named by contentdir in the config"
		if path.Base(name) != c.ID+ext {
			hint = fmt.Sprintf("name the file %s%s", c.ID, ext)
		} else if strings.HasPrefix(name, "./") && path.Dir(path.Clean(name)) == "." {
			hint = "write it without ./"
		}
		r.add(r.conf.diagnostic(Lax, "catalog-left-out", v, fmt.Sprintf("review-pdfmaker leaves the chapter %s out of the PDF without a word", name), hint), PDF)
	}

	if first, ok := r.seen[c.ID]; ok {
		where := fmt.Sprintf("line %d", first.entry.Line)
		if first.entry.File != v.File {
			where = fmt.Sprintf("%s:%d", first.entry.File, first.entry.Line)
		}
		message := fmt.Sprintf("names %s a second time, after %s", name, where)
		hint := "take one of the two out"
		if first.Path != c.Path {
			message = fmt.Sprintf("%s (%s) and %s have the same name to Re:VIEW, which mixes them up", first.Path, where, c.Path)
			hint = "rename one of the two"
		}
		r.add(r.conf.diagnostic(Lax, "catalog-duplicate", v, message, hint))
	} else {
		r.seen[c.ID] = named{c, v}
		r.collides(c.ID, v)
	}
	r.out.chapters = append(r.out.chapters, c)
}

// explainMissing says what is wrong with the chapter called name, and what to do:
// info and err are what the system says of its file.
func (r *catalogReader) explainMissing(name, file string, info fs.FileInfo, err error) (message, hint string) {
	ext := r.conf.name(r.target, "ext")
	message = fmt.Sprintf("the chapter file %s is not there", file)
	switch {
	case err == nil && info.IsDir():
		return fmt.Sprintf("the chapter file %s is a folder", file), ""
	case err == nil:
		return fmt.Sprintf("the chapter file %s is no file of text but a named pipe, a socket or a device", file), "put the chapter itself in its place"
	case errors.Is(err, errOutside), errors.Is(err, errKept):
		return fmt.Sprintf("the chapter file %s %v", name, err), ""
	case strings.Contains(name, ext+" - "):
		first, _, _ := strings.Cut(name, " - ")
		return fmt.Sprintf("the lines %q are one name to YAML", name),
			fmt.Sprintf("let the hyphens stand below each other, that of the next line below that of %s", first)
	case name != strings.TrimSpace(name):
		return message, "the name in the catalog has a space at its end or beginning"
	case r.files.isFile(file + ext):
		return message, fmt.Sprintf("write it with its extension: %s%s", name, ext)
	}
	if other, difference := r.files.sameName(file); other != "" {
		return message, fmt.Sprintf("there is a file %s, whose name differs in %s; rename one of the two", other, difference)
	}
	if !r.files.isDir(r.contentDir()) {
		return message, fmt.Sprintf("there is no folder %s: see contentdir in the config", r.contentDir())
	}
	hint = "create the file or take it out of the catalog"
	// A chapter that was renamed is in no line of the catalog.
	free := slices.DeleteFunc(r.chapterFiles(path.Dir(file), ext), func(n string) bool { return r.inCatalog[n] })
	if near := cmp.Or(text.Nearest(path.Base(name), free), onlyOne(free)); near != "" {
		hint = fmt.Sprintf("write %s, if that is what the file is called now; otherwise %s", near, hint)
	}
	return message, hint
}

// onlyOne is the element of a list that has one, "" otherwise.
func onlyOne(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return ""
}

// namesIn collects the base names of all texts in a value.
func namesIn(v *psych.Value, names map[string]bool) {
	switch x := v.Val.(type) {
	case string:
		names[path.Base(x)] = true
	case []*psych.Value:
		for _, e := range x {
			namesIn(e, names)
		}
	case *psych.Map:
		for _, k := range x.Keys {
			namesIn(k, names)
			namesIn(x.Values[k.Identity()], names)
		}
	}
}

// contentDir is the folder of the chapters, a slash path below the root.
func (r *catalogReader) contentDir() string {
	return path.Join(r.dir, r.conf.name(r.target, "contentdir"))
}

// chapterFiles lists the files of a folder with the extension of chapters.
func (r *catalogReader) chapterFiles(dir, ext string) []string {
	return slices.DeleteFunc(r.files.names(dir), func(n string) bool { return path.Ext(n) != ext })
}

// fail adds an error at v that concerns every maker.
func (r *catalogReader) fail(v *psych.Value, message, hint string) {
	r.add(r.conf.diagnostic(Error, "catalog", v, message, hint))
}

// mostFaults bounds the faults of each severity. A catalog with more is the
// wrong file, or made to keep bookci busy.
const mostFaults = 1000

// add adds a fault that concerns the makers only, or every one when there is none.
func (r *catalogReader) add(d Diagnostic, only ...Target) {
	if r.told[d.Severity]++; r.told[d.Severity] > mostFaults {
		return
	}
	r.out.faults = append(r.out.faults, fault{d, only})
}

// chapterID is Ruby's File.basename(name, ".*"): a leading dot is no extension.
func chapterID(name string) string {
	base := path.Base(name)
	if ext := path.Ext(base); ext != base && ext != "." {
		return strings.TrimSuffix(base, ext)
	}
	return base
}
