package preview

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed web
var web embed.FS

// route is a path that is answered; all others are not there.
type route struct {
	path   string
	answer http.HandlerFunc
}

func (s *Server) routes() []route {
	const javascript = "text/javascript; charset=utf-8"
	return []route{
		{"/", s.asset("index.html", "text/html; charset=utf-8")},
		{"/app.css", s.asset("app.css", "text/css; charset=utf-8")},
		{"/icon.svg", s.asset("icon.svg", "image/svg+xml")},
		{"/words.js", s.asset("words.js", javascript)},       // what the page says, in the reader's language
		{"/sheet.js", s.asset("sheet.js", javascript)},       // draws a page of a draft
		{"/base.js", s.asset("base.js", javascript)},         // what the scripts share
		{"/drawing.js", s.asset("drawing.js", javascript)},   // draws the pages in sight
		{"/pages.js", s.asset("pages.js", javascript)},       // lays them out
		{"/text.js", s.asset("text.js", javascript)},         // shows a chapter
		{"/view.js", s.asset("view.js", javascript)},         // goes from one to the other
		{"/contents.js", s.asset("contents.js", javascript)}, // the table of contents
		{"/problems.js", s.asset("problems.js", javascript)}, // what is wrong
		{"/events.js", s.asset("events.js", javascript)},     // follows the server
		{"/app.js", s.asset("app.js", javascript)},           // keys, buttons and the start
		{"/api/events", s.events},                            // what happens, as a stream
		{"/api/pages", s.pages},                              // ?book=: sizes and hashes of the pages, the table of contents
		{"/api/picture/{hash}", s.picture},                   // ?book= &page= &width=: a page as PNG
		{"/api/drawing/{hash}", s.drawing},                   // ?book= &page=: what stands on a draft's page
		{"/api/typeface/{name}", s.typeface},                 // a font file of a draft
		{"/api/text", s.text},                                // ?book= &chapter=: a chapter as HTML
		{"/api/place", s.place},                              // ?book= &page= &x= &y=: the manuscript's line for a point of a page
		{"/api/spot", s.spot},                                // ?book= &file= &line=: the point of a page for a line of the manuscript
		{"/frame", s.frame},                                  // ?book=: the document that shows a chapter, with an opaque origin
		{"/files/{token}/{name...}", s.file},                 // the book's own pictures and stylesheets
	}
}

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler answers requests that g lets pass.
func (s *Server) Handler(g guard) http.Handler {
	mux := http.NewServeMux()
	for _, route := range s.routes() {
		pattern := route.path
		if pattern == "/" {
			pattern = "/{$}"
		}
		mux.HandleFunc(pattern, route.answer)
	}
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w := s.paced(out)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		// The body of a request would be waited for before the answer is sent.
		if r.ContentLength != 0 {
			_ = w.control.SetReadDeadline(s.opts.Now()) // every connection has one
			http.Error(w, "no request has a body", http.StatusBadRequest)
			return
		}
		if why := g.refuses(r, strings.HasPrefix(r.URL.Path, "/files/")); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		// Nothing that is served has a path which could be written otherwise.
		if clean := path.Clean(r.URL.Path); clean != r.URL.Path || strings.ContainsAny(r.URL.Path, "\\\x00") {
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// asset answers with a file of web.
func (s *Server) asset(name, kind string) http.HandlerFunc {
	data, err := web.ReadFile("web/" + name)
	return func(w http.ResponseWriter, r *http.Request) {
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(data) // the browser may be gone
	}
}

// book is the one that a request is about, nil for none.
func (s *Server) book(r *http.Request) *book {
	i, err := strconv.Atoi(r.URL.Query().Get("book"))
	books := s.shelf()
	if err != nil || i < 0 || i >= len(books) {
		return nil
	}
	return books[i]
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the browser may be gone
}

// fail answers with what went wrong.
func fail(w http.ResponseWriter, err error) {
	code := http.StatusServiceUnavailable
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoPages) {
		code = http.StatusNotFound
	}
	http.Error(w, err.Error(), code)
}

type pagesAnswer struct {
	Version int     `json:"version"`
	Pages   []page  `json:"pages"`
	Outline []Entry `json:"outline"`
	Changed []int   `json:"changed"`
	// RightToLeft: the book is bound at the right.
	RightToLeft bool `json:"rightToLeft,omitempty"`
	// Draft: the pages are drawn by the browser.
	Draft bool `json:"draft,omitempty"`
}

func (s *Server) pages(w http.ResponseWriter, r *http.Request) {
	b := s.book(r)
	if b == nil {
		http.NotFound(w, r)
		return
	}
	b.mu.Lock()
	e := b.edition
	got := pagesAnswer{Version: b.version, Changed: b.changed}
	b.mu.Unlock()
	if e == nil {
		fail(w, errNoPages)
		return
	}
	got.Pages, got.Outline, got.RightToLeft, got.Draft = e.pages, e.outline, e.rightToLeft, e.sheets != nil
	if len(got.Outline) == 0 && !got.Draft {
		got.Outline = s.contents(r.Context(), b)
	}
	answer(w, got)
}

const (
	narrowest = 64
	widest    = 4096
)

// pageOf finds the page that a request is for by its hash: in a draft, or else in
// a PDF. Where there is none it has answered, and e is nil.
func (s *Server) pageOf(w http.ResponseWriter, r *http.Request, draft bool) (e *edition, n int, done func()) {
	b := s.book(r)
	if b == nil {
		http.NotFound(w, r)
		return nil, 0, func() {}
	}
	if e, done = b.current(); e == nil {
		fail(w, errNoPages)
		return nil, 0, done
	}
	near, _ := strconv.Atoi(r.URL.Query().Get("page"))
	if n = e.number(r.PathValue("hash"), near); n == 0 || (e.sheets != nil) != draft {
		http.NotFound(w, r)
		return nil, 0, done
	}
	return e, n, done
}

func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	width, err := strconv.Atoi(r.URL.Query().Get("width"))
	if err != nil || width < narrowest || width > widest {
		http.NotFound(w, r)
		return
	}
	e, n, done := s.pageOf(w, r, false)
	defer done()
	if e == nil {
		return
	}
	data, err := s.paint.picture(r.Context(), e, n, width)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, max-age=3600, immutable")
	_, _ = w.Write(data) // the browser may be gone
}

