package build

import (
	"os"
	"path"
	"time"

	"github.com/bookci/bookci/build/book"
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

// firstEnv tells the programs of a session to make a chapter's pages in one
// pass, from a copy of what the whole book left: see bookci-begin,
// lib/bookci_first.rb and lib/tex.
func (m *making) firstEnv() []string {
	return []string{
		"BOOKCI_CHAPTER_FIRST=1", "BOOKCI_ONE_PASS=1", "BOOKCI_SEED=" + m.kept(),
		"BOOKCI_STATE=" + path.Join(m.session.Paths().Own, "state", string(m.target)+"-first"),
	}
}
