package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// making is one maker's run, from an empty work tree to a published artifact.
type making struct {
	b       *Builder
	job     Job
	target  Target
	session *variantSession
	emit    func(Event)
	watch   *stopwatch
	record  *record
	log     *Log
}

// kept is where, in a session, lives what is kept between builds of the target.
func (m *making) kept() string { return path.Join(m.session.Paths().Own, "state", string(m.target)) }

// prepare fills the session: the work tree, what the last build learnt, and
// the fonts that TeX has prepared.
func (m *making) prepare(ctx context.Context) error {
	s := m.session
	if err := s.Sync(ctx, m.job.Tree); err != nil {
		return err
	}
	if !s.filled {
		if err := putFolder(ctx, s, path.Join(s.Paths().Own, "texmf-var"), m.b.FontCache); err != nil {
			return err
		}
		s.filled = true
	}
	if s.learnt[m.target] {
		return nil
	}
	if s.learnt == nil {
		s.learnt = map[Target]bool{}
	}
	s.learnt[m.target] = true
	record := m.record
	if m.job.first {
		whole := m.job
		whole.Only = nil
		record = m.b.record(whole, m.target)
	}
	if m.b.Force || record.Makers != s.makers {
		return nil // from nothing; TeX of another image may read it differently
	}
	return putFolder(ctx, s, m.kept(), record.learntDir())
}

// putFolder sends a folder of this machine. A missing one is an empty one, and
// so is one that cannot be read: what is kept only saves time.
func putFolder(ctx context.Context, s Session, to, from string) error {
	files, err := listFolder(from)
	if err != nil || len(files) == 0 {
		return nil
	}
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(writeTree(pw, from, files)) }()
	defer pr.Close()
	return s.Put(ctx, to, pr)
}

func listFolder(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files = append(files, File{Path: filepath.ToSlash(rel), Mode: info.Mode(), Size: info.Size(), MTime: info.ModTime().UnixNano()})
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return files, err
}

// argv is the command line of the maker.
func (m *making) argv() []string {
	argv := []string{m.session.Paths().Own + "/bin/bookci-run"}
	if command := m.job.Command[m.target]; command != "" {
		return append(argv, "/bin/sh", "-c", command)
	}
	argv = append(argv, m.target.maker())
	if len(m.job.Only) > 0 && m.target == PDF {
		argv = append(argv, "--only="+strings.Join(m.job.Only, ","))
	}
	return append(argv, m.job.Book.Config)
}

func (m *making) logPath() string {
	return filepath.Join(m.b.State, "log", m.record.name+".log")
}

// logLimit bounds the log that is kept of a maker that prints for ever.
const logLimit = 64 << 20

// run runs the maker.
func (m *making) run(ctx context.Context) (status int, err error) {
	m.emit(Event{Kind: Stage, Text: "make"})
	file, err := os.Create(m.logPath())
	if err != nil {
		return 0, environmentf("", "keeping the log: %w", err)
	}
	m.log = NewLog(LogOptions{
		Book: m.job.Book, Target: m.target, Work: m.session.Paths().Work,
		Tee: &limitWriter{w: file, left: logLimit}, OnEvent: m.emit,
	})
	env := append(m.b.dates(), "BOOKCI_URNID="+m.job.Book.urn())
	if m.target == PDF {
		env = append(env, "BOOKCI_CLASS="+m.job.Book.texClass())
	}
	if m.b.Force {
		env = append(env, "BOOKCI_FORCE=1")
	}
	if m.b.Fast {
		env = append(env, "BOOKCI_FAST=1")
	}
	if m.job.first {
		env = append(env, m.firstEnv()...)
	} else {
		env = append(env, "BOOKCI_STATE="+m.kept())
	}
	status, err = m.session.Run(ctx, Command{
		Argv: m.argv(), Dir: m.job.Book.Dir, Env: env,
		Stdout: m.log, Stderr: m.log,
	})
	return status, errors.Join(err, file.Close())
}

// dates make output reproducible. They are the command's, not the session's: a
// session outlives a commit.
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
func (m *making) diagnostics(status int) []Diagnostic {
	if m.log == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var notes *Notes
	if m.target == PDF {
		notes = m.notes(ctx)
	}
	return m.log.Diagnostics(status, notes, func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(m.b.Root, filepath.FromSlash(name)))
	})
}

func (m *making) notes(ctx context.Context) *Notes {
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() {
		pw.CloseWithError(m.session.Get(ctx, m.session.Paths().Own, []string{NotesDir}, pw))
	}()
	notes, err := ReadNotes(pr)
	if err != nil {
		return nil // places are then those of TeX
	}
	_, _ = io.Copy(io.Discard, pr)
	return notes
}

