package inside

// NotesDir is the folder below Paths.Own where a session's programs leave what
// they noted about the last run; see ReadNotes.
const NotesDir = "run/notes"

const (
	EventMark  = 0x1e // begins an event line: a record separator, which no maker prints
	EventLimit = 4096 // longest event line, its mark and line break included
)
