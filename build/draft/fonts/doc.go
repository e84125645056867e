// Package fonts holds the typefaces of the draft: BIZ UD Gothic and BIZ UD
// Mincho, subset to what Japanese books use, and reads TrueType files.
//
// A Face tells which glyph a character has and how wide it is, and makes the
// subset that a PDF embeds. It draws nothing and sets nothing. The fonts are
// data of the binary: subset.py beside this file makes them from Debian's
// packages, and OFL.txt is their licence.
package fonts
