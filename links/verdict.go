package links

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Kind of a Verdict.
type Kind string

// The kinds. Only Broken makes a run fail.
const (
	Fine     Kind = "fine"
	Doubtful Kind = "doubtful"  // may be fine for a reader
	Broken   Kind = "broken"    // dead, seen twice
	NotAsked Kind = "not asked" // robots.txt or the settings say so
)

// Verdict is what became of a URL. A page has one, and one more for each fragment
// that it lacks, with the places that cite it by that fragment.
type Verdict struct {
	Kind    Kind    `json:"verdict"`
	URL     string  `json:"url"`            // with the fragment
	Code    string  `json:"code,omitempty"` // stable short name, "" for what is fine
	Message string  `json:"message,omitempty"`
	Hint    string  `json:"hint,omitempty"`
	Moved   string  `json:"moved,omitempty"` // the address to cite instead, when it has moved for good
	Status  int     `json:"status,omitempty"`
	At      string  `json:"at"` // when it was asked
	Cited   []Cited `json:"cited"`
}

// Judge says what an item means. It depends on the item alone.
func Judge(i *Item) []Verdict {
	page := i.judgePage()
	page.URL, page.Status, page.At = i.URL, i.Status, i.CrawledAt
	if page.Kind != Fine || len(i.Missing) == 0 {
		page.Cited = sortPlaces(i.Cited)
		return []Verdict{page}
	}
	// The page is fine, but not all that is cited is in it.
	var all []Verdict
	missing := map[string][]Cited{}
	for _, f := range i.Missing {
		missing[f] = nil
	}
	for _, c := range sortPlaces(i.Cited) {
		if _, ok := missing[c.Fragment]; ok {
			missing[c.Fragment] = append(missing[c.Fragment], c)
		} else {
			page.Cited = append(page.Cited, c)
		}
	}
	if len(page.Cited) > 0 {
		all = append(all, page)
	}
	for _, f := range i.Missing {
		v := page
		v.Kind, v.Code = Doubtful, "link-fragment"
		v.URL = i.URL + "#" + f
		v.Message = fmt.Sprintf("%s: the page has no place named %q", i.URL, f)
		v.Hint = "look at it in a browser: a script may make the place; else name another"
		v.Cited = missing[f]
		if len(v.Cited) > 0 {
			all = append(all, v)
		}
	}
	return all
}

func (i *Item) judgePage() Verdict {
	say := func(k Kind, code, hint, format string, args ...any) Verdict {
		return Verdict{Kind: k, Code: code, Hint: hint, Message: i.URL + fmt.Sprintf(format, args...)}
	}
	const look = "look at it in a browser; a URL under `links: ignore` in bookci.yml is left out"
	switch i.NotAsked {
	case notByRobots:
		return say(NotAsked, "link-robots", "look at it in a browser", " was not asked: the robots.txt of %s does not want it", i.lastHost())
	case notByPause:
		return say(NotAsked, "link-robots", "look at it in a browser", " was not asked: the robots.txt of %s wants %s between two requests", i.lastHost(), i.Detail)
	case notByRules:
		return Verdict{Kind: NotAsked}
	}
	switch c := i.class(); {
	case i.Error == failMalformed:
		return say(Broken, "link-malformed", "write it as in https://www.ietf.org/rfc/rfc3986.txt", " is no URL that can be opened")
	case i.Error == failCredentials:
		return Verdict{Kind: Doubtful, Code: "link-credentials", Hint: "take the part before the @ out", Message: "a URL with a user name or a password in it was not asked"}
	case c == definite && (i.First == nil || i.First.class() != definite):
		return say(Doubtful, "link-wavers", look, " %s, after %s", i.words(), firstWords(i.First))
	case c == definite:
		return i.broken(say)
	case c == good:
		return i.good(say)
	}
	return i.doubtful(say, look)
}

type sayer func(k Kind, code, hint, format string, args ...any) Verdict

