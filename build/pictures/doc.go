// Package pictures is the memory of what dvipdfmx compressed: streams of a book's
// pictures as they stand in its PDF, kept between builds. What looks them up is
// the C library in build/inside/native, which tells what an entry is; this package
// keeps the entries on this machine, takes in what a session adds, and tells a
// session which pictures it could compress before anybody asks.
//
// No entry is believed: the library decompresses what it finds and compares it
// with what it was asked for, to the last byte. Here entries are counted, and
// bounded in size and number.
package pictures
