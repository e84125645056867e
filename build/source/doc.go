// Package source is what a build reads: the files below the root.
//
// It lists them in one walk (Find), tells those that an artifact depends on
// from those that merely go along (Inputs), hashes them, dates them, and moves
// them as tar streams whose every entry is checked on the way back. It is told
// a root and what to leave out. It knows neither engines nor makers.
package source
