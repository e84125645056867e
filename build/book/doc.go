// Package book is what the author has: a Re:VIEW config, the catalog of its
// chapters, and what both say about the targets.
//
// It promises to read them as Re:VIEW does, to find every fault that can be
// found without running anything, and to say each as a Diagnostic at its line.
// It is told a root and a folder. It opens files below the root only, and knows
// neither engines nor makers' output.
package book
