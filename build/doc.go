// Package build turns a Re:VIEW book into artifacts.
//
// The flow, one file a step: FindBook reads the book (book.go, config.go,
// catalog.go), Fingerprint tells whether anything it depends on has changed
// (fingerprint.go), an Engine opens a Session (engine.go, docker.go, host.go),
// the Session runs the maker in a private work tree, the maker's log becomes
// Diagnostics (diagnose.go), and the artifact is checked and published by
// rename (artifact.go, manifest.go).
//
// Nothing in this package prints, exits, reads the process environment or the
// clock: all of that comes in through Options.
package build
