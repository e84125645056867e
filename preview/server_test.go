package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryRouteOfTheManifestAnswers(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one", "two"))
	var pages pagesAnswer
	eventually(t, "the PDF", func() bool { code, _, _ := s.get("/api/pages?book=0"); return code == http.StatusOK })
	s.into("/api/pages?book=0", &pages)
	ask := map[string]string{
		"/api/pages":               "/api/pages?book=0",
		"/api/picture/{hash}":      "/api/picture/" + pages.Pages[0].Hash + "?book=0&page=1&width=100",
		"/api/text":                "/api/text?book=0&chapter=ch01",
		"/api/place":               "/api/place?book=0&page=2&x=0.5&y=0.12",
		"/api/spot":                "/api/spot?book=0&file=ch01.re&line=5",
		"/frame":                   "/frame?book=0",
		"/files/{token}/{name...}": "/files/" + s.token + "/images/a.png",
	}
	for _, name := range []string{"", "app.css", "icon.svg", "words.js", "sheet.js", "base.js", "drawing.js", "pages.js", "text.js", "view.js", "contents.js", "problems.js", "events.js", "app.js"} {
		ask["/"+name] = "/" + name
	}
	// A stream, and what a draft asks for, have tests of their own.
	elsewhere := []string{"/api/events", "/api/drawing/{hash}", "/api/typeface/{name}"}
	for _, route := range s.routes() {
		if _, known := ask[route.path]; !known && !slices.Contains(elsewhere, route.path) {
			t.Errorf("%s has no test", route.path)
		}
	}
	for _, path := range slices.Sorted(maps.Values(ask)) {
		code, header, body := s.get(path)
		if code != http.StatusOK || body == "" {
			t.Errorf("%s: %d %q", path, code, body)
		}
		if header.Get("Content-Security-Policy") == "" || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s may load from elsewhere: %q", path, header.Get("Content-Security-Policy"))
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: headers %v", path, header)
		}
	}
	for _, path := range []string{"/nothing", "/api", "/api/", "/web/index.html", "/index.html", "/api/pages", "/api/pages?book=1", "/api/pages?book=-1", "/api/text?book=0&chapter=../config", "/api/picture/00?book=0&page=1&width=100", "/api/picture/" + pages.Pages[0].Hash + "?book=0&page=1&width=100000", "/api/spot?book=0&file=config.yml&line=1", "/api/place?book=0&page=99&x=0&y=0"} {
		if code, _, body := s.get(path); code != http.StatusNotFound {
			t.Errorf("%s: %d %q, want it not to be there", path, code, body)
		}
	}
}

// What the page and its documents name must be there, whatever the routes say.
func TestAllThatThePageNamesIsThere(t *testing.T) {
	s := show(t, "")
	named := regexp.MustCompile(`(?:href|src)="(/[^"]*)"|(?:fetch|EventSource|import)\(['"` + "`" + `](/[a-z./]+)`)
	seen := map[string]bool{}
	look := func(file string) {
		_, _, body := s.get(file)
		for _, m := range named.FindAllStringSubmatch(body, -1) {
			seen[m[1]+m[2]] = true
		}
	}
	look("/")
	for file := range maps.Clone(seen) {
		look(file)
	}
	if !seen["/icon.svg"] || !seen["/app.js"] || !seen["/api/events"] {
		t.Fatalf("the page names %v", seen)
	}
	for path := range seen {
		if strings.HasPrefix(path, "/api/") {
			continue // they ask for more than a path
		}
		if code, _, _ := s.get(path); code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// A page may be asked for while the next PDF is published.
func TestAPDFStaysOpenUntilThePagesAskedForAreSent(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one"))
	eventually(t, "the PDF", func() bool { code, _, _ := s.get("/api/pages?book=0"); return code == http.StatusOK })
	var first pagesAnswer
	s.into("/api/pages?book=0", &first)
	b := s.shelf()[0]
	old := b.edition

	// Both painters are busy when the page is asked for.
	busy := []*helper{<-s.paint.free, <-s.paint.free}
	code := make(chan int, 1)
	go func() {
		got, _, _ := s.get("/api/picture/" + first.Pages[0].Hash + "?book=0&page=1&width=100")
		code <- got
	}()
	eventually(t, "the request", func() bool { old.mu.Lock(); defer old.mu.Unlock(); return old.users > 0 })
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "b.pdf", "two")}})
	eventually(t, "the next PDF", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.version == 2 })
	for _, h := range busy {
		s.paint.free <- h
	}
	if got := <-code; got != http.StatusOK {
		t.Errorf("the page of the PDF before: %d", got)
	}
	eventually(t, "the end of the PDF before", func() bool { _, err := old.file.Stat(); return err != nil })
}

