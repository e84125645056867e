package links

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// This file takes a page from one request to the next, up to the last word about it.

// step takes a task one request further. A task that ctx cut short is dropped:
// it has seen nothing yet.
func (r *run) step(ctx context.Context, t *task) {
	if ctx.Err() != nil {
		return
	}
	if len(t.hops) > 0 && r.o.Rules.Ignore != nil && r.o.Rules.Ignore(t.at.String()) {
		r.end(ctx, t, &Item{NotAsked: notByRules})
		return
	}
	o := r.origin(t.at)
	if o.givenUp != nil {
		gone := *o.givenUp
		t.first = &gone
		item := &Item{Try: gone}
		if gone.Error == notByPause {
			item.Error, item.NotAsked, t.first = "", notByPause, nil
		}
		r.end(ctx, t, item)
		return
	}
	if o.rules == nil {
		if err := r.askRobots(ctx, o, t.at); err != nil {
			return
		}
		if o.rules == nil || o.givenUp != nil { // not now, or not at all
			r.enqueue(ctx, t, true)
			return
		}
	}
	if !o.rules.allows(t.at.RequestURI()) {
		r.end(ctx, t, &Item{NotAsked: notByRobots})
		return
	}
	var answer reply
	var wait time.Duration
	gate := r.gates.of(t.at.Hostname())
	err := r.gates.pass(ctx, t.at.Hostname(), func() {
		answer = r.ask(t.at, bodyLimit, t.conditions())
		if wait = answer.retryAfter(r.o.Now()); wait > 0 && wait <= patience && (answer.status == 429 || answer.status == 503) {
			gate.rest(r.o.Now().Add(wait))
		}
	})
	if err != nil {
		return
	}
	if r.hard.Err() != nil && answer.err != nil {
		return // the end of the run cut the request off: nothing was seen
	}
	if noRoots(answer.err) {
		r.stop(ErrNoRoots)
		return
	}
	if answer.status != 0 {
		r.mu.Lock()
		r.alive = true
		r.mu.Unlock()
	}
	if to, text, ok := answer.location(t.at); ok {
		r.follow(ctx, t, answer.status, to, text)
		return
	}
	r.judge(ctx, o, t, answer, wait)
}

// ask sends a request that the end of the run does not cut off at once.
func (r *run) ask(u *url.URL, limit int, more http.Header) reply {
	ctx, cancel := context.WithTimeout(r.hard, r.o.requestTime)
	defer cancel()
	return ask(ctx, r.transport, u, r.agent, limit, more)
}

// conditions are headers that ask for changes only, where the body is known.
func (t *task) conditions() http.Header {
	k := t.known
	if k == nil || k.FinalURL != t.at.String() || k.ETag == "" && k.LastModified == "" {
		return nil
	}
	h := http.Header{}
	if k.ETag != "" {
		h.Set("If-None-Match", k.ETag)
	} else {
		h.Set("If-Modified-Since", k.LastModified)
	}
	return h
}

// follow queues a redirect with the host that it leads to.
func (r *run) follow(ctx context.Context, t *task, status int, to *url.URL, text string) {
	if to == nil {
		text = plain(errors.New(text))
		t.hops = append(t.hops, Hop{status, text})
		r.end(ctx, t, &Item{Try: Try{Status: status, Error: failRedirect, Detail: text}})
		return
	}
	if t.passed == nil {
		t.passed = map[string]bool{}
	}
	t.passed[t.at.String()] = true
	t.hops = append(t.hops, Hop{status, to.String()})
	t.at = to
	switch {
	case t.passed[to.String()]:
		r.end(ctx, t, &Item{Try: Try{Status: status, Error: failCircle}})
	case len(t.hops) > maxHops:
		r.end(ctx, t, &Item{Try: Try{Status: status, Error: failRedirects}})
	default:
		r.enqueue(ctx, t, true)
	}
}

// judge decides whether the answer is the last word about a page.
func (r *run) judge(ctx context.Context, o *origin, t *task, answer reply, wait time.Duration) {
	try := answer.try()
	now := r.o.Now()
	r.health(o, t, try, wait, now)
	if c := try.class(); (c == definite || c == passing) && t.first == nil {
		again := &task{page: t.page, at: t.page.at, first: &try, after: now.Add(r.o.retryPause)}
		r.enqueue(ctx, again, false)
		return
	}
	r.end(ctx, t, r.item(t, try, answer))
}

// item is what was seen of a task's page, the body included.
func (r *run) item(t *task, try Try, answer reply) *Item {
	if try.Status == 304 && t.known != nil {
		item := *t.known
		item.Try, item.Remembered = try, false
		return &item
	}
	item := &Item{Try: try}
	if answer.status == 0 {
		return item
	}
	h := answer.header
	item.ContentType, item.ETag, item.LastModified = headerValue(h, "Content-Type"), headerValue(h, "ETag"), headerValue(h, "Last-Modified")
	item.Bytes, item.Truncated = len(answer.body), answer.truncated
	sum := sha256.Sum256(answer.body)
	item.SHA256 = hex.EncodeToString(sum[:])
	item.BodyBytes = answer.body // read as text when it is recorded, one page at a time
	return item
}

// headerValue is a header's value as text that JSON can hold.
func headerValue(h http.Header, key string) string {
	v := strings.ToValidUTF8(h.Get(key), "\uFFFD")
	if len(v) > 1000 {
		return ""
	}
	return v
}
