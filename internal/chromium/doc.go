// Package chromium shows pages in a real browser to tests.
//
// The browser's driver has many dependencies and is a program of another module,
// bench/chromium; this package builds and starts it, and speaks with it in lines
// of JSON. A test is skipped where there is no Chromium, and where the driver
// cannot be built.
package chromium
