package preview

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// frame is the document that a chapter is shown in.
var frame = template.Must(template.ParseFS(web, "web/frame.html"))

// frame serves the document that chapters are shown in.
func (s *Server) frame(w http.ResponseWriter, r *http.Request) {
	b := s.book(r)
	if b == nil {
		http.NotFound(w, r)
		return
	}
	info, err := b.texts.info()
	if err != nil {
		fail(w, err)
		return
	}
	nonce := rand.Text()
	base := url.URL{Scheme: "http", Host: r.Host, Path: "/files/" + s.token + "/" + strings.TrimPrefix(path.Clean(b.Dir)+"/", "./")}
	files := url.URL{Scheme: "http", Host: r.Host, Path: "/files/" + s.token + "/"}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-DNS-Prefetch-Control", "off") // a link's host would be asked for
	h.Set("Content-Security-Policy", fmt.Sprintf(
		"sandbox allow-scripts; default-src 'none'; script-src 'nonce-%s'; style-src 'unsafe-inline' %s; img-src %s data:; base-uri %s; form-action 'none'; frame-ancestors 'self'",
		nonce, &files, &files, &files))
	script, err := web.ReadFile("web/frame.js")
	if err != nil {
		fail(w, err)
		return
	}
	style, err := web.ReadFile("web/frame.css")
	if err != nil {
		fail(w, err)
		return
	}
	// A chapter whose book has no style, or names one that is not there, has ours.
	var styles []string
	for _, name := range info.Styles {
		if _, err := readBelow(s.opts.Root, path.Join(b.Dir, name), fileLimit); err == nil {
			styles = append(styles, name)
		}
	}
	_ = frame.Execute(w, map[string]any{ // the browser may be gone
		"Language": info.Language,
		"Base":     base.String(),
		"Styles":   styles,
		"Nonce":    nonce,
		"Script":   template.JS(script),
		"Style":    template.CSS(style),
	})
}

// served are the files of a book that its HTML may show.
var served = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".bmp": "image/bmp",
	".svg": "image/svg+xml", ".webp": "image/webp", ".css": "text/css; charset=utf-8",
}

const fileLimit = 64 << 20

// file answers with a picture or a stylesheet of the book.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	kind := served[strings.ToLower(path.Ext(name))]
	hidden := slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
	if r.PathValue("token") != s.token || kind == "" || hidden || !fs.ValidPath(name) {
		http.NotFound(w, r)
		return
	}
	data, err := readBelow(s.opts.Root, name, fileLimit)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the frame has no origin
	_, _ = w.Write(data)                                  // the browser may be gone
}
