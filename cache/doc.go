// Package cache keeps container images as compressed tarballs in a folder, so
// that a CI job does not pull two gigabytes that an earlier job already had.
//
// Save streams an image out of the daemon, checks it as it flows (scan.go),
// compresses it on all cores (pack.go) and publishes it by rename, the index
// last (index.go). Restore decides what the daemon lacks, checks those bytes of
// the tarball (check.go) and streams them into the load call (feed.go, restore.go).
// A Lock (lock.go) pins which content a reference stands for, and BuildImage
// (imagebuild.go) makes an image of the book's own.
//
// Everything that is wrong with a kept tarball is a *Miss with its reason and
// never an image with other content. Several processes may use one folder.
//
// Nothing in this package prints, exits, reads the process environment or the clock.
package cache
