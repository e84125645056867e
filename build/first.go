package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
)

// First returns the job that makes the pages of some chapters of job alone, with
// the numbers that they had in the last good PDF of the whole book. whole is how
// long the maker took for that PDF. ok is false where none is known.
//
// The pages are published beside the book, as an artifact of --only is. The next
// build learns nothing from that job.
func (b *Builder) First(job Job, chapters []string) (first Job, whole time.Duration, ok bool) {
	if b.anew() || len(job.Only) > 0 || job.Command[book.PDF] != "" {
		return Job{}, 0, false
	}
	record := b.record(job, book.PDF)
	if _, err := os.Stat(record.learntDir()); err != nil || record.Entry.Path == "" {
		return Job{}, 0, false
	}
	job.Targets, job.Only, job.first = []book.Target{book.PDF}, chapters, true
	return job, time.Duration(record.Seconds["make"] * float64(time.Second)), true
}

// maxBeside bounds the sources, in bytes, of which a second work tree is held.
const maxBeside = 256 << 20

// Beside returns first, which Builder.First made, as a job that Build can do while
// it makes the whole book: in a session of its own. ok is false where nothing is
// gained by that, or much memory lost.
func (b *Builder) Beside(first Job) (beside Job, ok bool) {
	var bytes int64
	for _, f := range first.Tree {
		bytes += f.Size
	}
	first.beside = true
	return first, b.Jobs > 1 && b.KeepOpen && bytes <= maxBeside
}

// Ready opens the session of a job that Beside returned, and fills it, so that the
// next such job finds it warm. It need not succeed.
func (b *Builder) Ready(ctx context.Context, job Job) {
	defer b.holdBeside(job)()
	if err := b.ready(ctx, job); err != nil {
		b.release(job.sessionName())
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
	return errors.Join(s.Sync(ctx, job.Tree), b.bringLearnt(ctx, job, s))
}

// holdBeside keeps others from the job's session until the answer is called.
func (b *Builder) holdBeside(job Job) (release func()) {
	mu, _ := b.besides.LoadOrStore(job.sessionName(), &sync.Mutex{})
	mu.(*sync.Mutex).Lock()
	return mu.(*sync.Mutex).Unlock
}

// bringLearnt gives the session what TeX learnt at the last good build of the
// whole book. That was made in another session.
func (b *Builder) bringLearnt(ctx context.Context, job Job, s *variantSession) error {
	seeds := b.learnt(job, s.makers, s.code)
	whole := job
	whole.Only = nil
	now := b.record(whole, book.PDF).At.String()
	if len(seeds) == 0 || s.learnt == now {
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
	s.learnt = now
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
