// Package process starts commands apart from bookci, ends them together with all
// that they have started, and tells which processes still run.
package process
