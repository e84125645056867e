// Package review is the language of Re:VIEW 5: a manuscript as a tree.
//
// A Book holds chapters, a chapter blocks, a block inlines, each with the place
// where it stands. The package opens no file: a Manuscript brings what is to be
// read behind a small interface.
package review
