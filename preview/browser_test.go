package preview

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bookci/bookci/internal/chromium"
)

// browse opens a page in headless Chromium.
func browse(t *testing.T, url string) *chromium.Tab {
	t.Helper()
	return chromium.Open(t, url, "en", 1280, 800, 30*time.Second)
}

// manyPages are the texts of 30 pages, some of them changed.
func manyPages(changed ...int) []string {
	var pages []string
	for i := 1; i <= 30; i++ {
		pages = append(pages, fmt.Sprintf("page %d", i))
	}
	for _, n := range changed {
		pages[n-1] = fmt.Sprintf("changed %d", n)
	}
	return pages
}

func TestThePageFollowsTheBookInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)

	b.Becomes("it loads", "document.querySelectorAll('.page').length === 30 && document.querySelector('.page img')")
	if n := b.Is("document.querySelectorAll('.page img').length"); n == "30" {
		t.Error("pages out of sight were drawn")
	}
	b.Is("setFollow(false), showPage(12), 0")
	b.Becomes("the page in sight is drawn", "figures[11].img && figures[11].img.naturalWidth > 0")
	top := b.Is("Math.round(document.getElementById('pages').scrollTop)")

	s.Building("ch01.re")
	b.Becomes("it says what is under way", "document.body.classList.contains('building')")
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "second.pdf", manyPages(20)...)}})
	b.Becomes("it shows the new PDF", "edition.version === 2 && figures[19].classList.contains('changed')")
	if now := b.Is("Math.round(document.getElementById('pages').scrollTop)"); now != top {
		t.Errorf("the place moved from %s to %s", top, now)
	}
	b.Is("stepChanged(1), 0")
	b.Becomes("it goes to the changed page", "pageNow() === 20")
	b.Is("setFollow(true), showPage(3), 0")
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "third.pdf", manyPages(20, 25)...)}})
	b.Becomes("it follows the edit", "edition.version === 3 && inSight(figures[24])")

	// An error over its page, and gone.
	s.Built([]Outcome{{Book: "book", Err: "failed", Problems: []Problem{{Severity: "error", File: "ch01.re", Line: 5, Message: "no such list", Source: "<b>@<list>{x}</b>"}}}})
	b.Becomes("the error stands over its page", "document.querySelector('.page .note') && document.querySelector('.page .note').innerText.includes('<b>@<list>{x}</b>')")
	s.Built([]Outcome{{Book: "book"}})
	b.Becomes("the error goes away", "!document.querySelector('.note') && document.getElementById('problems').hidden")

	// The place of a click.
	b.Is("showPage(2), 0")
	b.Becomes("page 2 is there", "figures[1].img")
	b.Is("(() => { const r = figures[1].getBoundingClientRect(); figures[1].dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: r.x + r.width / 2, clientY: r.y + 30})); })()")
	b.Becomes("a click tells the line", "document.getElementById('toast').dataset.place === 'ch01.re:5'")
}

// Who goes to the end of a long book does not wait for the pages between.
func TestPagesPassedByAreNotWaitedForInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)
	b.Becomes("it loads", "figures.length === 30 && figures[0].img")
	room := s.rooms()[0]
	room.mu.Lock()
	room.slow = 200 * time.Millisecond
	room.mu.Unlock()
	b.Is("window.passing = 1, setInterval(() => passing < 30 && showPage(++passing), 30), 0")
	b.Becomes("the last page is drawn", "figures[29].img")
	drawn := 0
	room.mu.Lock()
	for _, asked := range room.asked {
		if strings.HasPrefix(asked, "page ") {
			drawn++
		}
	}
	room.mu.Unlock()
	if drawn > 20 {
		t.Errorf("%d of 30 pages were drawn", drawn)
	}
	if n := b.Is("figures.filter(f => f.img && !f.near && !f.leaving).length"); n != "0" {
		t.Errorf("%s pictures out of sight stay for ever", n)
	}
}

func TestTheTextFollowsASaveInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one", "two"))
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n<img src=\"images/a.png\" onerror=\"document.title='run'\">\n<script>parent.document.title='run'</script>\n")
	b := browse(t, s.url)
	b.Becomes("it loads", "edition")
	b.Is("see('text'), 0")
	b.Becomes("the chapter is painted", "(document.body.dataset.painted || '').startsWith('ch01 ')")
	before := b.Is("document.body.dataset.painted")
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n\n足した文\nbroken\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re")})
	b.Becomes("the edit is painted", "document.body.dataset.painted !== '"+before+"'")
	b.Becomes("the error is told", "document.getElementById('problems').innerText.includes('1 error')")
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n\n足した文\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re")})
	b.Becomes("the error goes away", "document.getElementById('problems').hidden")
	write(t, s.root, "ch02.re", "= つづき\n\n次の章\n")
	s.Peek([]string{filepath.Join(s.root, "ch02.re")})
	b.Becomes("it follows to another chapter", "document.body.dataset.painted.startsWith('ch02 ')")
	if title := b.Is("document.title"); title == "run" {
		t.Error("a script of the manuscript ran in the page")
	}
	if reach := b.Is("(() => { try { return String(frame.contentDocument) } catch (e) { return 'refused' } })()"); reach != "null" && reach != "refused" {
		t.Errorf("the frame has the page's origin: %s", reach)
	}
}