type textAnswer struct {
	shownChapter
	Info *bookInfo `json:"info"`
}

func (s *Server) text(w http.ResponseWriter, r *http.Request) {
	b := s.book(r)
	if b == nil {
		http.NotFound(w, r)
		return
	}
	shown, err := b.texts.show(r.URL.Query().Get("chapter"))
	if err != nil {
		fail(w, err)
		return
	}
	info, err := b.texts.info()
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, textAnswer{*shown, info})
}

func (s *Server) place(w http.ResponseWriter, r *http.Request) {
	b := s.book(r)
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("page"))
	x, errX := strconv.ParseFloat(q.Get("x"), 64)
	y, errY := strconv.ParseFloat(q.Get("y"), 64)
	if b == nil || errors.Join(err, errX, errY) != nil {
		http.NotFound(w, r)
		return
	}
	e, words, err := s.print(r.Context(), b)
	if err != nil {
		fail(w, err)
		return
	}
	if n < 1 || n > len(e.pages) || n > len(words) {
		http.NotFound(w, r)
		return
	}
	found := findPlace(words[n-1], x, y, s.sources(b))
	if found.Line > 0 {
		data, err := readBelow(s.opts.Root, found.File, chapterLimit)
		if err == nil {
			found.Text = sourceLine(string(data), found.Line)
		}
	}
	answer(w, found)
}

// sources are the book's chapters as they are now.
func (s *Server) sources(b *book) []source {
	var list []source
	for _, ch := range b.now() {
		if data, err := readBelow(s.opts.Root, ch.File, chapterLimit); err == nil {
			list = append(list, source{ch.File, readManuscript(string(data))})
		}
	}
	return list
}

func (s *Server) spot(w http.ResponseWriter, r *http.Request) {
	b := s.book(r)
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("line"))
	if b == nil || err != nil || n < 1 {
		http.NotFound(w, r)
		return
	}
	chapters := b.now()
	i := slices.IndexFunc(chapters, func(c Chapter) bool { return c.File == q.Get("file") })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	data, err := readBelow(s.opts.Root, chapters[i].File, chapterLimit)
	if err != nil {
		fail(w, err)
		return
	}
	e, words, err := s.print(r.Context(), b)
	if err != nil {
		fail(w, err)
		return
	}
	src := source{chapters[i].File, readManuscript(string(data))}
	first, last := chapterPages(e, words, src, string(data))
	answer(w, findSpot(words, first, last, src, n))
}

// chapterPages are the pages that a chapter may stand on: from where its text
// after the heading begins to the end of the book.
func chapterPages(e *edition, words [][]line, src source, text string) (first, last int) {
	n := firstHeading(text)
	at := findSpot(words, 1, len(words), src, n+1)
	return max(1, at.Page), len(e.pages)
}
