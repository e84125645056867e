package review

import (
	"cmp"
	"encoding/csv"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
)

// reader reads one manuscript.
type reader struct {
	manuscript *Manuscript
	settings   *Settings
	locale     *Locale
	extension  extension
	words      map[string]string
	images     *imageFinder
	builders   []string

	secnolevel     int
	tableSeparator string

	chapters []*Chapter
	parsers  []*parser
	byID     map[string]*Chapter  // chapters, then parts, as @<chap> finds them
	byName   map[string]*Chapter  // as chapter|id finds them: the first of a name
	parserOf map[*Chapter]*parser // once all chapters are read
	missing  bool                 // a chapter's file is not there
	bib      index
	bibPath  string
	bibFile  *Chapter // of //bibpaper: a chapter of the catalog or a file of its own
	faults   []book.Diagnostic

	room    room
	cut     bool // there was no room for all of the book: what is not found may be in the rest
	guessed int  // how often it was looked for what may be meant
}

// placed is a text and where it stands.
type placed struct {
	Place
	text string
}

// Read reads a manuscript. It never fails: whatever is wrong is in the Faults.
func Read(m *Manuscript) *Book {
	r := &reader{manuscript: m, settings: &Settings{m.Config}}
	r.prepare()
	r.parseChapters()
	r.numberChapters()
	for _, p := range r.parsers {
		for _, f := range p.later {
			f()
		}
	}
	r.resolve()
	return r.book()
}

func (r *reader) prepare() {
	m := r.manuscript
	r.room = room{maxBytes, maxLines, maxPieces}
	r.builders = m.Builders
	if len(r.builders) == 0 {
		r.builders = []string{"latex"}
	}
	r.secnolevel = r.settings.Int("secnolevel", 2)
	r.tableSeparator = r.settings.Text("table_row_separator", "tabs")
	var own map[string]any
	name := path.Join(m.Dir, "locale.yml")
	if data, err := m.Files.Read(name); err == nil && len(data) > maxBeside {
		r.faults = append(r.faults, localeTooLong(Place{File: name}))
	} else if err == nil {
		var fault *book.Diagnostic
		if own, fault = readLocale(name, data); fault != nil {
			r.faults = append(r.faults, *fault)
		}
	}
	r.locale = newLocale(r.settings.Text("language", "ja"), own)
	if data, err := m.Files.Read(path.Join(m.Dir, "review-ext.rb")); err == nil {
		r.extension = readExtension(string(data[:min(len(data), maxBeside)]))
		if len(data) > maxBeside { // the rest may define anything
			r.extension.anyBlock, r.extension.anyInline = true, true
		}
	}
	r.words = map[string]string{}
	r.readWordFiles()
	r.images = newImageFinder(m, r.settings, r.builders[0])
}

// Bounds of what is read beside the chapters. A config can name one file of words a
// million times.
const (
	maxBeside    = 1 << 20 // bytes of locale.yml, and of review-ext.rb
	maxWordFiles = 100
	maxWordBytes = 8 << 20 // of all files of words
	maxWord      = 4096    // bytes
)

func (r *reader) readWordFiles() {
	left := maxWordBytes
	names := r.settings.List("words_file")
	for _, name := range names[:min(len(names), maxWordFiles)] {
		if !strings.EqualFold(path.Ext(name), ".csv") || left == 0 {
			continue
		}
		if data, err := r.manuscript.Files.Read(path.Join(r.manuscript.Dir, name)); err == nil {
			data = data[:min(len(data), left)]
			left -= len(data)
			r.readWords(data)
		}
	}
}

func (r *reader) readWords(data []byte) {
	lines := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	lines.FieldsPerRecord = -1
	lines.LazyQuotes = true
	for {
		row, err := lines.Read()
		if err != nil {
			return
		}
		if len(row) > 1 {
			// A word is a word: one without end would be the book many times over.
			r.words[row[0]] = strings.ToValidUTF8(row[1][:min(len(row[1]), maxWord)], "\ufffd")
		}
	}
}

// makes tells whether the book is made with a kind of output.
func (r *reader) makes(builder string) bool { return slices.Contains(r.builders, builder) }

func (r *reader) lacksInline(op string) bool {
	return !r.extension.inlines[op] && slices.ContainsFunc(r.builders, func(b string) bool { return lacking[b].inline[op] })
}

func (r *reader) lacksBlock(name string) bool {
	return slices.ContainsFunc(r.builders, func(b string) bool { return lacking[b].block[name] })
}

