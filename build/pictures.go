package build

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/pictures"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fsx"
)

// Where, below Paths.Own, a session has the memory of compressed pictures: see
// lib/tex/pictures.sh.
const (
	picturesKept  = "pictures/kept"
	picturesFresh = "pictures/new"
	picturesAhead = "pictures/ahead"
	picturesNote  = "run/pictures" // not empty when there are entries to take home
)

// PicturesDir is the folder of the memories of compressed pictures below .bookci.
func PicturesDir(state string) string { return filepath.Join(state, "pictures") }

// setByTeX are kinds of file that only TeX and Re:VIEW read. Neither writes to the
// memory, so the memory is still good after edits of such files.
var setByTeX = map[string]bool{
	".re": true, ".yml": true, ".yaml": true, ".css": true, ".html": true, ".md": true, ".txt": true, ".csv": true,
	".tex": true, ".sty": true, ".cls": true, ".clo": true, ".def": true, ".cfg": true, ".erb": true,
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".svg": true, ".pdf": true, ".eps": true, ".ai": true, ".psd": true,
	".ttf": true, ".otf": true, ".ttc": true, ".map": true, ".pfb": true,
}

// memory is the memory of compressed pictures for these makers. It is bound to all
// programs that could write to it: the image, the root's files but for those of
// setByTeX, and the commands of the config.
//
// Whoever uses an entry checks what it decompresses to. The bond keeps out entries
// that another compressor made of the same picture.
func (b *Builder) memory(job Job, makers Makers) (pictures.Memory, error) {
	var programs []source.File
	for _, f := range job.Tree {
		if !setByTeX[strings.ToLower(path.Ext(f.Path))] {
			programs = append(programs, f)
		}
	}
	commands := []any{makers, job.Command}
	for _, key := range []string{
		"texcommand", "texoptions", "dvicommand", "dvioptions", "makeindex_command", "makeindex_options",
		"hook_beforetexcompile", "hook_beforemakeindex", "hook_aftermakeindex", "hook_aftertexcompile", "hook_beforedvipdf", "hook_afterdvipdf",
	} {
		commands = append(commands, fmt.Sprint(job.Book.Setting(book.PDF, key)))
	}
	bound, err := b.hashes.Code(nil, programs, commands)
	return pictures.Memory{Dir: PicturesDir(b.State), Bound: bound, Now: b.Now}, err
}

// maxChapterText bounds what is read of a chapter to find its pictures.
const maxChapterText = 8 << 20

// compressedBefore lists the hashes of the pictures of the last good build, where
// the memory that it filled is there.
func (m *making) compressedBefore() []string {
	if m.b.anew() || m.record.PicturesOf != m.memory.Bound {
		return nil
	}
	if _, err := os.Stat(m.memory.Folder()); err != nil {
		return nil
	}
	return m.record.Pictures
}

// compressAhead has the session compress, beside Re:VIEW and TeX, those pictures
// that the last good build did not compress.
func (m *making) compressAhead(ctx context.Context) error {
	command := m.converter()
	if m.job.first || m.target != book.PDF || command == nil {
		return nil
	}
	read, known := m.b.Read(m.job.Book.Name), m.compressedBefore()
	var candidates []pictures.Picture
	for _, f := range m.job.Inputs {
		if !strings.EqualFold(path.Ext(f.Path), ".png") || !f.Mode.IsRegular() || strings.ContainsAny(f.Path, "\n\r") {
			continue
		}
		if hash := read[f.Path]; hash != "" && !slices.Contains(known, hash) {
			candidates = append(candidates, pictures.Picture{Path: f.Path, Hash: hash})
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	root, err := fsx.OpenRoot(m.b.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	var chapters []pictures.Chapter
	for _, c := range m.job.Book.ChaptersFor(book.PDF) {
		// A chapter that cannot be read names no picture; the maker says what is wrong.
		text, err := root.ReadHead(c.Path, maxChapterText)
		if err == nil {
			chapters = append(chapters, pictures.Chapter{ID: c.ID, Text: text})
		}
	}
	var names []string
	var work int64
	for _, p := range pictures.Referenced(candidates, chapters) {
		const header = 64 << 10
		begin, err := root.ReadHead(p.Path, header)
		if pixels := pictures.Work(bytes.NewReader(begin)); err == nil && pixels > 0 {
			work += pixels
			names = append(names, path.Join(m.session.Paths().Work, p.Path))
		}
	}
	pages := pictures.Ahead(work, names)
	if pages == nil {
		return nil
	}
	var files bytes.Buffer
	tw := tar.NewWriter(&files)
	add := func(name string, text []byte) error {
		h := &tar.Header{Name: path.Join(picturesAhead, name), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		_, err := tw.Write(text)
		return err
	}
	errs := []error{add("command", []byte(strings.Join(command, "\n")+"\n"))}
	for i, page := range pages {
		errs = append(errs, add(fmt.Sprintf("%03d.dvi", i), page))
	}
	if err := errors.Join(append(errs, tw.Close())...); err != nil {
		return err
	}
	return m.session.Put(ctx, m.session.Paths().Own, &files)
}

// plainWord is a word that no shell changes.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9._:,/=+-]+$`)

// converter is the command line of dvipdfmx, which turns the book's DVI into a PDF,
// without the DVI's name. It is nil where the book is made without dvipdfmx.
func (m *making) converter() []string {
	setting := func(key, otherwise string) string {
		switch v := m.job.Book.Setting(book.PDF, key).(type) {
		case nil:
			return otherwise
		case string:
			return v
		default:
			return ""
		}
	}
	switch setting("texcommand", "uplatex") {
	case "uplatex", "platex":
	default:
		return nil
	}
	if setting("dvicommand", "dvipdfmx") != "dvipdfmx" {
		return nil
	}
	command := append([]string{"dvipdfmx"}, strings.Fields(setting("dvioptions", "-d 5 -z 9"))...)
	if slices.ContainsFunc(command, func(word string) bool { return !plainWord.MatchString(word) || word == "-o" }) {
		return nil
	}
	return command
}

// picturesComing is where entries lie on their way home.
func (b *Builder) picturesComing() string { return filepath.Join(b.State, "pictures.new") }

// keepPictures takes this build's new entries home to the memory.
func (m *making) keepPictures(ctx context.Context) error {
	note := m.staged(path.Join(m.session.Paths().Own, picturesNote))
	if st, err := os.Lstat(note); err != nil || st.Size() == 0 {
		return nil
	}
	into := m.b.picturesComing()
	if err := errors.Join(fsx.RemoveAll(into), os.Mkdir(into, 0o755)); err != nil {
		return err
	}
	defer fsx.RemoveAll(into)
	fresh := source.Part{Name: picturesFresh, Bytes: 2 * pictures.Limit, Entries: pictures.MaxEntries, Spare: true}
	if err := takeOut(ctx, m.session, m.session.Paths().Own, []source.Part{fresh}, into); err != nil {
		return err
	}
	// Variants share the memory.
	m.b.picturesMu.Lock()
	defer m.b.picturesMu.Unlock()
	return m.memory.Adopt(filepath.Join(into, filepath.FromSlash(picturesFresh)))
}

// compressed lists the hashes of this build's pictures.
func (m *making) compressed() []string {
	read := m.b.Read(m.job.Book.Name)
	var hashes []string
	for name, hash := range read {
		if strings.EqualFold(path.Ext(name), ".png") {
			hashes = append(hashes, hash)
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}
