package links

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say how to ask. The zero value of most is a good one.
type Options struct {
	Version string // bookci's
	Contact string // of who asks, for the User-Agent; "" for none
	Rules   Rules
	Fresh   time.Duration // how long what was fine is not asked again
	Pause   time.Duration // between two requests to a host; 0 for a second
	AtOnce  int           // hosts asked at the same moment; 0 for 16
	Now     func() time.Time

	Resolver *net.Resolver                         // nil for the system's
	RootCAs  *x509.CertPool                        // nil for the system's
	Proxy    func(*http.Request) (*url.URL, error) // nil for none

	Progress func(Progress) // told after each page; nil for nobody

	transport   http.RoundTripper // of tests that have a network of their own
	retryPause  time.Duration     // 0 for the constant; shorter in tests on real sockets
	requestTime time.Duration     // likewise
}

const (
	defaultPause  = time.Second
	defaultAtOnce = 16
	maxHops       = 10
	// retryPause lies between the two tries of a page, and between two failures
	// after which a host counts as dead.
	retryPause = 5 * time.Second
	// patience is the longest that a host may make bookci wait between requests.
	// Longer waits are obeyed by not asking that host any more in this run.
	patience = 2 * time.Minute
	// busyTries is how often in a row a host may say that it was asked too often.
	busyTries = 3
	// lastWords is how long requests under way may take once the run is to stop.
	lastWords = 10 * time.Second
)

// Progress is how far a run has come.
type Progress struct {
	Done, Total int           // pages
	Hosts       int           // with pages left to ask
	Left        time.Duration // what politeness alone will take, at least
}

// ErrNoNetwork is a run in which no host gave any sign of life.
var ErrNoNetwork = errors.New("not one host can be reached")

// ErrNoRoots is a machine that trusts no authority, so no certificate is good.
var ErrNoRoots = errors.New("this machine has no certificates of authorities")

func (o *Options) agent() string {
	agent := "bookci/" + strings.TrimPrefix(o.Version, "v") + " (checks the links of a book; +https://github.com/bookci/bookci"
	if c := headerText(o.Contact); c != "" {
		agent += "; " + c
	}
	return agent + ")"
}

// headerText is what of a text may stand in a header's comment.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' || r == '\\' {
			return -1
		}
		return r
	}, s)
}
