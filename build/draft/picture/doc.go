// Package picture reads image files for a PDF: how large they are, and their
// pixels in a form that a PDF takes.
//
// JPEG and opaque PNG are taken as they are. Images with transparency are laid
// on white, row by row, so that an image costs a few rows of memory. What an
// image costs is bounded by its header, before any pixel is read.
package picture
