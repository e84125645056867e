// Package outcome tells what became of a run: people in lines on stderr and paths on
// stdout, programs in the JSON document of --json, and a CI in files, annotations
// and a summary, whose forms are package reports'.
//
// It is told results and where the root lies, and gives the error back from which
// the exit status follows. It knows no engine and no flags but those that name its
// files.
package outcome
