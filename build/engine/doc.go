// Package engine is the contract between a build and the place where makers
// run: an Engine opens Sessions, and a Session holds a private work tree.
//
// The engines lie below it, a room each. The suite in conformance_test.go holds
// all of them to the contract; enginetest has what it and their own tests share.
package engine
