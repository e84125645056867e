package preview

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Options of a Server.
type Options struct {
	Root  string // absolute
	Books []Book
	Open  Opener
	Now   func() time.Time
	// Note is told what the user may want to know, in a sentence.
	Note func(string)
	// Typeface returns the font file that a Drawing names, nil when there is none.
	Typeface func(name string) []byte
}

// Book is one variant of a book.
type Book struct {
	Name     string
	Title    string
	Dir      string // slash path of the config's folder below the root
	Config   string // base name of the config
	Chapters []Chapter
	PDF      string // absolute path of the last good PDF, "" when there is none
	Drafts   bool   // there is nowhere to typeset it: drafts are all that can be shown
}

// Outcome is what became of one book in a build.
type Outcome struct {
	Book     string
	PDF      string // absolute path of the new PDF, "" when there is none
	Draft    bool   // there is nowhere to make one: drafts are all that can be shown
	Problems []Problem
	Err      string        // why there is no new PDF
	Took     time.Duration // 0 when it was up to date
}

// Server serves the page. Its methods are safe for concurrent use and return
// at once.
type Server struct {
	opts  Options
	token string // part of the path of the book's own files
	rooms *rooms
	paint *painters
	hub   *hub
	books []*book

	patience time.Duration // see paced

	ctx    context.Context
	cancel context.CancelFunc
	tasks  chan func()
	work   sync.WaitGroup

	mu       sync.Mutex
	building bool
	reason   string
	built    time.Time
	took     time.Duration
	err      string
	problems []Problem
	edited   string // the file last saved, slash path below the root
}

// New makes a server. The caller closes it.
func New(opts Options) *Server {
	if opts.Note == nil {
		opts.Note = func(string) {}
	}
	s := &Server{opts: opts, token: rand.Text(), hub: &hub{clients: map[chan message]bool{}}, tasks: make(chan func(), 256), patience: patience}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.rooms = &rooms{ctx: s.ctx, open: opts.Open, now: opts.Now}
	s.paint = newPainters(s.rooms)
	for _, given := range opts.Books {
		s.books = append(s.books, s.newBook(given))
	}
	s.rooms.opened = func() {
		for _, b := range s.shelf() {
			b.texts.refilled()
		}
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		for {
			select {
			case task := <-s.tasks:
				task()
			case <-s.ctx.Done():
				return
			}
		}
	}()
	for _, b := range s.books {
		if b.PDF != "" {
			s.do(func() {
				s.publish(b, b.PDF)
				s.hub.send("state", s.state())
			})
		}
	}
	return s
}

// Update is told which books there are now. Books of the same name and config
// stay as they are shown, with their chapters of now.
func (s *Server) Update(books []Book) {
	s.do(func() {
		s.mu.Lock()
		old := s.books
		s.mu.Unlock()
		var next []*book
		same := len(old) == len(books)
		for i, given := range books {
			j := slices.IndexFunc(old, func(b *book) bool {
				return b.Name == given.Name && b.Dir == given.Dir && b.Config == given.Config
			})
			if j < 0 {
				next = append(next, s.newBook(given))
				same = false
				continue
			}
			b := old[j]
			same = same && i == j
			b.mu.Lock()
			if !slices.Equal(b.chapters, given.Chapters) {
				b.chapters, same = given.Chapters, false
			}
			b.mu.Unlock()
			next = append(next, b)
		}
		if same {
			return
		}
		s.mu.Lock()
		s.books = next
		s.mu.Unlock()
		for _, b := range next {
			if b.blank() && b.PDF != "" {
				s.publish(b, b.PDF)
			}
		}
		for _, b := range old {
			if !slices.Contains(next, b) {
				b.close()
			}
		}
		s.hub.send("state", s.state())
	})
}

// shelf is the books as they are now.
func (s *Server) shelf() []*book {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.books
}

// do has a task run after those before it.
func (s *Server) do(task func()) {
	select {
	case s.tasks <- task:
	case <-s.ctx.Done():
	}
}

// Serve answers on l until the Server is closed, and closes l.
func (s *Server) Serve(l net.Listener) error {
	web := &http.Server{
		Handler:           s.Handler(newGuard(l.Addr())),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	stop := context.AfterFunc(s.ctx, func() { _ = web.Close() })
	defer stop()
	err := web.Serve(l)
	if s.ctx.Err() != nil && errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends all that the server began.
func (s *Server) Close() error {
	s.hub.close()
	s.cancel()
	// The programs first: they would hold up what waits for their answers.
	err := s.rooms.close()
	s.work.Wait()
	s.paint.close()
	for _, b := range s.shelf() {
		b.close()
	}
	return err
}

// Peek is told of files that were saved a moment ago: absolute paths.
func (s *Server) Peek(paths []string) {
	var names []string
	for _, p := range paths {
		if rel, err := filepath.Rel(s.opts.Root, p); err == nil && filepath.IsLocal(rel) {
			names = append(names, filepath.ToSlash(rel))
		}
	}
	if len(names) == 0 {
		return
	}
	s.do(func() {
		s.mu.Lock()
		s.edited = names[0]
		s.mu.Unlock()
		for i, b := range s.shelf() {
			chapters, styles := b.texts.saved(names)
			if len(chapters) > 0 || styles {
				s.hub.send("text", textEvent{Book: i, Chapters: chapters, Styles: styles, Shown: b.texts.latest(chapters)})
			}
			b.texts.settle(names)
		}
	})
}

// Refill is told that Options.Open opens other rooms now, say with another image.
// Chapters that were looked at are read anew in the next room.
func (s *Server) Refill() {
	s.do(func() {
		s.rooms.renew()
		for i, b := range s.shelf() {
			if b.texts.renewed() {
				s.hub.send("text", textEvent{Book: i, Chapters: []string{"*"}})
			}
		}
	})
}

// textEvent says which chapters read otherwise now.
type textEvent struct {
	Book     int      `json:"book"`
	Chapters []string `json:"chapters"` // IDs, "*" for all
	Styles   bool     `json:"styles"`
	// Shown is the chapter itself when just one changed: the page need not ask.
	Shown *shownChapter `json:"shown,omitempty"`
}

// Building is told that a build began, and why.
func (s *Server) Building(reason string) {
	s.mu.Lock()
	s.building, s.reason = true, reason
	s.mu.Unlock()
	s.hub.send("state", s.state())
}

// Built is told what became of a build: of each book that was to be built.
func (s *Server) Built(outcomes []Outcome) {
	s.do(func() {
		var problems []Problem
		var failed string
		var took time.Duration
		for _, o := range outcomes {
			problems = append(problems, o.Problems...)
			if o.Err != "" && failed == "" {
				failed = o.Err
			}
			took += o.Took
			for _, b := range s.shelf() {
				if b.Name != o.Book {
					continue
				}
				if o.Draft || o.PDF != "" {
					b.mu.Lock()
					b.alone = o.Draft
					b.typeset = b.typeset && !o.Draft
					b.mu.Unlock()
				}
				if o.PDF != "" {
					s.publish(b, o.PDF)
				}
			}
		}
		s.mu.Lock()
		s.building, s.reason = false, ""
		s.built, s.took, s.err, s.problems = s.opts.Now(), took, failed, problems
		s.mu.Unlock()
		s.hub.send("state", s.state())
	})
}
