package build

import (
	"slices"
	"sync"

	"github.com/bookci/bookci/build/event"
)

// groups are the indices of jobs that are done one after the other: with Together
// those of one book, else each by itself.
func (b *Builder) groups(jobs []Job) [][]int {
	var groups [][]int
	at := map[string]int{}
	for i, job := range jobs {
		if g, ok := at[job.Book.Dir]; ok && b.Together {
			groups[g] = append(groups[g], i)
			continue
		}
		at[job.Book.Dir] = len(groups)
		groups = append(groups, []int{i})
	}
	return groups
}

// fleet is how many books are shown by their number.
const fleet = 10

// counter tells, after each book of a fleet, how many there are and are done with.
func (b *Builder) counter(total int) func([]Result) {
	if total < fleet {
		return func([]Result) {}
	}
	var mu sync.Mutex
	e := event.Event{Kind: event.Count, Total: int64(total)}
	b.emit(e)
	return func(results []Result) {
		mu.Lock()
		defer mu.Unlock()
		e.N++
		if slices.ContainsFunc(results, func(r Result) bool { return r.Err != nil }) {
			e.Failed++
		}
		b.emit(e)
	}
}