func TestTheBooksFilesAreServedAndNothingElseIs(t *testing.T) {
	s := show(t, "")
	outside := t.TempDir()
	write(t, outside, "secret.png", "secret")
	write(t, s.root, ".git/a.png", "secret")
	write(t, s.root, "images/.hidden.png", "secret")
	if err := os.Symlink(filepath.Join(outside, "secret.png"), filepath.Join(s.root, "images", "link.png")); err != nil {
		t.Fatal(err)
	}
	files := "/files/" + s.token + "/"
	if code, header, body := s.get(files + "style.css"); code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/css") || !strings.Contains(header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("style.css: %d %q %v", code, body, header)
	}
	for _, path := range []string{
		"/files/wrong/style.css", "/files/" + strings.Repeat("A", len(s.token)) + "/style.css", files + "config.yml", files + "ch01.re",
		files + ".git/a.png", files + "images/.hidden.png", files + "images/link.png", files + "images/none.png", files + "images",
		files + "../secret.png", files + "images/../../secret.png", files + "%2e%2e/secret.png", files + "images%2f..%2f..%2fsecret.png", files + "images/..%5csecret.png",
		files + "images//a.png", "//files/" + s.token + "/style.css", files + "style.css%00.png",
	} {
		// A client that does not tidy the path up.
		req, err := http.NewRequest(http.MethodGet, s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = "//" + req.URL.Host + path
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode < 300 || strings.Contains(string(body), "secret") {
			t.Errorf("%s: %d %q", path, res.StatusCode, body)
		}
	}
}

func TestTheFrameCannotReachThePage(t *testing.T) {
	s := show(t, "")
	_, header, body := s.get("/frame?book=0")
	policy := header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox allow-scripts;") || strings.Contains(policy, "allow-same-origin") {
		t.Errorf("the frame has the page's origin: %q", policy)
	}
	_, again, _ := s.get("/frame?book=0")
	if again.Get("Content-Security-Policy") == policy {
		t.Error("a nonce was used twice")
	}
	if !strings.Contains(body, `<link rel="stylesheet" href="style.css">`) {
		t.Errorf("the book's stylesheet is not there: %s", body)
	}
	// Whatever the script policy names, it must not be text of the book.
	if strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "script-src 'unsafe-inline'") {
		t.Errorf("the book's scripts would run: %q", policy)
	}
}

func TestASavedChapterIsShownBeforeItIsBuilt(t *testing.T) {
	s := show(t, "")
	var text textAnswer
	s.into("/api/text?book=0&chapter=ch01", &text)
	if !strings.Contains(text.HTML, `<p data-line="3">これは本文のあ段落です</p>`) || text.Info.Title != "本の名前" {
		t.Fatalf("the chapter is %+v", text.shownChapter)
	}
	next := s.listen()
	next("state")
	write(t, s.root, "ch01.re", "= はじめに\n\n直したところ\nbroken\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re"), "/elsewhere/x.re"})
	var told textEvent
	if err := json.Unmarshal([]byte(next("text")), &told); err != nil {
		t.Fatal(err)
	}
	if told.Shown == nil || !strings.Contains(told.Shown.HTML, "直したところ") || told.Shown.Version <= text.Version {
		t.Errorf("told %+v", told)
	}
	if p := told.Shown.Problems; len(p) != 1 || p[0].File != "ch01.re" || p[0].Line != 4 || p[0].Source != "broken" {
		t.Errorf("problems %+v", p)
	}
	write(t, s.root, "ch01.re", "= はじめに\n\n直した\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re")})
	if mended := next("text"); !strings.Contains(mended, "直した") || strings.Contains(mended, `"error"`) {
		t.Errorf("mended: %s", mended)
	}
	// What other chapters refer to may be in the catalog, or a picture.
	write(t, s.root, "catalog.yml", "CHAPS: [ch01.re]\n")
	s.Peek([]string{filepath.Join(s.root, "catalog.yml")})
	if all := next("text"); !strings.Contains(all, `"chapters":["*"]`) {
		t.Errorf("after the catalog: %s", all)
	}
	s.Peek([]string{filepath.Join(s.root, "style.css")})
	if style := next("text"); !strings.Contains(style, `"styles":true`) {
		t.Errorf("after the stylesheet: %s", style)
	}
}

func TestANewPDFTellsWhichPagesChanged(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one", "two", "three"))
	next := s.listen()
	eventually(t, "the PDF", func() bool { code, _, _ := s.get("/api/pages?book=0"); return code == http.StatusOK })
	var before, after pagesAnswer
	s.into("/api/pages?book=0", &before)
	s.Building("ch01.re")
	for !strings.Contains(next("state"), `"building":true`) {
	}
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "longer-name.pdf", "one", "2", "three", "four")}})
	for !strings.Contains(next("state"), `"version":2`) {
	}
	s.into("/api/pages?book=0", &after)
	if len(after.Changed) != 2 || after.Changed[0] != 2 || after.Changed[1] != 4 {
		t.Errorf("changed pages %v, want 2 and 4", after.Changed)
	}
	if before.Pages[2].Hash != after.Pages[2].Hash {
		t.Error("a page that looks the same has another hash")
	}
	if code, _, _ := s.get("/api/picture/" + before.Pages[1].Hash + "?book=0&page=2&width=100"); code != http.StatusNotFound {
		t.Errorf("a page that is gone: %d", code)
	}
	// The same pages again are no news.
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "again.pdf", "one", "2", "three", "four")}})
	if state := next("state"); !strings.Contains(state, `"version":2`) {
		t.Errorf("the same PDF is a new version: %s", state)
	}
}

