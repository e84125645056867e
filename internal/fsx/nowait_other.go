//go:build !unix

package fsx

// doNotWait is of no use where pipes do not lie among files.
const doNotWait = 0
