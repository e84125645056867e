// Package build turns a Re:VIEW book into artifacts.
//
// A Builder is told what to make (Job) and where everything lies, and returns a
// Result for each target. One file is one step: build.go decides what has to be
// made, making.go runs a maker, record.go remembers what it was made from,
// artifact.go and epub.go check and settle what came out, publish.go publishes
// it whole or not at all, and manifest.go says so in bookci.json.
//
// The rooms below it know one thing each: book what the author has, source what
// a build reads, engine where makers run, diagnose what their output means.
//
// Nothing in these packages prints, exits, or reads the environment or the clock.
package build
