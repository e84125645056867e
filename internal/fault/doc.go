// Package fault is what an error says beyond its words: whose fault it is, and
// what to do about it.
package fault