// A policy has no say over connections that are only made ready for use.
func TestAChapterConnectsNowhereInABrowser(t *testing.T) {
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	var connections atomic.Int32
	go func() {
		for {
			c, err := elsewhere.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			c.Close()
		}
	}()
	url := "http://" + elsewhere.Addr().String() + "/"
	s := show(t, makePDF(t, "a.pdf", "one"))
	hostile := `<link rel=preconnect href=URL><LINK REL="preconnect stylesheet" href=URL><p><link rel=prefetch href=URL><link rel=dns-prefetch href=URL>` +
		`<link rel=modulepreload href=URL><meta http-equiv=refresh content="0;url=URL"><base href=URL><object data=URL></object><embed src=URL>` +
		`<iframe src=URL></iframe><iframe srcdoc="<link rel=preconnect href=URL>"></iframe><img src=URL><video src=URL poster=URL></video>` +
		`<svg><image href=URL /><use href="URL#a"/></svg><a href=URL ping=URL>a</a><style>@import url(URL); p {background: url(URL)}</style>`
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n"+strings.ReplaceAll(hostile, "URL", url)+"\n")
	b := browse(t, s.url)
	b.Becomes("it loads", "edition")
	b.Is("see('text'), 0")
	b.Becomes("the chapter is painted", "(document.body.dataset.painted || '').startsWith('ch01 ')")
	before := b.Is("document.body.dataset.painted")
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n"+strings.ReplaceAll(hostile, "URL", url)+"\nmore\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re")})
	b.Becomes("the edit is painted", "document.body.dataset.painted !== '"+before+"'")
	if n := connections.Load(); n > 0 {
		t.Errorf("the chapter had the browser connect %d times", n)
	}
}

func TestBooksComeAndGoInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)
	b.Becomes("it loads", "figures.length === 30 && figures[0].img")
	chapters := []Chapter{{ID: "ch01", File: "ch01.re"}}
	own := Book{Name: "book", Dir: ".", Config: "config.yml", Chapters: chapters}
	other := Book{Name: "ebook", Dir: ".", Config: "config-ebook.yml", Chapters: chapters, PDF: makePDF(t, "other.pdf", "one", "two")}
	s.Update([]Book{other, own})
	b.Becomes("the new book can be chosen", "!$('book').hidden && $('book').options.length === 2")
	if at := b.Is("[book, $('book').selectedOptions[0].textContent, figures.length].join(' ')"); at != "1 book 30" {
		t.Errorf("the reader is at %q", at)
	}

	// The pages of the book before come late.
	b.Is(`window.fetch = (real => (u, o) => u.startsWith('/api/pages?book=1') ? new Promise(go => window.answer = () => go(real(u, o))) : real(u, o))(window.fetch), 0`)
	b.Is("loadPages().then(() => window.arrived = true), choose(0), 0")
	b.Becomes("the other book is shown", "figures.length === 2 && figures[0].img")
	b.Is("answer(), 0")
	b.Becomes("the late answer has come", "window.arrived")
	if n := b.Is("figures.length"); n != "2" {
		t.Errorf("a book of 2 pages is shown with %s", n)
	}

	s.Update([]Book{own})
	b.Becomes("the book that is left is shown", "$('book').hidden && figures.length === 30 && figures[0].img")
}

func TestSpreadsFitANarrowerWindowInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)
	b.Becomes("it loads", "figures.length === 30 && figures[0].img")
	b.Is("setSpread(true), 0")
	before := b.Is("figures[0].style.width")
	b.Is("pagesBox.style.width = '400px', dispatchEvent(new Event('resize')), 0")
	b.Becomes("the page beside the first fits too", "figures[0].style.width !== '"+before+"' && document.querySelector('.blank').style.width === figures[0].style.width")
}

func TestThePageSurvivesARestartInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)
	b.Becomes("it loads", "figures.length === 30")
	b.Is("showPage(12), 0")
	b.Becomes("the place is known", "pageNow() === 12")
	addr := strings.TrimPrefix(s.url, "http://")
	s.stop()
	b.Becomes("it says that the connection is lost", "document.body.classList.contains('lost')")
	serve(t, s.root, makePDF(t, "b.pdf", manyPages(14)...), addr)
	b.Becomes("it is back at its place", "!document.body.classList.contains('lost') && figures.length === 30 && pageNow() === 12 && figures[13].img")
}

func TestAForeignPageReadsNothingInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one"))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>foreign</title>")
	}))
	defer foreign.Close()
	b := browse(t, foreign.URL)
	b.Is(`window.tried = {}; for (const u of ['` + s.url + `/api/pages?book=0', 'http://localhost:` + port + `/']) fetch(u, {mode: 'no-cors'}).then(r => tried[u] = r.type, () => tried[u] = 'refused');
		const seen = new EventSource('` + s.url + `/api/events'); seen.onmessage = seen.onopen = () => tried.events = 'open'; seen.onerror = () => tried.events ??= 'refused';
		const i = new Image(); i.onload = () => tried.image = 'shown'; i.onerror = () => tried.image = 'refused'; i.src = '` + s.url + `/icon.svg'; 0`)
	b.Becomes("all were tried", "Object.keys(tried).length === 4")
	for _, how := range []string{"open", "shown", "basic", "cors"} {
		if tried := b.Is("JSON.stringify(tried)"); strings.Contains(tried, `"`+how+`"`) {
			t.Errorf("a foreign page got through: %s", tried)
		}
	}
}
