package preview

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bookci/bookci/build/draft/fonts"
)

// fakeRoom stands in for a session: its programs keep to the protocols of
// bookci_text.rb and bookci-pages.
type fakeRoom struct {
	t      *testing.T
	root   string // of the sources
	ctx    context.Context
	cancel context.CancelFunc

	mu    sync.Mutex
	files map[string][]byte // that were put in, by path
	asked []string
	slow  time.Duration // for each page to be drawn
}

func newFakeRoom(t *testing.T, root string) *fakeRoom {
	r := &fakeRoom{t: t, root: root, files: map[string][]byte{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

func (r *fakeRoom) Own() string { return "/own" }

func (r *fakeRoom) Close() error {
	r.cancel()
	return nil
}

func (r *fakeRoom) Put(_ context.Context, dir string, in io.Reader) error {
	tr := tar.NewReader(in)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			_, err = io.Copy(io.Discard, in)
			return err
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.files[dir+"/"+h.Name] = data
		r.mu.Unlock()
	}
}

func (r *fakeRoom) Run(ctx context.Context, p Program) error {
	program := r.text
	if strings.HasSuffix(p.Argv[1], "/bookci-pages") {
		program = r.pages
	}
	lines := bufio.NewScanner(p.Stdin)
	lines.Buffer(nil, 1<<20)
	got := make(chan string)
	go func() {
		defer close(got)
		for lines.Scan() {
			select {
			case got <- lines.Text():
			case <-r.ctx.Done():
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case l, ok := <-got:
			if !ok {
				return nil
			}
			r.mu.Lock()
			r.asked = append(r.asked, l)
			r.mu.Unlock()
			if _, err := p.Stdout.Write(program(l)); err != nil {
				return err
			}
		case <-r.ctx.Done():
			return errors.New("the room is gone")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// text compiles a paragraph for each line that is not empty. A line with
// "broken" in it is an error.
func (r *fakeRoom) text(request string) []byte {
	var q struct{ Op, Chapter, Text, Path string }
	if err := json.Unmarshal([]byte(request), &q); err != nil {
		r.t.Errorf("the text process was asked %q", request)
	}
	answer := map[string]any{"problems": []any{}}
	switch q.Op {
	case "load":
		answer["styles"], answer["language"], answer["title"] = []string{"style.css"}, "ja", "本の名前"
		answer["chapters"] = []map[string]string{{"id": "ch01", "title": "はじめに", "number": "第1章"}}
	case "show":
		var out strings.Builder
		for i, l := range strings.Split(q.Text, "\n") {
			if strings.Contains(l, "broken") {
				answer["problems"] = []map[string]any{{"severity": "error", "file": q.Chapter + ".re", "line": i + 1, "message": "this is broken"}}
			}
			if l, ok := strings.CutPrefix(l, "<"); ok {
				out.WriteString("<" + l + "\n") // as //embed does
			} else if l != "" {
				fmt.Fprintf(&out, "<p data-line=\"%d\">%s</p>\n", i+1, html.EscapeString(l))
			}
		}
		answer["html"], answer["title"] = out.String(), q.Chapter
	}
	line, err := json.Marshal(answer)
	if err != nil {
		r.t.Error(err)
	}
	return append(line, '\n')
}

func (r *fakeRoom) pages(request string) []byte {
	var op, file string
	var n, width int
	if _, err := fmt.Sscan(request, &op, &file, &n, &width); err != nil {
		r.t.Errorf("the pages were asked %q", request)
	}
	r.mu.Lock()
	_, known := r.files[file]
	r.mu.Unlock()
	if !known {
		return []byte("- no such file\n")
	}
	var out bytes.Buffer
	switch op {
	case "drop":
		r.mu.Lock()
		delete(r.files, file)
		r.mu.Unlock()
		return []byte("0\n")
	case "page":
		r.mu.Lock()
		slow := r.slow
		r.mu.Unlock()
		time.Sleep(slow)
		img := image.NewGray(image.Rect(0, 0, width, width*2))
		for x := range width {
			img.Set(x, n*10%(width*2), color.Black)
		}
		if err := png.Encode(&out, img); err != nil {
			r.t.Error(err)
		}
	case "text":
		out.WriteString("<html><body><doc>")
		for i := n; i <= width; i++ {
			fmt.Fprintf(&out, `<page width="400" height="600"><flow><block><line xMin="40" yMin="60" xMax="360" yMax="80"><word>%s</word></line></block></flow></page>`, "これは本文の"+strings.Repeat("あ", i)+"段落です")
		}
		out.WriteString("</doc></body></html>")
	}
	return append(fmt.Appendf(nil, "%d\n", out.Len()), out.Bytes()...)
}

// makePDF writes a PDF with a page for each text.
func makePDF(t testing.TB, name string, pages ...string) string {
	t.Helper()
	var out bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(at)}, args...)...)
	}
	out.WriteString("%PDF-1.5\n")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 5+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R /Outlines 3 0 R >>")
	object("<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 400 600] >>", kids.String(), len(pages))
	object("<< /First 4 0 R /Last 4 0 R >>")
	object("<< /Title (One) /Dest [5 0 R /XYZ 0 600 null] /Parent 3 0 R >>")
	for i, text := range pages {
		content := fmt.Sprintf("BT /F%d 12 Tf 40 500 Td (%s) Tj ET", len(name)%7, text)
		object("<< /Type /Page /Parent 2 0 R /Contents %d 0 R /TrimBox [20 30 380 570] /Resources << /Font << /F%d << /Type /Font /BaseFont /%s+Ryumin >> >> >> >>", 6+2*i, len(name)%7, "ABCDE"+string(rune('A'+len(name)%26)))
		object("<< /Length %d >>\nstream\n%s\nendstream", len(content), content)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// shown is a preview of a small book, served.
type shown struct {
	*Server
	t     *testing.T
	root  string
	url   string
	done  chan error
	rooms func() []*fakeRoom
}

func show(t *testing.T, pdf string) *shown {
	t.Helper()
	root := t.TempDir()
	write(t, root, "ch01.re", "= はじめに\n\nこれは本文のあ段落です\n\nこれは本文のああ段落です\n")
	write(t, root, "ch02.re", "= つづき\n\nここには続きがあります\n")
	write(t, root, "style.css", "p { margin: 0 }\n")
	write(t, root, "config.yml", "secret: yes\n")
	write(t, root, "images/a.png", "\x89PNG\r\n\x1a\n")
	return serve(t, root, pdf, "127.0.0.1:0")
}

func serve(t *testing.T, root, pdf, addr string) *shown {
	t.Helper()
	var mu sync.Mutex
	var made []*fakeRoom
	s := New(Options{
		Root: root,
		Books: []Book{{Name: "book", Title: "本の名前", Dir: ".", Config: "config.yml", PDF: pdf, Chapters: []Chapter{
			{ID: "ch01", File: "ch01.re"}, {ID: "ch02", File: "ch02.re"},
		}}},
		Open: func(context.Context) (Room, error) {
			mu.Lock()
			defer mu.Unlock()
			made = append(made, newFakeRoom(t, root))
			return made[len(made)-1], nil
		},
		Now: time.Now,
		Typeface: func(name string) []byte {
			if face, err := fonts.Load(fonts.GothicLatin); err == nil && name == "Face" {
				return face.File()
			}
			return nil
		},
		Note: func(text string) { t.Log(text) },
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	sh := &shown{Server: s, t: t, root: root, url: "http://" + l.Addr().String(), done: make(chan error, 1)}
	sh.rooms = func() []*fakeRoom {
		mu.Lock()
		defer mu.Unlock()
		return append([]*fakeRoom(nil), made...)
	}
	go func() { sh.done <- s.Serve(l) }()
	t.Cleanup(sh.stop)
	return sh
}

// stop ends the preview; a second call does nothing.
func (s *shown) stop() {
	if s.done == nil {
		return
	}
	if err := s.Close(); err != nil {
		s.t.Errorf("closing: %v", err)
	}
	if err := <-s.done; err != nil {
		s.t.Errorf("serving: %v", err)
	}
	s.done = nil
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// get asks for a path and returns the status, the headers and the body.
func (s *shown) get(path string, headers ...string) (int, http.Header, string) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// into asks for JSON.
func (s *shown) into(path string, value any) {
	s.t.Helper()
	code, _, body := s.get(path)
	if code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, code, body)
	}
	if err := json.Unmarshal([]byte(body), value); err != nil {
		s.t.Fatalf("%s: %v in %s", path, err, body)
	}
}

// listen follows the stream of events.
func (s *shown) listen() (next func(kind string) string) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { cancel(); res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return func(kind string) string {
		s.t.Helper()
		stop := time.AfterFunc(10*time.Second, cancel)
		defer stop.Stop()
		for lines.Scan() {
			if lines.Text() == "event: "+kind && lines.Scan() {
				return strings.TrimPrefix(lines.Text(), "data: ")
			}
		}
		s.t.Fatalf("no event %q came: %v", kind, lines.Err())
		return ""
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not come about", what)
}
