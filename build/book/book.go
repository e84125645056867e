package book

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
)

// Book is one variant of a book: a Re:VIEW config and what it names.
type Book struct {
	Name   string // the variant's name, unique within a run; also the folder of its artifacts when there are several
	Root   string // absolute path of the folder that the engine sees
	Dir    string // slash path of the config's folder below Root, "." for Root itself
	Config string // base name of the config file

	Bookname       string            // bookname of the config: the artifact's base name
	MakerBooknames map[Target]string // where a maker's own section overrides it
	ReviewVersion  string            // review_version of the config as written, "" when absent
	ContentDir     string            // contentdir, slash path below Dir, "." when absent
	Chapters       []Chapter         // in reading order
	Settings       map[string]any    // the config with its inherited parents merged in; dates are text
	ConfigFiles    []string          // config, its parents and the catalog: slash paths below Root

	conf     *config
	catalogs map[Target]*catalog
	oldLists bool // the chapters stand in CHAPS instead of a catalog
}

// ChapterKind is the part of the book that a chapter belongs to.
type ChapterKind string

// The kinds of chapter, after the sections of catalog.yml.
const (
	Predef   ChapterKind = "predef"
	PartFile ChapterKind = "part"
	Chap     ChapterKind = "chap"
	Appendix ChapterKind = "appendix"
	Postdef  ChapterKind = "postdef"
)

// Chapter is one file of the manuscript.
type Chapter struct {
	ID   string // base name without .re, as logs and --only name it
	Path string // slash path below Root
	Kind ChapterKind
	Part string // the title or file of the part it stands in, "" outside parts
}

// PartTitle is a part of the book that has a title and no file.
type PartTitle struct {
	Title string
	At    int // index, among the chapters, of the one that it stands before
}

// Read reads the book whose config lies at dir/config below root. root is
// absolute, dir a slash path below it; names in another Unicode form than the
// file system's are found. The book's Name is its bookname.
//
// A config that cannot be read is a *Faults; the Book is returned with it,
// with what could be read. A catalog that is wrong is left to Check, so that
// commands which need no catalog still work.
func Read(root, dir, configName string) (*Book, error) {
	dir = path.Clean(filepath.ToSlash(dir))
	b := &Book{Root: root, Dir: dir, Config: configName, Bookname: reviewDefaults["bookname"], ContentDir: "."}
	b.Name = b.Bookname
	if !Below(dir) || path.Base(configName) != configName {
		return b, fmt.Errorf("the book %s lies outside %s", path.Join(dir, configName), root)
	}
	files, err := openBookFiles(root)
	if err != nil {
		return b, err
	}
	defer files.Close()
	b.Dir = files.onDisk(dir)
	file := files.onDisk(path.Join(b.Dir, configName))
	b.Config = path.Base(file)

	b.conf, err = readConfig(files, file)
	b.ConfigFiles = slices.Clone(b.conf.files)
	if err != nil {
		return b, err
	}
	b.Settings = (&psych.Value{Val: b.conf.values}).Plain().(map[string]any)
	b.Bookname = b.conf.name("", "bookname")
	b.Name = text.Printable(b.Bookname) // it is shown, also when the bookname is refused
	b.MakerBooknames = map[Target]string{}
	b.ReviewVersion = b.conf.reviewVersion()
	b.ContentDir = path.Clean(b.conf.name("", "contentdir"))

	b.readCatalogs(files)
	b.Chapters = b.catalogs[""].chapters
	b.oldLists = b.catalogs[""].old
	return b, nil
}

// readCatalogs reads the catalog for each maker, those that see the same once.
func (b *Book) readCatalogs(files *bookFiles) {
	b.catalogs = map[Target]*catalog{}
	read := map[string]*catalog{}
	for _, t := range append([]Target{""}, Targets...) {
		key := catalogKey(b.conf, t)
		if read[key] == nil {
			read[key] = readCatalog(files, b.conf, b.Dir, t)
		}
		b.catalogs[t] = read[key]
		for _, f := range read[key].files {
			if !slices.Contains(b.ConfigFiles, f) {
				b.ConfigFiles = append(b.ConfigFiles, f)
			}
		}
		if name := b.conf.name(t, "bookname"); name != b.Bookname {
			b.MakerBooknames[t] = name
		}
	}
}

// BooknameFor returns the base name of the artifact that t's maker writes.
func (b *Book) BooknameFor(t Target) string {
	if name, ok := b.MakerBooknames[t]; ok {
		return name
	}
	return b.Bookname
}

// ChaptersFor returns the chapters as t's maker sees them: its own section of
// the config may name another catalog.
func (b *Book) ChaptersFor(t Target) []Chapter {
	if c := b.catalogs[t]; c != nil {
		return c.chapters
	}
	return b.Chapters
}

// PartTitlesFor returns the parts without a file as t's maker sees them, in reading
// order. At is an index into ChaptersFor(t), or its length.
func (b *Book) PartTitlesFor(t Target) []PartTitle {
	if c := b.catalogs[t]; c != nil {
		return c.parts
	}
	return nil
}

// Setting returns the value that t's maker sees for a key of the config: that
// of its own section, else that of the config itself, nil when neither has it.
// Re:VIEW's defaults are not filled in.
func (b *Book) Setting(t Target, key string) any {
	if b.conf == nil {
		return nil
	}
	if v := b.conf.lookup(t, key); v != nil {
		return v.Plain()
	}
	return nil
}

