package build

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/draft"
	"github.com/bookci/bookci/build/draft/text"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// NoMakers says that no engine can be had here, and not because of a mistake:
// there is no Docker, no network or no Re:VIEW. A draft stands in where one can.
type NoMakers struct{ Err error }

func (e *NoMakers) Error() string { return e.Err.Error() }
func (e *NoMakers) Unwrap() error { return e.Err }

// DraftImage is what a manifest says of a draft in the place of an image.
const DraftImage = "draft"

// drafts are the books that this builder has set. Parts that have not changed are
// not set again.
type drafts struct {
	mu    sync.Mutex
	books map[string]*draftBook
}

type draftBook struct {
	mu    sync.Mutex
	draft draft.Draft
}

func (d *drafts) of(name string) *draftBook {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.books == nil {
		d.books = map[string]*draftBook{}
	}
	if d.books[name] == nil {
		d.books[name] = &draftBook{}
	}
	return d.books[name]
}

// drafting is the making of one draft.
type drafting struct {
	b      *Builder
	job    Job
	target book.Target
	emit   func(event.Event)
	watch  *stopwatch
	record *record
}

// draftRecord is what is known of the last draft. It has a file of its own: a
// draft never takes the place of the book.
func (b *Builder) draftRecord(job Job, t book.Target) *record { return b.recordNamed(job, t, "-draft") }

// draft makes a draft, or finds that the last one is up to date.
func (b *Builder) draft(ctx context.Context, job Job, t book.Target, watch *stopwatch, emit func(event.Event)) (res Result) {
	res = Result{Book: job.Book, Target: t, Draft: true}
	if t != book.PDF && t != book.Text {
		res.Err = fault.Environmentf("leave --engine draft out, on a machine with Docker or Re:VIEW", "a draft is a PDF or plain text: %s needs Re:VIEW's own makers", t)
		return res
	}
	d := &drafting{b: b, job: job, target: t, emit: emit, watch: watch, record: b.draftRecord(job, t)}
	fingerprint, read, err := b.hashes.Fingerprint(job.Inputs, d.recipe())
	if err != nil {
		res.Err = source.OrChanged(err, b.Root, job.Inputs)
		return res
	}
	b.noteRead(job, read)
	watch.lap("fingerprint")
	if entry, ok := d.record.upToDate(fingerprint, b.pathOf(d.name())); ok && !b.anew() {
		res.UpToDate, res.Artifact, res.Diagnostics = true, entry.Artifact, d.record.told()
		return res
	}
	emit(event.Event{Kind: event.Stage, Text: "setting the draft", Seconds: d.record.Seconds})
	defer emit(event.Event{Kind: event.Ended})
	res.Artifact, res.Diagnostics, err = d.make(ctx)
	if err != nil {
		res.Err = err
		return res
	}
	if source.ChangedSince(b.Root, job.Inputs) {
		fingerprint = "" // saved after it was hashed
	}
	watch.lap("collect")
	res.Err = d.remember(fingerprint, res.Artifact, res.Diagnostics)
	return res
}

// draftMeanwhile makes a draft when the engine keeps the build waiting, so that a
// download of minutes begins with pages. The build goes on after wait.
func (b *Builder) draftMeanwhile(ctx context.Context, job Job, t book.Target) (wait func()) {
	if b.Waiting == nil || t != book.PDF {
		return func() {}
	}
	var drafting sync.WaitGroup
	stop := b.Waiting(func() {
		drafting.Go(func() {
			// No events: the screen shows the engine's steps.
			res := b.draft(ctx, job, t, newStopwatch(b.Now), func(event.Event) {})
			if res.Err == nil { // else the build says why
				b.Meanwhile(res)
			}
		})
	})
	return func() {
		stop()
		drafting.Wait()
	}
}

// recipe is all that decides what a draft will be, beside the inputs.
func (d *drafting) recipe() any {
	return struct {
		Engine, Version, Config string
		Target                  book.Target
		Only                    []string
		SourceDate              int64
		Separate                bool
	}{DraftImage, d.b.Version, d.job.Book.Config, d.target, d.job.Only, d.b.SourceDate, d.b.Separate}
}

// name is where the draft goes, below the artifacts folder.
func (d *drafting) name() string {
	name := d.b.artifactName(d.job, d.target)
	ext := path.Ext(name)
	if d.target.IsFolder() {
		ext = ""
	}
	return strings.TrimSuffix(name, ext) + "-draft" + ext
}

// make reads the manuscript, sets it and publishes the draft. Faults of the
// manuscript are told and stop nothing: a draft is there to find them.
func (d *drafting) make(ctx context.Context) (Artifact, []book.Diagnostic, error) {
	tree, err := manuscript.Read(d.job.Book, d.target)
	if err != nil {
		return Artifact{}, nil, fault.Environmentf("", "%w", err)
	}
	found := slices.Clone(tree.Faults)
	d.leaveOut(tree)
	d.watch.lap("read")
	staging, err := d.b.newStaging()
	if err != nil {
		return Artifact{}, found, err
	}
	defer staging.remove()
	made := filepath.Join(staging.dir, filepath.Base(d.name()))
	if d.target == book.Text {
		err = writeTexts(made, text.Files(tree))
	} else {
		var more []book.Diagnostic
		more, err = d.writePDF(ctx, tree, made)
		found = append(found, more...)
	}
	d.watch.lap("make")
	switch {
	case context.Cause(ctx) != nil:
		return Artifact{}, found, context.Cause(ctx)
	case err != nil && fsx.IsDiskFull(err):
		return Artifact{}, found, fault.Environmentf("the disk is full; the last good artifact is kept", "writing the draft: %w", err)
	case err != nil:
		return Artifact{}, found, fault.Environmentf("", "writing the draft: %w", err)
	}
	a, err := check(ctx, d.b.Artifacts, made, d.target)
	if err != nil {
		return Artifact{}, found, cmp.Or(context.Cause(ctx), fmt.Errorf("the draft is not what it should be: %w", err))
	}
	a.Path, err = d.b.publish(made, d.name())
	return a, found, err
}

