package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
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

// previewer follows a watch and serves its page. Its methods return at once.
type previewer interface {
	// Use is told of the project as it was read anew; changed: what it is made
	// with is not what it was.
	Use(p *project.Project, changed bool)
	// Peek is told of files just saved, before they are built: absolute paths.
	Peek(paths []string)
	// Draft is told of a book's manuscript as it was just read.
	Draft(ctx context.Context, b *book.Book, tree *review.Book)
	Building(reason string)
	Built(results []build.Result)
	// Failed is Built for a build that ended before it had results for all.
	Failed(results []build.Result, err error)
	Close() error
}

// newPreviewer serves the page for p at addr and returns its URL. The page
// works in a session of its own beside the builder's: giving up a build ends
// every process of that one.
func newPreviewer(ctx context.Context, w *world.World, c *workshop.Claim, p *project.Project, addr string, open bool) (previewer, string, error) {
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
	s := &servedBook{claim: c, project: p, note: note}
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

// servedBook is the previewer.
type servedBook struct {
	claim   *workshop.Claim
	note    func(string)
	server  *preview.Server
	serving sync.WaitGroup
	drafter drafter

	mu      sync.Mutex
	project *project.Project
}

func (s *servedBook) Use(p *project.Project, changed bool) {
	s.mu.Lock()
	s.project = p
	s.mu.Unlock()
	s.server.Update(s.books(p))
	if changed {
		s.server.Refill()
	}
}

func (s *servedBook) Peek(paths []string) { s.server.Peek(paths) }

// Draft shows a book as a draft, as long as there is nothing better.
func (s *servedBook) Draft(ctx context.Context, b *book.Book, tree *review.Book) {
	if !s.server.Drafts(b.Name) {
		return
	}
	sheets, err := s.drafter.sheets(ctx, b, tree)
	if err != nil {
		if context.Cause(ctx) == nil {
			s.note(fmt.Sprintf("drawing the draft: %v", err))
		}
		return
	}
	s.server.Draft(b.Name, sheets)
}

func (s *servedBook) Building(reason string) { s.server.Building(reason) }

func (s *servedBook) Built(results []build.Result) { s.Failed(results, nil) }

func (s *servedBook) Failed(results []build.Result, err error) {
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

func (s *servedBook) Close() error {
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
func (s *servedBook) books(p *project.Project) []preview.Book {
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

// open opens a session with the sources as they are now.
func (s *servedBook) open(ctx context.Context) (_ preview.Room, err error) {
	s.mu.Lock()
	p := s.project
	s.mu.Unlock()
	engines := s.claim.Engines(p)
	defer func() {
		if err != nil {
			engines.Close()
		}
	}()
	eng, _, err := engines.Get(ctx)
	if err != nil {
		return nil, err
	}
	sources, err := source.Find(ctx, p.Root, source.Options{Artifacts: p.ArtifactsBelow(), Exclude: p.Excluded(), Books: p.Books})
	if err != nil {
		return nil, err
	}
	session, err := eng.Open(ctx, engine.SessionOptions{
		Root:   p.Root,
		Hidden: sources.Hidden,
		Env:    p.Settings.Environ(),
		// Otherwise a chapter would wait for the build that the same edit began.
		Interactive: true,
		Note:        func(format string, args ...any) { s.note(fmt.Sprintf(format, args...)) },
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, session.Close())
		}
	}()
	if err := session.Sync(ctx, sources.Files); err != nil {
		return nil, err
	}
	return previewRoom{session, engines}, nil
}

// previewRoom is a session as the preview uses it. After Sync its commands are
// independent of each other.
type previewRoom struct {
	session engine.Session
	engines *workshop.Engines
}

func (r previewRoom) Own() string { return r.session.Paths().Own }

func (r previewRoom) Close() error {
	err := r.session.Close()
	r.engines.Close()
	return err
}

func (r previewRoom) Put(ctx context.Context, dir string, tar io.Reader) error {
	return r.session.Put(ctx, dir, tar)
}

func (r previewRoom) Run(ctx context.Context, p preview.Program) error {
	status, err := r.session.Run(ctx, engine.Command{Argv: p.Argv, Env: p.Env, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr})
	if err == nil && status != 0 {
		err = fmt.Errorf("%s ended with status %d", path.Base(p.Argv[0]), status)
	}
	return err
}

// defaultPort is that of an address without one.
const defaultPort = "8000"

// loopbackAddr completes what --serve says. An address without a host is this
// machine's alone: others see the book only if the user names an address for them.
func loopbackAddr(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		if strings.Trim(text, "0123456789") == "" {
			host, port = "", text
		} else {
			host, port = strings.Trim(text, "[]"), defaultPort
		}
	}
	host = cmp.Or(host, "localhost")
	if _, err := netip.ParseAddr(host); err != nil && !strings.EqualFold(host, "localhost") {
		return "", fault.Usagef("use localhost:8000, or the address of a network of this machine", "--serve %q: a host is localhost or an IP address", text)
	}
	return net.JoinHostPort(host, cmp.Or(port, defaultPort)), nil
}

// browserHost is an address that a browser on this machine can open.
func browserHost(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
		if ip.Is6() && ip.IsLoopback() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}

// openBrowser opens a page in the user's browser.
func openBrowser(url string) error {
	var argv []string
	switch runtime.GOOS {
	case "darwin":
		argv = []string{"open", url}
	case "windows":
		argv = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	default:
		for _, name := range []string{"xdg-open", "wslview", "sensible-browser"} {
			if _, err := exec.LookPath(name); err == nil {
				argv = []string{name, url}
				break
			}
		}
	}
	if len(argv) == 0 {
		return fmt.Errorf("no browser found; open %s yourself", url)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	// The opener ends by itself, in its own time; it must not stay a zombie.
	go func() { _ = cmd.Wait() }()
	return nil
}
