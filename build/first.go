package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/source"
)

// First returns the job that makes the pages of some chapters of job alone, with
// the numbers that they had in the last good PDF of the whole book. whole is how
// long the maker took for that PDF. ok is false where none is known.
//
// The pages are published beside the book, as an artifact of --only is. The next
// build learns nothing from that job.
func (b *Builder) First(job Job, chapters []string) (first Job, whole time.Duration, ok bool) {
	if b.anew() || b.Draft || len(job.Only) > 0 || job.Command[book.PDF] != "" {
		return Job{}, 0, false
	}
	record := b.record(job, book.PDF)
	if _, err := os.Stat(record.learntDir()); err != nil || record.Entry.Path == "" {
		return Job{}, 0, false
	}
	job.Targets, job.Only, job.first = []book.Target{book.PDF}, chapters, true
	return job, time.Duration(record.Seconds["make"] * float64(time.Second)), true
}

// maxBeside bounds the sources, in bytes, of which a second work tree is held, and
// mostBeside how many books have one.
const (
	maxBeside  = 256 << 20
	mostBeside = 2
)

// Beside returns first, which Builder.First made, as a job that Build can do while
// it makes the whole book: in a session of its own. ok is false where nothing is
// gained by that, or much memory lost.
func (b *Builder) Beside(first Job) (beside Job, ok bool) {
	var bytes int64
	for _, f := range first.Tree {
		bytes += f.Size
	}
	if b.Jobs < 2 || !b.KeepOpen || bytes > maxBeside {
		return first, false
	}
	first.beside = true
	b.mu.Lock()
	defer b.mu.Unlock()
	if name := first.Book.Name; b.besides[name] == nil {
		if len(b.besides) == mostBeside {
			return first, false
		}
		if b.besides == nil {
			b.besides = map[string]chan struct{}{}
		}
		b.besides[name] = make(chan struct{}, 1)
	}
	return first, true
}

// Ready opens the session of a job that Beside returned, and fills it, so that the
// next such job finds it warm. It need not succeed. It may read while another bookci
// builds: what it brings then is brought again, see bringLearnt, and Sync tells of
// sources that change.
func (b *Builder) Ready(ctx context.Context, job Job) {
	const patience = time.Minute // nobody waits for it
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done, err := b.holdBeside(ctx, job)
	if err != nil {
		return
	}
	defer done()
	if err := b.ready(ctx, job); err != nil && !errors.Is(err, source.ErrChanged) {
		b.release(job.sessionKey())
	}
}

func (b *Builder) ready(ctx context.Context, job Job) error {
	code, err := b.code(job)
	if err != nil {
		return err
	}
	s, _, err := b.session(ctx, job, code, book.PDF.Maker())
	if err != nil {
		return err
	}
	return s.Sync(ctx, job.Tree)
}

// holdBeside keeps others from the job's session until done is called.
func (b *Builder) holdBeside(ctx context.Context, job Job) (done func(), err error) {
	b.mu.Lock()
	hold := b.besides[job.Book.Name]
	b.mu.Unlock()
	select {
	case hold <- struct{}{}:
		return func() { <-hold }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// bringLearnt gives the session what TeX learnt at the last good build of the
// whole book. That was made in another session.
func (b *Builder) bringLearnt(ctx context.Context, job Job, s *variantSession) error {
	record := b.wholeRecord(job)
	seeds := record.learnt(s.makers, s.code)
	if len(seeds) == 0 || s.learnt.Equal(record.At) {
		return nil
	}
	own := s.Paths().Own
	if status, err := s.Run(ctx, engine.Command{Argv: []string{"rm", "-rf", path.Join(own, seeds[0].To)}}); err != nil || status != 0 {
		return cmp.Or(err, fmt.Errorf("removing what an older build left: exit status %d", status))
	}
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() { pw.CloseWithError(inside.WriteSeeds(pw, seeds)) }()
	if err := s.Put(ctx, own, pr); err != nil {
		return err
	}
	s.learnt = record.At
	return nil
}

// firstEnv tells the programs of a session to make a chapter's pages in one
// pass, from a copy of what the whole book left: see bookci-begin,
// lib/bookci_first.rb and lib/tex.
func (m *making) firstEnv() []string {
	return []string{
		"BOOKCI_CHAPTER_FIRST=1", "BOOKCI_ONE_PASS=1", "BOOKCI_SEED=" + m.kept(),
		"BOOKCI_STATE=" + path.Join(m.session.Paths().Own, "state", string(m.target)+"-first"),
	}
}
