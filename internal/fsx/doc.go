// Package fsx is what this project does to files beyond the os package: folders
// of bookci's own that no link leads astray, exchanges in one step, and the one
// notion of an unchanged file (Stamp).
package fsx
