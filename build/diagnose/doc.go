// Package diagnose turns a maker's output into Diagnostics at the lines of the
// manuscript.
//
// A Log reads the output as it comes, in bounded memory: Re:VIEW's lines
// (reviewlog.go), TeX's (texlog.go), other tools' (toollog.go), and what
// bookci's own programs report (signal.go). At its end, Diagnostics says what is
// wrong (explain.go) and where (locate.go, by positions.go and manuscript.go).
// The output is not trusted: it may be endless, binary, or made up.
package diagnose
