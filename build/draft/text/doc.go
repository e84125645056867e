// Package text turns the tree of a manuscript into plain text: line for line
// what review-textmaker -n prints for it. It is an artifact of its own, and the
// measure of how well the reader reads as Re:VIEW does.
package text
