package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/diagnose"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/pictures"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// making is one maker's run, from an empty work tree to a published artifact.
type making struct {
	b       *Builder
	job     Job
	target  book.Target
	memory  pictures.Memory // of the pictures that were compressed before
	code    string          // the hash of all that runs
	session *variantSession
	emit    func(event.Event)
	watch   *stopwatch
	record  *record
	log     *diagnose.Log
	staging *staging // nil until the maker is done
}

// artifactsHere is where, below Paths.Own, a session sees what was published.
const artifactsHere = "artifacts"

// kept is the session's folder of what is kept between builds of the target.
func (m *making) kept() string { return path.Join(m.session.Paths().Own, "state", string(m.target)) }

// argv is the command line of the maker.
func (m *making) argv() []string {
	argv := []string{m.session.Paths().Own + "/bin/bookci-run"}
	if command := m.job.Command[m.target]; command != "" {
		return append(argv, "/bin/sh", "-c", command)
	}
	argv = append(argv, m.target.Maker())
	if len(m.job.Only) > 0 && m.target == book.PDF {
		argv = append(argv, "--only="+strings.Join(m.job.Only, ","))
	}
	return append(argv, m.job.Book.Config)
}

func (m *making) logPath() string {
	return filepath.Join(m.b.State, "log", m.record.name+".log")
}

// texLogPath is where TeX's own log of the last pass is kept, which Re:VIEW drops when it ends well.
func (m *making) texLogPath() string { return strings.TrimSuffix(m.logPath(), ".log") + ".tex.log" }

// keepTeXLog keeps TeX's own log for the author. A log that cannot be kept must not stop the build.
func (m *making) keepTeXLog(text []byte) {
	if len(text) == 0 {
		_ = os.Remove(m.texLogPath()) // that of another build
		return
	}
	_ = fsx.WriteFile(m.texLogPath(), text, 0o644)
}

// logLimit bounds the log that is kept of a maker that prints for ever.
const logLimit = 64 << 20

// run runs the maker.
func (m *making) run(ctx context.Context) (status int, err error) {
	m.emit(event.Event{Kind: event.Stage, Text: "make"})
	file, err := fsx.CreateOwn(m.logPath())
	if err != nil {
		return 0, fault.Environmentf("", "keeping the log: %w", err)
	}
	m.log = diagnose.NewLog(diagnose.LogOptions{
		Book: m.job.Book, Target: m.target, Work: m.session.Paths().Work,
		Tee: &limitWriter{w: file, left: logLimit}, OnEvent: m.emit, Reader: m.readerSays,
	})
	if err := m.compressAhead(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return 0, errors.Join(cause, file.Close())
		}
		m.emit(event.Event{Kind: event.Note, Text: fmt.Sprintf("pictures are not compressed beforehand: %v", err)})
	}
	status, err = m.session.Run(ctx, engine.Command{
		Argv: m.argv(), Dir: m.job.Book.Dir, Env: m.environment(),
		Stdout: m.log, Stderr: m.log,
	})
	return status, errors.Join(err, file.Close())
}

// environment is what the maker and the programs around it are told.
func (m *making) environment() []string {
	env := append(m.b.dates(), "BOOKCI_URNID="+m.job.Book.URN())
	if m.target == book.PDF {
		env = append(env, "BOOKCI_CLASS="+m.job.Book.TeXClass())
	}
	if m.b.anew() {
		env = append(env, "BOOKCI_FORCE=1")
	}
	if m.b.KeepOpen && m.target == book.PDF {
		env = append(env, "BOOKCI_WARM=1") // this session will see the next build
	}
	if m.job.first {
		env = append(env, m.firstEnv()...)
	} else {
		env = append(env, "BOOKCI_STATE="+m.kept())
		if len(m.job.Only) > 0 {
			env = append(env, "BOOKCI_CHAPTER_FIRST=1") // the chapters' own pages, without the book around them
		}
		if m.target == book.PDF {
			env = append(env, "BOOKCI_LAST_PDF="+path.Join(m.session.Paths().Own, artifactsHere, filepath.ToSlash(m.b.artifactName(m.job, m.target))))
		}
	}
	return env
}

// dates make output reproducible. Each command is told them, not the session,
// which may outlive a commit.
func (b *Builder) dates() []string {
	return []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", b.SourceDate), "FORCE_SOURCE_DATE=1"}
}

// limitWriter writes the first left bytes and says where it stopped.
type limitWriter struct {
	w    io.Writer
	left int64
}

func (l *limitWriter) Write(p []byte) (int, error) {
	if l.left <= 0 {
		return len(p), nil
	}
	keep := p[:min(int64(len(p)), l.left)]
	l.left -= int64(len(keep))
	if _, err := l.w.Write(keep); err != nil {
		l.left = 0 // a full disk must not stop the build for its log
		return len(p), nil
	}
	if l.left <= 0 {
		_, _ = io.WriteString(l.w, "\n[bookci: the rest of the log is left out]\n")
	}
	return len(p), nil
}