func (r *reader) knowsTag(tag string) bool { return headingTags[tag] }

func (r *reader) parseChapters() {
	m := r.manuscript
	r.bibPath = path.Join(m.Dir, r.settings.Text("contentdir", "."), r.settings.Text("bib_file", "bib.re"))
	parts := map[string]*Chapter{}
	for _, e := range m.Chapters {
		c := &Chapter{Place: Place{File: e.File}, ID: e.ID, Kind: e.Kind}
		if e.Part != "" {
			c.Part = parts[e.Part]
		}
		if e.Kind == Part {
			name := e.File
			if name == "" {
				name = e.ID
				c.Title = []Inline{&Text{Text: e.ID}}
			}
			parts[e.ID] = c
			parts[path.Base(name)] = c
			parts[name] = c
		}
		r.chapters = append(r.chapters, c)
		if e.File != "" {
			r.parseFile(c)
		}
	}
	if r.bibFile == nil && r.bibPath != "" {
		c := &Chapter{Place: Place{File: r.bibPath}, ID: strings.TrimSuffix(path.Base(r.bibPath), path.Ext(r.bibPath)), Kind: Bibliography}
		r.parseFile(c)
	}
	r.byID, r.byName = map[string]*Chapter{}, map[string]*Chapter{}
	for _, parts := range []bool{false, true} {
		for _, c := range r.chapters {
			if (c.Kind == Part) != parts {
				continue
			}
			r.byID[c.ID] = c
			if r.byName[c.ID] == nil {
				r.byName[c.ID] = c
			}
		}
	}
}

func (r *reader) parseFile(c *Chapter) {
	if p := r.newParser(c); p != nil {
		if c.File == r.bibPath {
			r.bibFile = c
		}
		p.parse()
		r.parsers = append(r.parsers, p)
	}
}

// newParser returns nil for a file that is not there, which whoever reads the catalog
// has told, and for one that there is no room for: a catalog can name one file a
// million times.
func (r *reader) newParser(c *Chapter) *parser {
	if r.cut {
		return nil
	}
	data, err := r.manuscript.Files.Read(c.File)
	if err != nil {
		r.missing = r.missing || c.Kind != Bibliography
		return nil
	}
	p := &parser{reader: r, chapter: c, lostIDs: map[string]bool{}, meant: map[string]Place{}}
	p.src = readSource(c.File, data, &r.room, p.add)
	if p.src.foreign {
		r.foreign(p)
		return nil
	}
	p.title()
	return p
}

// foreign leaves a chapter in another encoding unread: what it says is unknown,
// and so is what it defines.
func (r *reader) foreign(p *parser) {
	p.swallowed = true
	p.src.lines = nil
	r.parsers = append(r.parsers, p)
	r.missing = true
}

// title finds the chapter's title, as references show it, and whether its
// first heading takes the chapter's number away.
func (p *parser) title() {
	tagged, titled := false, false
	for n, line := range p.src.lines {
		if line == "" || line[0] != '=' {
			continue
		}
		h := readHeading(line)
		if !titled {
			titled = true
			quiet := &parser{reader: p.reader, chapter: &Chapter{}, src: p.src}
			p.chapter.Title = quiet.inlinesAt(n, h.titleColumn, h.title)
			p.refs = append(p.refs, quiet.refs...)
			p.noteRefs = append(p.noteRefs, quiet.noteRefs...)
			p.chapter.Place = Place{p.src.file, n + 1, 1}
		}
		if !tagged && lineKind(line, p.src.ended || n+1 < len(p.src.lines)) == headingLine {
			tagged = true
			switch Tag(h.tag) {
			case NoNum, NoToc, NoDisp:
				p.chapter.unnumbered = true
			}
		}
		if tagged {
			return
		}
	}
}

func (r *reader) book() *Book {
	b := &Book{Settings: r.settings, Locale: r.locale, Chapters: r.chapters, Bibliography: r.bibFile, Faults: r.faults, Cut: r.cut}
	order := map[string]int{}
	for _, p := range r.parsers {
		b.Faults = append(b.Faults, p.faults...)
		if _, ok := order[p.src.file]; !ok {
			order[p.src.file] = len(order)
		}
	}
	slices.SortStableFunc(b.Faults, func(x, y book.Diagnostic) int {
		return cmp.Or(cmp.Compare(order[x.File], order[y.File]), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	b.Faults = slices.Compact(b.Faults)
	return b
}
