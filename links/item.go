package links

import (
	"cmp"
	"slices"
)

// Place is where a manuscript cites a URL.
type Place struct {
	File string `json:"file"`          // slash path below the root
	Line int    `json:"line"`          // counted from 1
	Col  int    `json:"col,omitempty"` // in characters, counted from 1; 0 when unknown
}

// Cited is a place that cites a page.
type Cited struct {
	Place
	URL      string `json:"url,omitempty"`      // as the manuscript has it, "" when it is the page's
	Fragment string `json:"fragment,omitempty"` // decoded
}

// Item is what was seen of a page: a line of the archive. It holds facts only;
// what they mean is decided anew each time (verdict.go). The first three fields
// are those that readers of such archives know.
type Item struct {
	URL       string `json:"url"`
	Body      string `json:"body"`                  // text in UTF-8, whatever the page was in
	BodyBytes []byte `json:"body_base64,omitempty"` // what is no text
	CrawledAt string `json:"crawled_at"`            // RFC 3339 in UTC

	Try
	First        *Try     `json:"first_try,omitempty"` // what the first of two tries came to
	Redirects    []Hop    `json:"redirects,omitempty"`
	FinalURL     string   `json:"final_url,omitempty"`
	ContentType  string   `json:"content_type,omitempty"`
	Charset      string   `json:"charset,omitempty"` // of the page as it came
	ETag         string   `json:"etag,omitempty"`
	LastModified string   `json:"last_modified,omitempty"`
	SHA256       string   `json:"body_sha256,omitempty"` // of the bytes as they came, decompressed
	Bytes        int      `json:"bytes,omitempty"`
	Truncated    bool     `json:"truncated,omitempty"` // the page is longer than what was read
	Found        []string `json:"fragments_found,omitempty"`
	Missing      []string `json:"fragments_missing,omitempty"`
	NotAsked     string   `json:"not_asked,omitempty"`  // why, "" when it was
	Remembered   bool     `json:"remembered,omitempty"` // not asked, as it was fine a short time ago
	BodyIn       string   `json:"body_in,omitempty"`    // the chunk that holds the body of an unchanged page
	Cited        []Cited  `json:"cited"`
}

// Try is what one attempt to get a page came to.
type Try struct {
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`  // one of the kinds below
	Detail string `json:"detail,omitempty"` // for people
}

// Hop is one redirect.
type Hop struct {
	Status int    `json:"status"`
	To     string `json:"to"`
}

// The kinds of Try.Error.
const (
	failNoHost      = "no-such-host"
	failRefused     = "refused"
	failCertificate = "certificate"
	failDNS         = "dns"         // no answer about the name
	failUnreachable = "unreachable" // no connection in time, or no way there
	failTimeout     = "timeout"
	failTLS         = "tls"
	failCut         = "cut"     // the answer broke off
	failPrivate     = "private" // refused by guard.go
	failRedirects   = "too-many-redirects"
	failCircle      = "redirects-in-a-circle"
	failRedirect    = "bad-redirect"
	failAnswer      = "bad-answer" // no HTTP, or beyond all bounds
	failNotNow      = "not-now"    // the host asks to be left alone
	failMalformed   = "malformed"
	failCredentials = "credentials"
)

// The reasons of Item.NotAsked.
const (
	notByRobots  = "robots.txt"
	notByPause   = "crawl-delay"
	notByRules   = "ignored" // a redirect to what the settings leave out
	notByAddress = "address" // a URL that cannot or must not be asked; Try.Error says why
)

// class says what a Try is worth.
type class int

const (
	good     class = iota
	definite       // says that the page is dead, if it is seen twice
	passing        // may be different in a minute
	refusal        // the server does not want to show it to bookci
)

func (t Try) class() class {
	switch t.Error {
	case "":
	case failNoHost, failRefused, failCertificate, failMalformed:
		return definite
	case failDNS, failUnreachable, failTimeout, failTLS, failCut, failNotNow:
		return passing
	default:
		return refusal
	}
	switch {
	case t.Status == 404 || t.Status == 410:
		return definite
	case t.Status >= 200 && t.Status < 300 || t.Status == 304:
		return good
	case t.Status >= 500 && t.Status < 600 || t.Status == 429 || t.Status == 408 || t.Status == 425:
		return passing
	}
	return refusal
}

// moved returns where a page has moved to for good, "" when it has not: the
// address after the redirects that say so, up to the first that does not.
func (i *Item) moved() string {
	to := ""
	for _, h := range i.Redirects {
		if h.Status != 301 && h.Status != 308 {
			break
		}
		to = h.To
	}
	return to
}

// sortPlaces orders places as a reader meets them within a file.
func sortPlaces(cited []Cited) []Cited {
	all := slices.Clone(cited)
	slices.SortStableFunc(all, func(a, b Cited) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return all
}
