package diagnose

import (
	"bytes"
	"image"
	_ "image/gif"  // what their files measure
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"path"
	"regexp"
	"strings"

	"github.com/bookci/bookci/build/book"
)

// manuscript looks things up in the book's own files.
type manuscript struct {
	book  *book.Book
	read  func(path string) ([]byte, error)
	files map[string][]string // lines, nil for a file that cannot be had
	shown []shownImage        // see images; nil before
}

// manuscriptLimit is the largest file that is looked at: no hand writes more.
const manuscriptLimit = 8 << 20

func newManuscript(book *book.Book, read func(string) ([]byte, error)) *manuscript {
	return &manuscript{book: book, read: read, files: map[string][]string{}}
}

// chapterPath returns the path below the root of a chapter that a maker names
// by its base name alone.
func (m *manuscript) chapterPath(name string) string {
	if c, ok := m.book.Chapter(name); ok {
		return c.Path
	}
	p := path.Join(m.book.Dir, m.book.ContentDir, path.Base(name))
	if m.lines(p) != nil {
		return p
	}
	return ""
}

// lines returns the lines of a file below the root, nil when it cannot be had.
func (m *manuscript) lines(name string) []string {
	if lines, ok := m.files[name]; ok {
		return lines
	}
	var lines []string
	if m.read != nil && name != "" {
		if data, err := m.read(name); err == nil && len(data) <= manuscriptLimit {
			text := strings.TrimPrefix(string(data), "\uFEFF")
			lines = strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
		}
	}
	m.files[name] = lines
	return lines
}

// line returns line n of a file, "" when there is none.
func (m *manuscript) line(name string, n int) string {
	lines := m.lines(name)
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// place is a line of a file of the book; its line is 0 when only the file is known.
type place struct {
	file string
	line int
}

func (p place) known() bool { return p.line > 0 }

// find returns the first line of a file for which is holds.
func (m *manuscript) find(name string, is func(string) bool) place {
	for i, l := range m.lines(name) {
		if is(l) {
			return place{name, i + 1}
		}
	}
	return place{}
}

// nearest returns the line of a file for which is holds that is nearest to line,
// one above it rather than one below.
func (m *manuscript) nearest(name string, line int, is func(string) bool) place {
	lines := m.lines(name)
	line = max(1, min(line, len(lines)))
	for d := 0; d < len(lines); d++ {
		if n := line - d; n >= 1 && is(lines[n-1]) {
			return place{name, n}
		}
		if n := line + d; n <= len(lines) && is(lines[n-1]) {
			return place{name, n}
		}
	}
	return place{}
}

// above returns the nearest line at or above line for which is holds.
func (m *manuscript) above(name string, line int, is func(string) bool) place {
	lines := m.lines(name)
	for n := min(line, len(lines)); n >= 1; n-- {
		if is(lines[n-1]) {
			return place{name, n}
		}
	}
	return place{}
}

// inChapters returns the first line of any chapter for which is holds.
func (m *manuscript) inChapters(is func(string) bool) place {
	for _, c := range m.book.Chapters {
		if p := m.find(c.Path, is); p.known() {
			return p
		}
	}
	return place{}
}

// inConfig returns the first line of the configuration, comments left out, for
// which is holds.
func (m *manuscript) inConfig(is func(string) bool) place {
	set := func(s string) bool { return !strings.HasPrefix(strings.TrimSpace(s), "#") && is(s) }
	for _, name := range m.book.ConfigFiles {
		if p := m.find(name, set); p.known() {
			return p
		}
	}
	return place{}
}

// configKey returns the line of the configuration that sets key.
func (m *manuscript) configKey(key string) place {
	return m.inConfig(func(l string) bool {
		return strings.HasPrefix(strings.TrimLeft(l, " -{"), key+":")
	})
}

var styleWord = regexp.MustCompile(`[A-Za-z0-9_@.-]+`)

// inStyles returns the first line of the book's own style files for which is holds.
func (m *manuscript) inStyles(names []string, is func(string) bool) place {
	for _, name := range names {
		if p := m.find(name, is); p.known() {
			return p
		}
	}
	return place{}
}

// styles lists where the book's own style files may lie: those that the
// configuration names, and those that TeX read from the book.
func (m *manuscript) styles(opened []string) []string {
	var names []string
	add := func(base string) {
		for _, dir := range []string{"sty", "", "layouts"} {
			p := path.Join(m.book.Dir, dir, base)
			if m.lines(p) != nil {
				names = append(names, p)
			}
		}
	}
	for _, f := range opened {
		if strings.HasPrefix(f, "./") {
			add(path.Base(f))
			add(path.Base(f) + ".erb")
		}
	}
	for _, c := range m.book.ConfigFiles {
		for _, l := range m.lines(c) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(l), "texstyle:"); ok {
				for _, word := range styleWord.FindAllString(rest, -1) {
					add(strings.TrimSuffix(word, ".sty") + ".sty")
				}
			}
		}
	}
	return names
}

