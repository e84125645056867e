// Package fsx is what this project does to files beyond the os package: folders
// of bookci's own that no link leads astray, and exchanges in one step.
package fsx
