// Package preview shows a book while it is written: a page in the browser that
// follows the builds of a watch. It knows neither builds nor Docker: it is told
// what was saved (Server.Peek) and what became of it (Server.Built), and works
// in a Room that it is given, where Re:VIEW and a renderer of PDFs are at hand.
//
// What the browser gets comes in two ways. The page itself, its style, its
// script and the answers to it come from one origin. The chapter's HTML, which
// may hold anything that an author or a stranger's pull request put there, is
// shown in a frame with an opaque origin: it cannot read the page, nor run any
// script, nor reach anything but the book's own pictures and stylesheets.
//
// An edit takes one of two paths. A saved chapter is sent at once to a process
// that has Re:VIEW and the book loaded (text.go) and is on the screen a tenth
// of a second later. A new PDF (edition.go) is compared with the last one page
// by page; only pages that are looked at are drawn (pages.go), and those that
// look the same as before are not drawn again.
//
// Nothing in this package prints, exits or reads the process environment.
package preview