// broken is the verdict of a page that was seen to be dead twice.
func (i *Item) broken(say sayer) Verdict {
	const other = "cite another address, or an archived copy of the page"
	switch {
	case i.Error == failNoHost:
		return say(Broken, "link-no-host", "check the spelling; else "+other, ": there is no host %s", i.lastHost())
	case i.Error == failRefused:
		return say(Broken, "link-refused", other, ": %s refuses connections", i.lastHost())
	case i.Error == failCertificate:
		return say(Broken, "link-certificate", "readers see a warning instead of the page; "+other, ": the certificate of %s %s", i.lastHost(), i.Detail)
	}
	return say(Broken, "link-gone", other, " %s", i.words())
}

// good is the verdict of a page that came.
func (i *Item) good(say sayer) Verdict {
	from, err := url.Parse(i.URL)
	to, err2 := url.Parse(i.FinalURL)
	if len(i.Redirects) > 0 && err == nil && err2 == nil && isTop(to) && !isTop(from) {
		return say(Doubtful, "link-top", "the page may be gone: sites like to show their first page instead", " leads to the first page of %s", to.Host)
	}
	if m := i.moved(); m != "" {
		v := say(Fine, "link-moved", "cite the new address", " has moved to %s", m)
		v.Moved = m
		return v
	}
	return Verdict{Kind: Fine}
}

func (i *Item) doubtful(say sayer, look string) Verdict {
	switch i.Error {
	case failDNS:
		return say(Doubtful, "link-dns", look, ": no answer about the name %s%s", i.lastHost(), i.detail())
	case failUnreachable:
		return say(Doubtful, "link-timeout", look, ": %s cannot be reached%s", i.lastHost(), i.detail())
	case failTimeout:
		return say(Doubtful, "link-timeout", look, " gave no whole answer in time")
	case failTLS:
		return say(Doubtful, "link-tls", look, ": no secure connection to %s%s", i.lastHost(), i.detail())
	case failCut:
		return say(Doubtful, "link-cut", look, ": the answer breaks off")
	case failPrivate:
		return say(Doubtful, "link-private", "readers elsewhere cannot open it; --allow-private asks it all the same", " was not asked: %s leads into a private net", i.lastHost())
	case failRedirects:
		return say(Doubtful, "link-redirects", look, " leads on and on: %d redirects", len(i.Redirects))
	case failCircle:
		return say(Doubtful, "link-redirects", look, " leads in a circle")
	case failRedirect:
		return say(Doubtful, "link-redirects", look, " leads to what is no page: %s", i.Detail)
	case failNotNow:
		return say(Doubtful, "link-later", "try again later", " was not asked: %s", i.Detail)
	case failAnswer:
		return say(Doubtful, "link-answer", look, ": the answer cannot be read%s", i.detail())
	}
	switch {
	case i.Status == 429:
		return say(Doubtful, "link-busy", "try again later", " %s: too many questions", i.words())
	case i.Status >= 500 && i.Status < 600:
		return say(Doubtful, "link-server", "try again later", " %s: its server has a fault", i.words())
	case i.Status == 401 || i.Status == 403 || i.Status == 999:
		return say(Doubtful, "link-forbidden", look, " %s: it may refuse programs only", i.words())
	}
	return say(Doubtful, "link-odd", look, " %s", i.words())
}

// words say what a try came to.
func (t Try) words() string {
	if t.Error != "" {
		return "failed (" + strings.ReplaceAll(t.Error, "-", " ") + ")"
	}
	if text := http.StatusText(t.Status); text != "" {
		return fmt.Sprintf("answers %d (%s)", t.Status, strings.ToLower(text))
	}
	return fmt.Sprintf("answers %d", t.Status)
}

func firstWords(t *Try) string {
	if t == nil {
		return "nothing"
	}
	return "it " + t.words() + " the first time"
}

func (t Try) detail() string {
	if t.Detail == "" {
		return ""
	}
	return ": " + t.Detail
}

// lastHost is the host that the last request went to.
func (i *Item) lastHost() string {
	last := i.FinalURL
	if last == "" {
		last = i.URL
	}
	u, err := url.Parse(last)
	if err != nil {
		return last
	}
	return u.Host
}