// own turns a path that a program printed into one below the root; "" for a file
// that is not the book's.
func (m *manuscript) own(printed, work string) string {
	p := path.Clean(printed)
	if work != "" {
		if rest, ok := strings.CutPrefix(p, strings.TrimSuffix(work, "/")+"/"); ok {
			return rest
		}
	}
	if path.IsAbs(p) || strings.HasPrefix(p, "../") {
		return ""
	}
	for _, name := range []string{path.Join(m.book.Dir, p), p} {
		if m.lines(name) != nil {
			return name
		}
	}
	return ""
}

// shownImage is an image that a chapter shows, with what its file is like.
type shownImage struct {
	at            place
	line          string // of the manuscript
	id, file      string
	width, height int // pixels, 0 when unknown
	damage        string
}

var imageLine = regexp.MustCompile(`^//(?:image|indepimage|numberlessimage|imgtable)\[([^\]]+)\]`)

// images looks, once, into the files of the images that the chapters show.
func (m *manuscript) images() []shownImage {
	if m.shown != nil {
		return m.shown
	}
	const most = 2000
	list := []shownImage{}
	for _, c := range m.book.Chapters {
		for i, s := range m.lines(c.Path) {
			found := imageLine.FindStringSubmatch(s)
			if found == nil || len(list) >= most {
				continue
			}
			if file, data := m.imageFile(c.ID, found[1]); file != "" {
				one := shownImage{at: place{c.Path, i + 1}, line: s, id: found[1], file: file}
				one.look(data)
				list = append(list, one)
			}
		}
	}
	m.shown = list
	return list
}

// imageFile reads the file that a chapter shows under an id, "" when there is none.
func (m *manuscript) imageFile(chapter, id string) (file string, data []byte) {
	folder, _ := m.book.Setting(book.PDF, "imagedir").(string)
	if folder == "" {
		folder = "images"
	}
	for _, stem := range []string{"latex/" + chapter + "/" + id, "latex/" + chapter + "-" + id, "latex/" + id, chapter + "/" + id, chapter + "-" + id, id} {
		for _, ext := range []string{".png", ".jpg", ".jpeg", ".gif"} {
			file := path.Join(m.book.Dir, folder, stem+ext)
			if data, err := m.read(file); err == nil {
				return file, data
			}
		}
	}
	return "", nil
}

// look measures an image, and notices when its file ends too early.
func (s *shownImage) look(data []byte) {
	config, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err == nil {
		s.width, s.height = config.Width, config.Height
	}
	tail := data[max(0, len(data)-4096):]
	switch {
	case err != nil:
		s.damage = "it is no image, or damaged"
	case kind == "png" && !bytes.Contains(tail, []byte("IEND")), kind == "jpeg" && !bytes.Contains(tail, []byte("\xff\xd9")):
		s.damage = "its file ends too early"
	}
}