// Check returns what is wrong with the book's config and catalog for the makers
// of targets (of the PDF when none is named), in the order of files and lines.
// What Re:VIEW stops at has the severity Error; what it accepts although the
// book comes out wrong is Lax; what only looks like a slip is a Warning.
func (b *Book) Check(targets ...Target) []Diagnostic { return b.CheckWith(nil, targets...) }

// CheckWith is Check for a book some of whose targets are made by commands of its
// own. What Re:VIEW's maker would stumble over in a value may be no fault there: it
// is a Warning.
func (b *Book) CheckWith(commands map[Target]string, targets ...Target) []Diagnostic {
	if b.conf == nil || b.catalogs == nil {
		return nil
	}
	if len(targets) == 0 {
		targets = []Target{PDF}
	}
	severity := Error
	if !strictVersion(b.ReviewVersion) {
		severity = Warning // before Re:VIEW 4 any object of Ruby was loaded
	}
	found := b.conf.refusals(severity)
	for _, t := range targets {
		found = append(found, b.checkConfig(t, commands[t] != "")...)
		for _, f := range b.catalogs[t].faults {
			if f.concerns(t) {
				found = append(found, f.Diagnostic)
			}
		}
	}
	rank := map[Severity]int{Error: 0, Lax: 1, Warning: 2}
	order := func(d Diagnostic) int { return slices.Index(b.ConfigFiles, d.File) }
	slices.SortStableFunc(found, func(a, c Diagnostic) int {
		return cmp.Or(cmp.Compare(order(a), order(c)), cmp.Compare(a.Line, c.Line), cmp.Compare(a.Message, c.Message), cmp.Compare(rank[a.Severity], rank[c.Severity]))
	})
	return slices.CompactFunc(found, func(a, c Diagnostic) bool {
		return a.File == c.File && a.Line == c.Line && a.Message == c.Message
	})
}

// checkConfig finds what t's maker would stumble over in the config.
func (b *Book) checkConfig(t Target, own bool) []Diagnostic {
	var found []Diagnostic
	fail := func(v *psych.Value, message, hint string) {
		found = append(found, b.conf.diagnostic(Error, "config-value", v, message, hint))
	}
	if name := b.conf.lookup(t, "bookname"); name != nil {
		_, isText := name.Val.(string)
		message := booknameFault(name.Ruby())
		switch {
		case message != "":
			fail(name, "bookname "+message, "bookname becomes the name of the file: take letters, digits, - and _")
		case !isText && t == PDF:
			fail(name, "bookname is "+name.Is()+", at which review-pdfmaker stops", fmt.Sprintf("put it into quotes: %q", name.Text))
		}
	}
	found = append(found, b.conf.misspelledKeys(t)...)
	values := b.checkValues(t)
	for i := range values {
		if own {
			values[i].Severity = Warning
		}
	}
	found = append(found, values...)
	maker := string(t) + "maker"
	if section := b.conf.values.Get(maker); section != nil {
		_, ok := section.Val.(*psych.Map)
		switch {
		case ok, section.Val == false:
		case section.Val == nil:
			if t == PDF || t == EPUB {
				fail(section, maker+" has no settings, at which Re:VIEW stops", "take the line out, or indent the settings below it")
			}
		default:
			fail(section, maker+" is "+section.Is()+", not a mapping of settings", "write its settings below it, indented")
		}
	}
	if root := b.conf.lookup(t, "docroot"); t == Web && root != nil {
		if name, ok := root.Val.(string); ok && (path.IsAbs(name) || !Below(path.Clean(name)) || path.Clean(name) == ".") {
			fail(root, fmt.Sprintf("docroot is %q, which is no folder inside the book's", name), "write docroot: webroot, or take the line out")
		}
	}
	if dir := b.conf.lookup(t, "contentdir"); dir != nil && b.catalogs[t] != nil {
		if s, ok := dir.Val.(string); !ok || strings.TrimSpace(s) == "" {
			fail(dir, "contentdir is "+dir.Is()+", not a folder", "take the line out, or write contentdir: .")
		}
	}
	return found
}

// booknameFault says what keeps a name from being the name of a file that
// every program on the way handles, "" when nothing does.
func booknameFault(name string) string {
	const longest = 180 // bytes; a temporary folder gets the name with 40 more
	switch {
	case strings.TrimSpace(name) == "":
		return "is empty"
	case name == "." || name == "..":
		return fmt.Sprintf("is %q, which names a folder", name)
	case strings.ContainsAny(name, "/\\"):
		return fmt.Sprintf("is %q: a slash cannot stand in the name of a file", name)
	case strings.HasPrefix(name, "-"):
		return fmt.Sprintf("is %q: programs take a name that begins with a hyphen for an option", name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Sprintf("is %q, with a control character", name)
	case len(name) > longest:
		return fmt.Sprintf("has %d bytes, more than the %d that a file name leaves room for", len(name), longest)
	}
	return ""
}

// Chapter returns the chapter with the base name id, ".re" or not.
func (b *Book) Chapter(id string) (Chapter, bool) {
	id = strings.TrimSuffix(path.Base(id), ".re")
	for _, c := range b.Chapters {
		if c.ID == id {
			return c, true
		}
	}
	return Chapter{}, false
}
