// Package world is what every command needs of the world outside: the streams,
// the environment, the terminal, and the CI that bookci may run in.
//
// It is told all of that once, by main, so that a test may tell it something
// else. It knows nothing of books, settings and engines.
package world