// verdict tells whether the maker made what it should.
func (m *making) verdict(status int, diagnostics []Diagnostic) error {
	name := m.target.maker()
	if m.job.Command[m.target] != "" {
		name = m.job.Command[m.target]
	}
	switch {
	case status == 127 && !bookAtFault(diagnostics):
		return environmentf("is it an image with Re:VIEW in it? the default is "+DefaultImage(""), "%s was not found", name)
	case status != 0:
		return &MakerError{Op: fmt.Sprintf("%s failed with exit status %d", name, status), Diagnostics: diagnostics}
	}
	if m.b.Strict {
		for _, d := range diagnostics {
			if d.Severity == Lax || d.Severity == Error {
				return &MakerError{Op: name + " went on after an error, and --strict is on", Diagnostics: diagnostics}
			}
		}
	}
	return nil
}

func bookAtFault(diagnostics []Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == Error && d.File != "" {
			return true
		}
	}
	return false
}

// maxArtifact bounds what is taken out of a session. Its work tree is held in
// memory, so a real artifact is far smaller.
const maxArtifact = 16 << 30

// collect takes the artifact out of the session, checks it and publishes it.
func (m *making) collect(ctx context.Context) (Artifact, error) {
	staging, err := m.b.newStaging()
	if err != nil {
		return Artifact{}, err
	}
	defer staging.remove()
	output := m.target.output(m.job.Book)
	pr, pw := io.Pipe()
	go func() {
		pw.CloseWithError(m.session.Get(ctx, m.session.Paths().Work, []string{output}, pw))
	}()
	names, err := extractTree(pr, staging.dir, maxArtifact)
	if err == nil {
		_, err = io.Copy(io.Discard, pr) // the padding, so that tar ends well
	}
	pr.Close()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return Artifact{}, cause
		}
		if isDiskFull(err) {
			return Artifact{}, environmentf("the disk is full; the last good artifact is kept", "taking out %s: %w", output, err)
		}
		return Artifact{}, &MakerError{Op: fmt.Sprintf("taking out %s: %v", output, err)}
	}
	if len(names) == 0 {
		return Artifact{}, &MakerError{Op: fmt.Sprintf("%s ended well but left no %s", m.argv()[1], output)}
	}
	made := filepath.Join(staging.dir, filepath.FromSlash(output))
	if m.target == EPUB {
		if err := settleEPUB(made, time.Unix(m.b.SourceDate, 0)); err != nil {
			return Artifact{}, &MakerError{Op: fmt.Sprintf("%s is damaged: %v", output, err)}
		}
	}
	a, err := check(made, m.target)
	if err != nil {
		return Artifact{}, &MakerError{Op: err.Error()}
	}
	a.Path, err = m.b.publish(made, m.b.artifactName(m.job, m.target))
	return a, err
}

// artifactName is where the artifact goes, below the artifacts folder. A part
// of a book must not take the place of the whole.
func (b *Builder) artifactName(job Job, t Target) string {
	base := path.Base(t.output(job.Book))
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
func (m *making) remember(ctx context.Context, fingerprint string, makers Makers, a Artifact, diagnostics []Diagnostic) error {
	if m.job.first {
		return nil
	}
	// What was learnt saves time; failing to keep it costs time and no more.
	if err := m.keepLearnt(ctx); err != nil {
		m.emit(Event{Kind: Note, Text: fmt.Sprintf("keeping what TeX learnt: %v", err)})
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
	m.record.Entry, m.record.Makers, m.record.Diagnostics, m.record.Seconds = entry, makers, diagnostics, entry.Seconds
	if st, err := os.Lstat(m.record.artifactPath()); err == nil {
		m.record.MTime = st.ModTime().UnixNano()
	}
	if err := m.record.save(); err != nil {
		return environmentf("", "keeping the state: %w", err)
	}
	if err := m.b.manifest.put(m.b.Version, entry); err != nil {
		return environmentf("", "%w", err)
	}
	return nil
}

// keepLearnt takes out of the session what the next build can use.
func (m *making) keepLearnt(ctx context.Context) error {
	if m.target != PDF {
		return nil
	}
	own := m.session.Paths().Own
	var fonts strings.Builder
	status, err := m.session.Run(ctx, Command{
		Argv: []string{"/bin/sh", "-c", `cd "$BOOKCI_OWN" && bin/bookci-keep && find texmf-var -type f -newer run/opened | head -n 1`},
		Env:  []string{"BOOKCI_STATE=" + m.kept()},
		// A name there says that TeX has prepared fonts in this session.
		Stdout: &fonts,
	})
	if err == nil && status != 0 {
		err = fmt.Errorf("exit status %d", status)
	}
	if err != nil {
		return err
	}
	if err := getFolder(ctx, m.session, path.Dir(m.kept()), path.Base(m.kept()), m.record.learntDir()); err != nil {
		return err
	}
	if fonts.Len() == 0 {
		return nil
	}
	// Variants share the font cache.
	m.b.fontMu.Lock()
	defer m.b.fontMu.Unlock()
	if err := getFolder(ctx, m.session, own, "texmf-var", m.b.FontCache); err != nil {
		return err
	}
	return ignoreInGit(m.b.FontCache)
}

// MakerError says that a maker did not make what it should: the book is at fault.
type MakerError struct {
	Op          string
	Diagnostics []Diagnostic
}

func (e *MakerError) Error() string { return e.Op }