// diagnostics reads the maker's log, and for a PDF what the session noted: the
// map from TeX's lines to the manuscript's, and what Re:VIEW keeps to itself.
func (m *making) diagnostics(status int) []book.Diagnostic {
	if m.log == nil {
		return nil
	}
	var notes *diagnose.Notes
	switch {
	case m.target != book.PDF:
	case m.staging != nil:
		notes = diagnose.ReadNotesIn(m.staged(path.Join(m.session.Paths().Own, inside.NotesDir)))
	default:
		notes = m.notes()
	}
	if notes != nil && !m.job.first {
		m.keepTeXLog(notes.TeX)
	}
	return m.log.Diagnostics(status, notes, m.manuscript)
}

// maxQuoted bounds what is read of a file to quote a line of it.
const maxQuoted = 64 << 20

// manuscript reads a source that a maker has named. A hostile maker may name any
// file: those that the session did not have, as in .git, are not quoted.
func (m *making) manuscript(name string) ([]byte, error) {
	if !slices.ContainsFunc(m.job.Tree, func(f source.File) bool { return f.Path == name }) {
		return nil, fs.ErrNotExist
	}
	return fsx.ReadBelow(m.b.Root, filepath.Join(m.b.Root, filepath.FromSlash(name)), maxQuoted)
}

// readerSays is what the reader of the language finds wrong with the chapters
// that are made.
func (m *making) readerSays() []book.Diagnostic {
	tree, err := manuscript.Read(m.job.Book, m.target)
	if err != nil {
		return nil // the maker's own words will do
	}
	return slices.DeleteFunc(tree.Faults, func(d book.Diagnostic) bool {
		c, isChapter := m.job.Book.Chapter(path.Base(d.File))
		return len(m.job.Only) > 0 && isChapter && !slices.Contains(m.job.Only, c.ID)
	})
}

// notes takes the notes out of a session whose maker failed. The build's own
// context may be over.
func (m *making) notes() *diagnose.Notes {
	const limit = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out := getting(ctx, m.session, m.session.Paths().Own, inside.NotesDir)
	defer out.Close() // a failure shows in ReadNotes
	notes, err := diagnose.ReadNotes(out)
	if err != nil {
		return nil // diagnostics then name TeX's lines
	}
	return notes
}

// verdict tells whether the maker made what it should.
func (m *making) verdict(status int, diagnostics []book.Diagnostic) error {
	name := m.target.Maker()
	if m.job.Command[m.target] != "" {
		name = m.job.Command[m.target]
	}
	switch {
	case status == 127 && m.job.Command[m.target] == "" && !bookAtFault(diagnostics):
		return fault.Environmentf("is it an image with Re:VIEW in it? the default is "+book.DefaultImage(""), "%s was not found", name)
	case status != 0:
		return &MakerError{Op: fmt.Sprintf("%s failed with exit status %d", name, status), Diagnostics: diagnostics}
	}
	if m.b.Strict {
		for _, d := range diagnostics {
			if d.Severity == book.Lax || d.Severity == book.Error {
				return &MakerError{Op: name + " went on after an error, and --strict is on", Diagnostics: diagnostics}
			}
		}
	}
	return nil
}

func bookAtFault(diagnostics []book.Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == book.Error && d.File != "" {
			return true
		}
	}
	return false
}

// maxArtifact bounds an artifact that is taken out of a session, in bytes. A
// container holds its work tree in memory, so a real artifact is far smaller.
const maxArtifact = 16 << 30

// maxEntries bounds the files of an artifact that is a folder.
const maxEntries = 200_000

// harvest takes all that a good build leaves out of the session in one go,
// into a staging folder: the artifact, the notes, and what TeX learnt.
func (m *making) harvest(ctx context.Context) (err error) {
	if m.staging, err = m.b.newStaging(); err != nil {
		return err
	}
	if err = takeOut(ctx, m.session, "/", m.harvested(), m.staging.dir); err == nil {
		return nil
	}
	output := m.target.Output(m.job.Book)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var environment *fault.Environment
	switch {
	case fsx.IsDiskFull(err):
		return fault.Environmentf("the disk is full; the last good artifact is kept", "taking out %s: %w", output, err)
	case errors.As(err, &environment):
		return err
	}
	return &MakerError{Op: fmt.Sprintf("taking out %s: %v", output, err)}
}

// harvested are the parts of the session that a good build leaves.
func (m *making) harvested() []source.Part {
	paths := m.session.Paths()
	part := func(name string, bytes int64, entries int, spare bool) source.Part {
		return source.Part{Name: strings.TrimPrefix(name, "/"), Bytes: bytes, Entries: entries, Spare: spare}
	}
	artifact := part(path.Join(paths.Work, m.target.Output(m.job.Book)), maxArtifact, 1, false)
	if m.target.IsFolder() {
		artifact.Entries = maxEntries
	}
	parts := []source.Part{artifact}
	if m.target == book.PDF {
		parts = append(parts,
			part(path.Join(paths.Own, inside.NotesDir), source.MostLearnt, source.MostLearntFiles, true),
			part(path.Join(paths.Own, fontsNote), source.MostLearnt, 1, true))
		if !m.job.first {
			parts = append(parts,
				part(m.kept(), source.MostLearnt, source.MostLearntFiles, true),
				part(path.Join(paths.Own, picturesNote), source.MostLearnt, 1, true))
		}
	}
	return parts
}

