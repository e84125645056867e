// Package draft sets a book without Re:VIEW and TeX: for reading and for
// finding faults, never for the printer.
//
// A Draft is told a manuscript that review has read and where its images lie.
// It gives pages, and writes them as a PDF. The same manuscript gives the same
// bytes. It knows nothing of engines, targets or the command line, and reads
// neither clock nor environment.
package draft
