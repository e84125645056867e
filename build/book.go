package build

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
	Settings       map[string]any    // the config with its inherited parents merged in
	ConfigFiles    []string          // config, its parents and the catalog: slash paths below Root
}

// Part of the book that a chapter belongs to.
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
