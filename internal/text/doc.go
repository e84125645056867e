// Package text makes foreign text fit to be shown: printable, bounded, and with
// the nearest right word beside a wrong one.
package text