// A page that is open before the PDF of the last build has been read.
func TestThePagesOfTheLastBuildAreToldWhenTheyAreThere(t *testing.T) {
	var pages []string
	for i := range 3000 {
		pages = append(pages, fmt.Sprint("page ", i))
	}
	s := show(t, makePDF(t, "a.pdf", pages...))
	next := s.listen()
	for !strings.Contains(next("state"), `"version":1`) {
	}
}

func TestAFailureIsToldAndGoesAwayWhenMended(t *testing.T) {
	s := show(t, "")
	next := s.listen()
	next("state")
	s.Built([]Outcome{{Book: "book", Err: "review-pdfmaker failed", Problems: []Problem{{Severity: "error", File: "ch01.re", Line: 3, Message: "no such list", Source: "@<list>{x}"}}}})
	if state := next("state"); !strings.Contains(state, `"error":"review-pdfmaker failed"`) || !strings.Contains(state, `"line":3`) {
		t.Errorf("told %s", state)
	}
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "a.pdf", "one")}})
	if state := next("state"); strings.Contains(state, `"error"`) || !strings.Contains(state, `"version":1`) {
		t.Errorf("mended: %s", state)
	}
}

func TestALostRoomIsOpenedAnew(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one"))
	eventually(t, "the PDF", func() bool { code, _, _ := s.get("/api/pages?book=0"); return code == http.StatusOK })
	var pages pagesAnswer
	s.into("/api/pages?book=0", &pages)
	picture := "/api/picture/" + pages.Pages[0].Hash + "?book=0&page=1&width="
	var text textAnswer
	s.into("/api/text?book=0&chapter=ch01", &text)
	if code, _, _ := s.get(picture + "100"); code != http.StatusOK {
		t.Fatalf("the first picture: %d", code)
	}
	s.rooms()[0].Close() // as when the daemon is restarted
	eventually(t, "a picture from the next room", func() bool { code, _, _ := s.get(picture + "200"); return code == http.StatusOK })
	write(t, s.root, "ch01.re", "= はじめに\n\nあとで\n")
	eventually(t, "text from the next room", func() bool {
		_, _, body := s.get("/api/text?book=0&chapter=ch01")
		return strings.Contains(body, "あとで")
	})
	if n := len(s.rooms()); n != 2 {
		t.Errorf("%d rooms were opened, want 2", n)
	}
}

func TestOtherSettingsOpenAnotherRoom(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one"))
	var text textAnswer
	s.into("/api/text?book=0&chapter=ch01", &text)
	next := s.listen()
	next("state")
	s.Refill()
	if told := next("text"); !strings.Contains(told, `"chapters":["*"]`) {
		t.Errorf("told %s", told)
	}
	s.into("/api/text?book=0&chapter=ch01", &text)
	if n := len(s.rooms()); n != 2 {
		t.Errorf("%d rooms were opened, want 2", n)
	}
	eventually(t, "the end of the first room", func() bool { return s.rooms()[0].ctx.Err() != nil })
}

func TestAPictureIsDrawnOnce(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one"))
	eventually(t, "the PDF", func() bool { code, _, _ := s.get("/api/pages?book=0"); return code == http.StatusOK })
	var pages pagesAnswer
	s.into("/api/pages?book=0", &pages)
	for range 3 {
		s.get("/api/picture/" + pages.Pages[0].Hash + "?book=0&page=1&width=100")
	}
	drawn := 0
	for _, asked := range s.rooms()[0].asked {
		if strings.HasPrefix(asked, "page ") {
			drawn++
		}
	}
	if drawn != 1 {
		t.Errorf("drawn %d times", drawn)
	}
}

func TestPicturesHeldAreBounded(t *testing.T) {
	c := newPainters(nil).cache
	for i := range 100 {
		c.put(string(rune('a'+i)), make([]byte, cacheLimit/10))
	}
	if c.size > cacheLimit || len(c.byKey) != c.order.Len() || len(c.byKey) != 10 {
		t.Errorf("%d bytes in %d pictures are held", c.size, len(c.byKey))
	}
	c.put("huge", make([]byte, cacheLimit))
	if c.get("huge") != nil {
		t.Error("one picture drove all others out")
	}
}

func TestBooksComeAndGo(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one"))
	next := s.listen()
	next("state")
	s.Update([]Book{{Name: "book", Dir: ".", Config: "config.yml", Chapters: []Chapter{{ID: "ch02", File: "ch02.re"}}}, {Name: "ebook", Dir: ".", Config: "config-ebook.yml"}})
	state := next("state")
	for !strings.Contains(state, `"name":"ebook"`) {
		state = next("state")
	}
	if strings.Contains(state, `"id":"ch01"`) {
		t.Errorf("told %s", state)
	}
	if code, _, _ := s.get("/api/text?book=0&chapter=ch01"); code != http.StatusNotFound {
		t.Errorf("a chapter that is gone: %d", code)
	}
	if code, _, _ := s.get("/api/pages?book=0"); code != http.StatusOK {
		t.Errorf("the pages of a book that stayed: %d", code)
	}
}