// leaveOut takes out the chapters that --only does not name. The others keep
// their numbers.
func (d *drafting) leaveOut(tree *review.Book) {
	if len(d.job.Only) == 0 {
		return
	}
	tree.Chapters = slices.DeleteFunc(tree.Chapters, func(c *review.Chapter) bool { return !slices.Contains(d.job.Only, c.ID) })
}

// keptImages bounds what is kept of images between builds, in bytes.
const keptImages = 1 << 30

// writePDF sets the book and writes its pages.
func (d *drafting) writePDF(ctx context.Context, tree *review.Book, name string) ([]book.Diagnostic, error) {
	root, err := fsx.OpenRoot(d.b.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	kept := filepath.Join(d.b.State, "images")
	book_ := d.b.drafts.of(d.job.Book.Name)
	book_.mu.Lock()
	defer book_.mu.Unlock()
	options := draft.Options{Files: root.FS(), Dir: d.job.Book.Dir, Created: time.Unix(d.b.SourceDate, 0)}
	if !d.b.Brought {
		options.Keep = draft.KeepIn(kept)
	}
	pages, err := book_.draft.Set(ctx, tree, options)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 1<<18)
	trouble, err := pages.WritePDF(ctx, w)
	err = errors.Join(err, w.Flush(), f.Close())
	if !d.b.KeepOpen {
		draft.Prune(kept, keptImages, d.b.Now())
	}
	return d.faults(root, pages, trouble), err
}

// faults are what was found wrong while the book was set.
func (d *drafting) faults(root *fsx.Root, pages *draft.Pages, trouble []draft.Trouble) []book.Diagnostic {
	var found []book.Diagnostic
	for _, t := range trouble {
		found = append(found, book.Diagnostic{Severity: book.Lax, Code: "draft-image", File: t.File, Message: "this image " + t.Err.Error()})
	}
	for _, c := range d.job.Book.Chapters {
		if slices.Contains(pages.Cut, c.ID) {
			found = append(found, book.Diagnostic{Severity: book.Warning, Code: "draft-cut", File: c.Path, Message: "this chapter is longer or deeper nested than a draft shows"})
		}
		if lacks := pages.Lacks[c.ID]; len(lacks) > 0 {
			found = append(found, lacking(root, c.Path, lacks))
		}
	}
	return found
}

// lacking tells of the characters of a chapter that the typefaces lack, at the
// first of them. What a config or a words_file brought into it has no line.
func lacking(root *fsx.Root, chapter string, lacks []rune) book.Diagnostic {
	const most = 5                                   // characters that are told one by one
	const maxRead = 8 << 20                          // bytes: a draft shows no more of a chapter
	manuscript, _ := root.ReadHead(chapter, maxRead) // without it there are no lines
	at := make(map[rune]int, len(lacks))             // lines
	for _, r := range lacks {
		at[r] = 0
	}
	line := 1
	for _, r := range string(manuscript) {
		if first, lacks := at[r]; lacks && first == 0 {
			at[r] = line
		}
		if r == '\n' {
			line++
		}
	}
	lacks = slices.SortedStableFunc(slices.Values(lacks), func(a, b rune) int { return cmp.Compare(at[a], at[b]) })
	d := book.Diagnostic{Severity: book.Warning, Code: "draft-typeface", File: chapter, Hint: "in the book itself it depends on the image's typefaces"}
	var names []string
	for _, r := range lacks[:min(len(lacks), most)] {
		name := fmt.Sprintf("%c (U+%04X)", r, r)
		switch line := at[r]; {
		case d.Line == 0:
			d.Line = line
		case line > d.Line:
			name = fmt.Sprintf("%c (U+%04X, line %d)", r, r, line)
		}
		names = append(names, name)
	}
	if rest := len(lacks) - len(names); rest > 0 {
		names = append(names, fmt.Sprintf("%d more", rest))
	}
	d.Message = "the draft's typefaces lack " + strings.Join(names, ", ") + ", and show 〓"
	return d
}

// writeTexts writes the texts of chapters into a folder of their own.
func writeTexts(dir string, files []text.File) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		name := strings.ReplaceAll(f.Name, "/", "_") // chapters of folders below
		if err := os.WriteFile(filepath.Join(dir, name), []byte(f.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// remember keeps what makes the next draft up to date, and says in the manifest
// what was made.
func (d *drafting) remember(fingerprint string, a Artifact, found []book.Diagnostic) error {
	if len(d.job.Only) > 0 {
		return nil
	}
	entry := Entry{
		Book: d.job.Book.Name, Target: d.target, Artifact: a, Image: DraftImage, ImageID: d.b.Version,
		Fingerprint: fingerprint, SourceDate: d.b.SourceDate, Seconds: d.watch.seconds(),
	}
	return d.record.keep(d.b, entry, Makers{Ref: DraftImage, ID: d.b.Version}, found)
}