// fontsNote is a file below Paths.Own that is not empty when TeX has prepared fonts.
const fontsNote = "run/fonts"

// staged is where harvest has put what lies at an absolute path of the session.
func (m *making) staged(name string) string {
	return filepath.Join(m.staging.dir, filepath.FromSlash(name))
}

// takeOut unpacks parts, below dir of a session, into the folder to.
func takeOut(ctx context.Context, s engine.Session, dir string, parts []source.Part, to string) error {
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	out := getting(ctx, s, dir, names...)
	_, err := source.ExtractTree(out, to, parts)
	return errors.Join(err, out.Close())
}

// collect checks the artifact and publishes it.
func (m *making) collect(ctx context.Context) (Artifact, error) {
	output := m.target.Output(m.job.Book)
	made := m.staged(path.Join(m.session.Paths().Work, output))
	if _, err := os.Lstat(made); err != nil {
		return Artifact{}, &MakerError{Op: fmt.Sprintf("%s ended well but left no %s", m.argv()[1], output)}
	}
	if m.target == book.EPUB {
		if err := settleEPUB(ctx, m.staging.dir, made, time.Unix(m.b.SourceDate, 0)); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return Artifact{}, cause
			}
			return Artifact{}, &MakerError{Op: fmt.Sprintf("%s is damaged: %v", output, err)}
		}
	}
	a, err := check(ctx, m.staging.dir, made, m.target)
	if cause := context.Cause(ctx); cause != nil {
		return Artifact{}, cause
	}
	if err != nil {
		return Artifact{}, &MakerError{Op: err.Error()}
	}
	a.Path, err = m.b.publish(made, m.b.artifactName(m.job, m.target))
	return a, err
}

// artifactName is where the artifact goes, below the artifacts folder. With Only it
// is another name: some chapters must not take the place of the book.
func (b *Builder) artifactName(job Job, t book.Target) string {
	base := path.Base(t.Output(job.Book))
	if len(job.Only) > 0 {
		ext := path.Ext(base)
		base = strings.TrimSuffix(base, ext) + "-only" + ext
	}
	if b.Separate {
		return filepath.Join(job.Book.Name, base)
	}
	return base
}

// remember keeps what this build learnt for the next one, and says in the
// manifest what was made.
func (m *making) remember(ctx context.Context, fingerprint string, makers Makers, a Artifact, diagnostics []book.Diagnostic) error {
	if m.job.first {
		return nil
	}
	// What was learnt saves time; failing to keep it costs time and no more.
	if err := m.keepLearnt(ctx); err != nil {
		m.emit(event.Event{Kind: event.Note, Text: fmt.Sprintf("keeping what TeX learnt: %v", err)})
	}
	if err := m.keepPictures(ctx); err != nil {
		m.emit(event.Event{Kind: event.Note, Text: fmt.Sprintf("keeping what pictures were compressed to: %v", err)})
	}
	if len(m.job.Only) > 0 {
		return nil
	}
	m.watch.lap("keep")
	entry := Entry{
		Book: m.job.Book.Name, Target: m.target, Artifact: a,
		Image: makers.Ref, ImageID: makers.ID,
		Fingerprint: fingerprint, SourceDate: m.b.SourceDate,
		Seconds: m.watch.seconds(),
	}
	m.record.Code = m.code
	m.record.Pictures, m.record.PicturesOf = m.compressed(), m.memory.Bound
	return m.record.keep(m.b, entry, makers, diagnostics)
}

// keepLearnt moves what TeX learnt to where the next build finds it.
func (m *making) keepLearnt(ctx context.Context) error {
	if m.target != book.PDF {
		return nil
	}
	learnt := m.staged(m.kept())
	if _, err := os.Lstat(learnt); err == nil {
		if err := moveFolder(learnt, m.record.learntDir()); err != nil {
			return err
		}
	}
	if st, err := os.Lstat(m.staged(path.Join(m.session.Paths().Own, fontsNote))); err != nil || st.Size() == 0 {
		return nil
	}
	// Variants share the font cache.
	m.b.fontMu.Lock()
	defer m.b.fontMu.Unlock()
	if err := getFolder(ctx, m.session, m.session.Paths().Own, "texmf-var", m.b.fontCache(m.session.makers.and(m.code))); err != nil {
		return err
	}
	return m.b.pruneFontCaches()
}

// MakerError says that a maker did not make what it should: the book is at fault.
type MakerError struct {
	Op          string
	Diagnostics []book.Diagnostic
}

func (e *MakerError) Error() string { return e.Op }
