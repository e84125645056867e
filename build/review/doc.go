// Package review reads the language of Re:VIEW 5: bytes in, a tree out.
//
// Read takes a Manuscript (what the catalog names, the config, and the files
// behind a small interface) and gives a Book: chapters of blocks, blocks of
// inlines, each with the place where it stands, numbered and with all references
// resolved; and what is wrong with it as diagnostics, in the words that Re:VIEW's
// own messages get. It opens no file itself and never fails: whatever the bytes
// are there is a tree, in time and memory that grow with them.
//
// It reads as Re:VIEW does, also where that is odd: a heading right below text
// belongs to the paragraph, a table is divided inside of commands, an id given
// twice shifts the numbers. Two things measure it: package build/draft/text
// prints what review-textmaker -n prints, line for line; and what Re:VIEW refuses
// is a fault at the same line. One thing is told that Re:VIEW lets pass: a note
// that is never closed, at which TeX stops.
//
// A line goes through lines.go (bytes to lines), parse*.go (lines to blocks) and
// markup.go with parse_inline.go (text to inlines); numbering.go and resolve.go
// work when all chapters have been read. What Re:VIEW has nothing to say to is
// found by swallow.go (a block without an end), nearmiss.go (text that was meant
// as markup), habits.go (Markdown) and argument.go (what stands in braces), what
// was meant by a wrong name by nearest.go. words.go has every sentence that is said.
package review
