// Package ahead tells the manuscript's errors before the makers do.
//
// A build looks at the manuscript itself while its engine opens, and tells the
// errors at once. They are a forecast: the maker decides. An error that the maker
// finds as well is not told again; one that the maker lets pass is taken back. The
// room is told a project and the builder's events, and knows nothing of engines.
package ahead
