package build

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/event"
)

// variantSession is a session, the makers that it was opened with, and the code
// that has run in it.
type variantSession struct {
	engine.Session
	makers Makers
	code   string
	learnt time.Time // when what bringLearnt last brought was made
}

// sessionKey names a session of a Builder.
type sessionKey struct {
	variant string
	beside  bool // for jobs of Builder.Beside
}

func (job Job) sessionKey() sessionKey { return sessionKey{job.Book.Name, job.beside} }

// session returns the session of a job, in which maker may get ready.
func (b *Builder) session(ctx context.Context, job Job, code, maker string) (*variantSession, Makers, error) {
	s, makers, err := b.opened(ctx, job, code, maker)
	if err == nil && job.beside {
		err = b.bringLearnt(ctx, job, s)
	}
	return s, makers, err
}

// opened returns the open session of a job, or opens one. A session in which other
// code has run is renewed or closed: that code may have left processes and files.
func (b *Builder) opened(ctx context.Context, job Job, code, maker string) (*variantSession, Makers, error) {
	key := job.sessionKey()
	b.mu.Lock()
	s := b.sessions[key]
	b.mu.Unlock()
	if s != nil && s.code == code {
		return s, s.makers, nil
	}
	opts := func(makers Makers) engine.SessionOptions {
		return engine.SessionOptions{
			Root:   b.Root,
			Dir:    job.Book.Dir,
			Env:    b.Env,
			Seeds:  b.seeds(job, makers, code),
			Maker:  maker,
			Hidden: job.Hidden,
			Steady: job.steady,
			Note: func(format string, args ...any) {
				b.emit(event.Event{Kind: event.Note, Book: job.Book.Name, Text: fmt.Sprintf(format, args...)})
			},
		}
	}
	if s != nil {
		if r, ok := s.Session.(engine.Renewer); ok {
			s.code, s.learnt = code, time.Time{}
			return s, s.makers, r.Renew(ctx, opts(s.makers))
		}
	}
	if err := b.closeSession(key); err != nil {
		return nil, Makers{}, err
	}
	eng, makers, err := b.Engine(ctx)
	if err != nil {
		return nil, Makers{}, err
	}
	opened, err := eng.Open(ctx, opts(makers))
	if err != nil {
		return nil, Makers{}, err
	}
	s = &variantSession{Session: opened, makers: makers, code: code}
	b.mu.Lock()
	b.sessions[key] = s
	b.mu.Unlock()
	return s, makers, nil
}

// seeds are what a session starts with: the fonts that TeX has prepared, what TeX
// learnt at the last good build, the artifacts and the memory of pictures. The
// first two were written by what ran then: they count for the same code and makers.
func (b *Builder) seeds(job Job, makers Makers, code string) []engine.Seed {
	if !job.beside && b.anew() { // Builder.First made no such job then; Ready may read nothing that a watch sets
		return nil
	}
	seeds := []engine.Seed{
		{From: b.fontCache(makers.and(code)), To: "texmf-var"},
		{From: b.Artifacts, To: artifactsHere, InPlace: engine.OnlyInPlace},
	}
	if memory, err := b.memory(job, makers); err == nil {
		seeds = append(seeds, engine.Seed{From: memory.Folder(), To: picturesKept, InPlace: engine.InPlaceIfSeen})
	}
	if job.beside {
		return seeds // bringLearnt brings the rest
	}
	return append(seeds, b.wholeRecord(job).learnt(makers, code)...)
}

// wholeRecord is the record of the whole book's PDF for a job of Builder.First, whose
// pages have the numbers of the whole, and the job's own for others.
func (b *Builder) wholeRecord(job Job) *record {
	if job.first {
		job.Only = nil
	}
	return b.record(job, book.PDF)
}

// learnt is what TeX learnt at the last good build, where the same makers and code
// ran then.
func (r *record) learnt(makers Makers, code string) []engine.Seed {
	if r.Makers != makers || r.Code != code {
		return nil
	}
	return []engine.Seed{{From: r.learntDir(), To: "state/" + string(book.PDF)}}
}

func (b *Builder) closeSession(key sessionKey) error {
	b.mu.Lock()
	s := b.sessions[key]
	delete(b.sessions, key)
	b.mu.Unlock()
	if s == nil {
		return nil
	}
	return s.Close()
}

// release closes a session that has done its work.
func (b *Builder) release(key sessionKey) {
	if err := b.closeSession(key); err != nil {
		b.emit(event.Event{Kind: event.Note, Book: key.variant, Text: err.Error()})
	}
}

// handOver gives the session of one variant, if it has one, to the next. It is
// renewed before other code runs in it.
func (b *Builder) handOver(from, to sessionKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.sessions[from]; s != nil {
		delete(b.sessions, from)
		b.sessions[to] = s
	}
}

// healthy reports whether the session may be used further: nothing failed, or the
// book did.
func healthy(results []Result) bool {
	for _, r := range results {
		var maker *MakerError
		if r.Err != nil && !errors.As(r.Err, &maker) {
			return false
		}
	}
	return true
}
