// Package watch turns edits into rebuilds. It knows neither books nor Docker:
// it is told which folders count (Scope), which files in them do not
// (Options.Ignore), and calls a function (Func) once for each burst of edits.
//
// Events are hints, the files are the truth. Whatever an event says, its path
// and kind included, Run only learns from it that it should look. When the
// folders have been quiet for a moment it looks at all of them (scan.go), and
// compares what they hold, by content, with what the last build read
// (snapshot.go). So a lost, doubled, misnamed or reordered event costs at most
// time; a touched file, a save without a change and an edit that was taken
// back cost nothing; a checkout of 500 files is one difference. A look at
// 1,000 files takes a few milliseconds, which makes the alternative, keeping a
// model of the tree up to date event by event, not worth its errors.
//
// Polling is then the same loop with the clock in the place of the events
// (loop.go), and a slow poll runs under the events as well: it finds what they
// miss, and when it does, events are not trusted any more.
//
// Nothing in this package prints, exits or reads the process environment.
// The only goroutines are those of one running Func and of the event source;
// Run waits for both before it returns.
package watch
