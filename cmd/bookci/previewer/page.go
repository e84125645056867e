package previewer

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/trust"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/preview"
)

// Page is the page of a book, which follows a watch. Its methods but Close
// return at once.
type Page struct {
	world   *world.World
	claim   *workshop.Claim
	note    func(string)
	server  *preview.Server
	serving sync.WaitGroup
	drafter drafter

	mu      sync.Mutex
	project *project.Project
}

// Serve serves the page for p at addr and returns its URL. The page
// works in a session of its own beside the builder's: giving up a build ends
// every process of that one.
func Serve(ctx context.Context, w *world.World, c *workshop.Claim, p *project.Project, addr string, open bool) (*Page, string, error) {
	if err := trust.Check(w, p.Root, p.Settings.Asks()); err != nil {
		return nil, "", err
	}
	addr, err := loopbackAddr(addr)
	if err != nil {
		return nil, "", err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, "", &fault.Environment{Err: fmt.Errorf("serving the preview: %w", err), Hint: "another program may use the port: try --serve localhost:0, which takes a free one"}
	}
	note := func(text string) { c.Say("bookci: " + text) }
	s := &Page{world: w, claim: c, project: p, note: note}
	s.server = preview.New(preview.Options{Root: p.Root, Books: s.books(p), Open: s.open, Now: time.Now, Note: note, Typeface: typeface})
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		if err := s.server.Serve(l); err != nil {
			note(fmt.Sprintf("serving the preview: %v", err))
		}
	}()
	url := "http://" + browserHost(l.Addr()) + "/"
	if open {
		if err := openBrowser(url); err != nil {
			note(fmt.Sprintf("opening the browser: %v", err))
		}
	}
	return s, url, nil
}

// Use is told of the project as it was read anew; changed: what it is made with is
// not what it was.
func (s *Page) Use(p *project.Project, changed bool) {
	s.mu.Lock()
	s.project = p
	s.mu.Unlock()
	s.server.Update(s.books(p))
	if changed {
		s.server.Refill()
	}
}

// Peek is told of files just saved, before they are built: absolute paths.
func (s *Page) Peek(paths []string) { s.server.Peek(paths) }

// Draft is told of a book's manuscript as it was just read: it shows the book as a
// draft, as long as there is nothing better.
func (s *Page) Draft(ctx context.Context, b *book.Book, tree *review.Book) {
	if !s.server.Drafts(b.Name) {
		return
	}
	sheets, err := s.drafter.sheets(ctx, b, tree, func() time.Time { return s.date(ctx, b) })
	if err != nil {
		if context.Cause(ctx) == nil {
			s.note(fmt.Sprintf("drawing the draft: %v", err))
		}
		return
	}
	s.server.Draft(b.Name, sheets)
}

// date is the day that a book's artifacts bear, none where it cannot be told.
func (s *Page) date(ctx context.Context, b *book.Book) time.Time {
	s.mu.Lock()
	p := s.project
	s.mu.Unlock()
	names := slices.Clone(b.ConfigFiles)
	for _, c := range b.Chapters {
		names = append(names, c.Path)
	}
	var inputs []source.File
	for _, name := range names {
		if info, err := os.Lstat(p.Absolute(name)); err == nil {
			inputs = append(inputs, source.File{Path: name, MTime: info.ModTime().UnixNano()})
		}
	}
	seconds, err := p.SourceDate(ctx, s.world, inputs)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// Building is told why a build begins.
func (s *Page) Building(reason string) { s.server.Building(reason) }

// Built is told what became of a build, and of what err says where it ended before
// it had results for all.
func (s *Page) Built(results []build.Result, err error) {
	s.mu.Lock()
	p := s.project
	s.mu.Unlock()
	var outcomes []preview.Outcome
	for _, res := range results {
		o := preview.Outcome{Book: res.Book.Name}
		if o.Draft = res.Draft && res.Target == book.PDF; !o.Draft && res.Target == book.PDF && res.Err == nil {
			o.PDF = p.Absolute(res.Artifact.Path)
		}
		for _, d := range res.Diagnostics {
			o.Problems = append(o.Problems, problemOf(d))
		}
		if res.Err != nil {
			o.Err = res.Err.Error()
		}
		if !res.UpToDate {
			for _, seconds := range res.Seconds {
				o.Took += time.Duration(seconds * float64(time.Second))
			}
		}
		outcomes = append(outcomes, o)
	}
	if err != nil {
		outcomes = append(outcomes, preview.Outcome{Err: err.Error()})
	}
	s.server.Built(outcomes)
}

// Close ends the page.
func (s *Page) Close() error {
	err := s.server.Close()
	s.serving.Wait()
	return err
}

func problemOf(d book.Diagnostic) preview.Problem {
	p := preview.Problem{Severity: string(book.Warning), File: d.File, Line: d.Line, Message: d.Message, Hint: d.Hint, Source: d.Source}
	if d.Severity == book.Error {
		p.Severity = string(book.Error)
	}
	return p
}

// books are the project's, with the PDFs that lie there already.
func (s *Page) books(p *project.Project) []preview.Book {
	made := map[string]string{}
	for _, e := range build.ReadManifest(p.Root, p.Artifacts()).Artifacts {
		if e.Target == book.PDF && e.Image != build.DraftImage && p.Settings.Engine != settings.EngineDraft {
			name := p.Absolute(e.Path)
			rel, err := filepath.Rel(p.Artifacts(), name)
			if err == nil && filepath.IsLocal(rel) && fsx.IsFileBelow(fsx.TopOf(p.Root, p.Artifacts()), name) {
				made[e.Book] = name
			}
		}
	}
	var list []preview.Book
	for _, b := range p.Books {
		if p.Faults[b] != nil {
			continue // its config cannot be read: its problems say so
		}
		shown := preview.Book{Name: b.Name, Title: titleOf(b), Dir: b.Dir, Config: b.Config, PDF: made[b.Name], Drafts: p.Settings.Engine == settings.EngineDraft}
		for _, ch := range b.Chapters {
			shown.Chapters = append(shown.Chapters, preview.Chapter{ID: ch.ID, File: ch.Path})
		}
		list = append(list, shown)
	}
	return list
}

// titleOf is the book's title: text, or a map that holds it under "name".
func titleOf(b *book.Book) string {
	switch title := b.Settings["booktitle"].(type) {
	case string:
		return title
	case map[string]any:
		name, _ := title["name"].(string)
		return name
	}
	return ""
}
