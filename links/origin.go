package links

import (
	"context"
	"net/url"
	"time"
)

// origin is what is known of a scheme, host and port.
type origin struct {
	rules    *robots // nil until robots.txt was asked
	later    int     // how often robots.txt said "not now"
	busy     int     // answers "too many requests" in a row
	fails    Try     // the last failure that says something of the whole origin
	failedAt time.Time
	givenUp  *Try // the result of all pages that are left, nil while they are asked
}

// health takes from an answer what it says of the whole host. A dead host is not
// asked for each of its pages, and an impatient one is left alone. wait is the
// answer's Retry-After.
func (r *run) health(o *origin, t *task, try Try, wait time.Duration, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gate := r.gates.of(t.at.Hostname())
	switch try.Error {
	case failNoHost, failRefused, failCertificate, failUnreachable:
		switch {
		case o.fails.Error != try.Error:
			o.fails, o.failedAt = try, now
		case now.Sub(o.failedAt) >= r.o.retryPause:
			o.givenUp = &try
		}
		return
	case "":
		o.fails = Try{}
	}
	if try.Status != 429 && !(try.Status == 503 && wait > 0) {
		o.busy = 0
		return
	}
	o.busy++
	switch {
	case wait > patience:
		o.givenUp = &Try{Error: failNotNow, Detail: t.at.Host + " asks to be left alone until " + now.Add(wait).UTC().Format("2006-01-02 15:04 UTC")}
	case o.busy >= busyTries:
		o.givenUp = &Try{Status: try.Status}
	case wait == 0:
		pause, _ := gate.state(now)
		gate.slow(min(2*pause, time.Minute))
		gate.rest(now.Add(2 * r.o.retryPause))
	}
}

// origin is what is known of a URL's scheme, host and port. Its fields belong
// to the goroutine of its host.
func (r *run) origin(u *url.URL) *origin {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if r.origins[key] == nil {
		r.origins[key] = &origin{}
	}
	return r.origins[key]
}

// askRobots reads the rules of a site. o.rules stays nil when the site says
// "not now"; after the second time it is given up. An error is ctx's.
func (r *run) askRobots(ctx context.Context, o *origin, of *url.URL) error {
	at := &url.URL{Scheme: of.Scheme, Host: of.Host, Path: "/robots.txt"}
	gate := r.gates.of(of.Hostname())
	var answer reply
	for hop := 0; ; hop++ {
		err := r.gates.pass(ctx, at.Hostname(), func() { answer = r.ask(at, robotsLimit, nil) })
		if err != nil {
			return err
		}
		if r.hard.Err() != nil && answer.err != nil {
			return context.Cause(ctx)
		}
		to, _, ok := answer.location(at)
		if !ok {
			break
		}
		if to == nil || hop >= 5 {
			answer = reply{status: 404} // RFC 9309, 2.3.1.2: as good as none
			break
		}
		at = to
	}
	try := answer.try()
	switch {
	case try.Error == failTimeout || try.Error == failCut || try.Error == "" && (try.Status == 429 || try.Status >= 500):
		o.later++
		wait := answer.retryAfter(r.o.Now())
		if wait == 0 {
			wait = 2 * r.o.retryPause
		}
		if o.later >= 2 || wait > patience {
			why := "takes too long"
			if try.Status != 0 {
				why = try.words()
			}
			o.givenUp = &Try{Error: failNotNow, Detail: "the robots.txt of " + of.Host + " " + why}
			return nil
		}
		gate.rest(r.o.Now().Add(wait))
		return nil
	case try.Error == "" && try.Status/100 == 2:
		o.rules = parseRobots(answer.body, "bookci")
	default:
		// No rules, or a failure that the page itself will show.
		o.rules = &robots{}
	}
	if o.rules.delay > patience {
		o.givenUp = &Try{Error: notByPause, Detail: o.rules.delay.String()}
		return nil
	}
	gate.slow(o.rules.delay)
	gate.rest(r.o.Now().Add(o.rules.delay)) // counts from robots.txt already
	return nil
}
