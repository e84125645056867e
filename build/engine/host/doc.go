// Package host runs makers that are on this machine's PATH, in a temporary work
// tree: for a CI job that already runs inside the image. It isolates nothing
// but the manuscript.
package host
