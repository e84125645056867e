package screen

import (
	"fmt"

	"github.com/bookci/bookci/build/event"
)

// fleet is how far many books are. Its zero value is for few, which are shown one
// by one.
type fleet struct {
	done, total, failed int64
	told                map[string]bool // what books have said
}

// absorbs reports whether an event needs no line of its own: it counts the fleet's
// books, or says what another of them has said already.
func (f *fleet) absorbs(e event.Event) bool {
	switch {
	case e.Kind == event.Count:
		f.done, f.total, f.failed = e.N, e.Total, e.Failed
		return true
	case e.Kind == event.Note && f.total > 0 && e.Book != "":
		// What one book waits for, all of them wait for.
		const most = 1000
		if f.told[e.Text] {
			return true
		}
		if f.told == nil || len(f.told) > most {
			f.told = map[string]bool{}
		}
		f.told[e.Text] = true
	}
	return false
}

func (f *fleet) under() bool { return f.total > 0 && f.done < f.total }

// line is the counts in words. atWork is how many books are being built.
func (f *fleet) line(atWork int) string {
	text := fmt.Sprintf("%d of %d books done", f.done, f.total)
	if f.failed > 0 {
		text += fmt.Sprintf(", %d of them failed", f.failed)
	}
	return fmt.Sprintf("%s, %d at work", text, atWork)
}

// every is after how many books a log gets a line.
func (f *fleet) every() int64 { return max(1, f.total/20) }
