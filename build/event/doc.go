// Package event is what happens while a book is built, as told to whoever
// watches: stages, chapters, passes, pages, bytes. It decides nothing.
package event
