// Package watcher keeps a book built: package watch tells it of edits, and it reads
// the project anew, builds it in a workshop that stays warm, and says what became
// of it.
//
// The sessions stay from one build to the next as long as the settings and the
// image do. The root is held during a build alone. A lookout tells the
// manuscript's errors within milliseconds of a save, edited chapters of a long book
// come first, the user's commands follow a build, and what may mend itself is tried
// again after pauses. The room is told what the command line says. It knows neither
// makers nor Docker, and leaves the page to package previewer.
package watcher
