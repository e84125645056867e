package links

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// decodeText returns the text of a body in UTF-8 and the name of the encoding
// that it was in. ok is false for what is no text.
func decodeText(contentType string, body []byte, truncated bool) (text, name string, ok bool) {
	if !isText(contentType, body) {
		return "", "", false
	}
	declared, name, certain := charset.DetermineEncoding(body, contentType)
	clean := func(e encoding.Encoding) (string, bool) {
		out, err := e.NewDecoder().Bytes(body)
		if err != nil {
			return "", false
		}
		// A page that was cut may end within a character.
		whole := out
		if truncated {
			whole = bytes.TrimSuffix(out, []byte("\uFFFD"))
		}
		return string(out), !bytes.ContainsRune(whole, utf8.RuneError) && bytes.IndexByte(out, 0) < 0
	}
	// Servers name encodings that their pages are not in; what decodes without a
	// fault is believed over what was said.
	guess := name == "windows-1252" && !certain
	if !guess {
		if text, ok := clean(declared); ok {
			return text, name, true
		}
	}
	for _, e := range []struct {
		name string
		enc  encoding.Encoding
	}{{"utf-8", encoding.Nop}, {"iso-2022-jp", japanese.ISO2022JP}, {"euc-jp", japanese.EUCJP}, {"shift_jis", japanese.ShiftJIS}} {
		if e.name == "utf-8" && !utf8.Valid(body) || e.name == "iso-2022-jp" && !bytes.Contains(body, []byte("\x1b$")) {
			continue
		}
		if text, ok := clean(e.enc); ok {
			return text, e.name, true
		}
	}
	text, ok = clean(declared)
	if !ok && !guess {
		return "", "", false
	}
	return text, name, true
}

// isText tells whether a body is text by what the server says, else by its bytes.
func isText(contentType string, body []byte) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil && kind == "" || kind == "application/octet-stream" {
		kind, _, _ = mime.ParseMediaType(http.DetectContentType(body))
	}
	switch {
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "+xml"), strings.HasSuffix(kind, "+json"):
		return true
	}
	return slices.Contains([]string{"application/xml", "application/json", "application/javascript", "application/ecmascript", "application/x-javascript"}, kind)
}

// isHTML tells whether fragments of a page name elements.
func isHTML(contentType, text string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil && kind == "" {
		kind, _, _ = mime.ParseMediaType(http.DetectContentType([]byte(text[:min(len(text), 512)])))
	}
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// checkFragments tells which fragments name an element of the page, and which
// do not. Those that only a script of the page understands are in neither list.
func checkFragments(page string, fragments []string) (found, missing []string) {
	want := map[string]bool{}
	for _, f := range fragments {
		if !scripted(f) {
			want[f] = false
		}
	}
	if len(want) == 0 {
		return nil, nil
	}
	mark := func(name string) {
		for _, n := range []string{name, strings.TrimPrefix(name, "user-content-")} { // GitHub's names for headings
			if _, ok := want[n]; ok {
				want[n] = true
			}
		}
	}
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(len(page) + 1)
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		tag, more := z.TagName()
		anchor := string(tag) == "a" || string(tag) == "map"
		for more {
			var key, value []byte
			key, value, more = z.TagAttr()
			if string(key) == "id" || anchor && string(key) == "name" {
				mark(string(value))
			}
		}
	}
	for f, is := range want {
		if is || strings.EqualFold(f, "top") {
			found = append(found, f)
		} else {
			missing = append(missing, f)
		}
	}
	slices.Sort(found)
	slices.Sort(missing)
	return found, missing
}

// scripted tells whether a fragment is an instruction for a script or for the
// browser, of which the page itself need not know.
func scripted(f string) bool {
	if f == "" || strings.HasPrefix(f, "!") || strings.HasPrefix(f, "/") || strings.Contains(f, ":~:") || strings.ContainsAny(f, "=&") {
		return true
	}
	// Lines of source code, as code hosts number them: L10, L10-L20, L10C3.
	rest, ok := strings.CutPrefix(f, "L")
	return ok && rest != "" && strings.Trim(rest, "0123456789-LC") == "" && rest[0] >= '0' && rest[0] <= '9'
}

// lookAt adds what the page's text says of the fragments it is cited with. A
// page that was cut may hold the missing ones in what was not read.
func (i *Item) lookAt(fragments []string) {
	i.Found, i.Missing = nil, nil
	if i.Body == "" || !isHTML(i.ContentType, i.Body) {
		return
	}
	i.Found, i.Missing = checkFragments(i.Body, fragments)
	if i.Truncated {
		i.Missing = nil
	}
}
