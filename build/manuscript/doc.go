// Package manuscript reads a book from its folder into a tree: it opens the
// files that the reader of the language asks for, and only below the root.
package manuscript
