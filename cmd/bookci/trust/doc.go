// Package trust keeps the user's word for what a bookci.yml asks for beyond
// bookci's promises.
//
// bookci.yml comes with the manuscript. What it asks for waits for the user's
// word, which is kept outside the book and bound to the very values: another value
// is asked for again, as direnv does it. The room is told a root and what its
// settings ask for; which keys those are, package settings says.
package trust
