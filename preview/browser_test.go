package preview

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is a page of a real browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// browse opens a page in headless Chromium.
func browse(t *testing.T, url string) *tab {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("there is no chromium on PATH")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(program), chromedp.Flag("headless", "new"), chromedp.Flag("no-sandbox", true), chromedp.Flag("lang", "en"))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	b.run(chromedp.EmulateViewport(1280, 800))
	b.run(chromedp.Navigate(url))
	return b
}

func (b *tab) run(a chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, a); err != nil {
		b.t.Fatal(err)
	}
}

// is evaluates an expression of the page.
func (b *tab) is(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return fmt.Sprint(v)
}

func (b *tab) becomes(what, expression string) {
	b.t.Helper()
	for range 300 {
		if b.is("Boolean("+expression+")") == "true" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%s: %s never holds; the page says %q", what, expression, b.is("document.body.innerText.slice(0, 600)"))
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

	b.becomes("it loads", "document.querySelectorAll('.page').length === 30 && document.querySelector('.page img')")
	if n := b.is("document.querySelectorAll('.page img').length"); n == "30" {
		t.Error("pages out of sight were drawn")
	}
	b.is("setFollow(false), showPage(12), 0")
	b.becomes("the page in sight is drawn", "figures[11].img && figures[11].img.naturalWidth > 0")
	top := b.is("Math.round(document.getElementById('pages').scrollTop)")

	s.Building("ch01.re")
	b.becomes("it says what is under way", "document.body.classList.contains('building')")
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "second.pdf", manyPages(20)...)}})
	b.becomes("it shows the new PDF", "edition.version === 2 && figures[19].classList.contains('changed')")
	if now := b.is("Math.round(document.getElementById('pages').scrollTop)"); now != top {
		t.Errorf("the place moved from %s to %s", top, now)
	}
	b.is("stepChanged(1), 0")
	b.becomes("it goes to the changed page", "pageNow() === 20")
	b.is("setFollow(true), showPage(3), 0")
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "third.pdf", manyPages(20, 25)...)}})
	b.becomes("it follows the edit", "edition.version === 3 && inSight(figures[24])")

	// An error over its page, and gone.
	s.Built([]Outcome{{Book: "book", Err: "failed", Problems: []Problem{{Severity: "error", File: "ch01.re", Line: 5, Message: "no such list", Source: "<b>@<list>{x}</b>"}}}})
	b.becomes("the error stands over its page", "document.querySelector('.page .note') && document.querySelector('.page .note').innerText.includes('<b>@<list>{x}</b>')")
	s.Built([]Outcome{{Book: "book"}})
	b.becomes("the error goes away", "!document.querySelector('.note') && document.getElementById('problems').hidden")

	// The place of a click.
	b.is("showPage(2), 0")
	b.becomes("page 2 is there", "figures[1].img")
	b.is("(() => { const r = figures[1].getBoundingClientRect(); figures[1].dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: r.x + r.width / 2, clientY: r.y + 30})); })()")
	b.becomes("a click tells the line", "document.getElementById('toast').dataset.place === 'ch01.re:5'")
}

// Who goes to the end of a long book does not wait for the pages between.
func TestPagesPassedByAreNotWaitedForInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)
	b.becomes("it loads", "figures.length === 30 && figures[0].img")
	room := s.rooms()[0]
	room.mu.Lock()
	room.slow = 200 * time.Millisecond
	room.mu.Unlock()
	b.is("window.passing = 1, setInterval(() => passing < 30 && showPage(++passing), 30), 0")
	b.becomes("the last page is drawn", "figures[29].img")
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
	if n := b.is("figures.filter(f => f.img && !f.near && !f.leaving).length"); n != "0" {
		t.Errorf("%s pictures out of sight stay for ever", n)
	}
}

func TestTheTextFollowsASaveInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", "one", "two"))
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n<img src=\"images/a.png\" onerror=\"document.title='run'\">\n<script>parent.document.title='run'</script>\n")
	b := browse(t, s.url)
	b.becomes("it loads", "edition")
	b.is("see('text'), 0")
	b.becomes("the chapter is painted", "(document.body.dataset.painted || '').startsWith('ch01 ')")
	before := b.is("document.body.dataset.painted")
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n\n足した文\nbroken\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re")})
	b.becomes("the edit is painted", "document.body.dataset.painted !== '"+before+"'")
	b.becomes("the error is told", "document.getElementById('problems').innerText.includes('1 error')")
	write(t, s.root, "ch01.re", "= はじめに\n\n本文\n\n足した文\n")
	s.Peek([]string{filepath.Join(s.root, "ch01.re")})
	b.becomes("the error goes away", "document.getElementById('problems').hidden")
	write(t, s.root, "ch02.re", "= つづき\n\n次の章\n")
	s.Peek([]string{filepath.Join(s.root, "ch02.re")})
	b.becomes("it follows to another chapter", "document.body.dataset.painted.startsWith('ch02 ')")
	if title := b.is("document.title"); title == "run" {
		t.Error("a script of the manuscript ran in the page")
	}
	if reach := b.is("(() => { try { return String(frame.contentDocument) } catch (e) { return 'refused' } })()"); reach != "null" && reach != "refused" {
		t.Errorf("the frame has the page's origin: %s", reach)
	}
}

func TestThePageSurvivesARestartInABrowser(t *testing.T) {
	s := show(t, makePDF(t, "a.pdf", manyPages()...))
	b := browse(t, s.url)
	b.becomes("it loads", "figures.length === 30")
	b.is("showPage(12), 0")
	b.becomes("the place is known", "pageNow() === 12")
	addr := strings.TrimPrefix(s.url, "http://")
	s.stop()
	b.becomes("it says that the connection is lost", "document.body.classList.contains('lost')")
	serve(t, s.root, makePDF(t, "b.pdf", manyPages(14)...), addr)
	b.becomes("it is back at its place", "!document.body.classList.contains('lost') && figures.length === 30 && pageNow() === 12 && figures[13].img")
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
	b.is(`window.tried = {}; for (const u of ['` + s.url + `/api/pages?book=0', 'http://localhost:` + port + `/']) fetch(u, {mode: 'no-cors'}).then(r => tried[u] = r.type, () => tried[u] = 'refused');
		const seen = new EventSource('` + s.url + `/api/events'); seen.onmessage = seen.onopen = () => tried.events = 'open'; seen.onerror = () => tried.events ??= 'refused';
		const i = new Image(); i.onload = () => tried.image = 'shown'; i.onerror = () => tried.image = 'refused'; i.src = '` + s.url + `/icon.svg'; 0`)
	b.becomes("all were tried", "Object.keys(tried).length === 4")
	for _, how := range []string{"open", "shown", "basic", "cors"} {
		if tried := b.is("JSON.stringify(tried)"); strings.Contains(tried, `"`+how+`"`) {
			t.Errorf("a foreign page got through: %s", tried)
		}
	}
}
