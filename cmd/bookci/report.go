package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/internal/fault"
)

// This file says in JSON what became of a build.

// report is the JSON document of --json.
type report struct {
	Version string         `json:"bookci"`
	OK      bool           `json:"ok"`
	Exit    int            `json:"exit_code"`
	Root    string         `json:"root,omitempty"` // absolute; the paths below are relative to it
	Results []resultReport `json:"results"`
	Error   *errorReport   `json:"error,omitempty"` // what went wrong and is no result's own
}

type resultReport struct {
	Book        string             `json:"book"`
	Target      book.Target        `json:"target"`
	Status      string             `json:"status"`          // built, up-to-date or failed
	Draft       bool               `json:"draft,omitempty"` // set by bookci itself, without Re:VIEW
	Artifact    *build.Artifact    `json:"artifact,omitempty"`
	Diagnostics []book.Diagnostic  `json:"diagnostics"`
	Seconds     map[string]float64 `json:"seconds"`
	Log         string             `json:"log,omitempty"`
	Error       *errorReport       `json:"error,omitempty"`
}

type errorReport struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func newErrorReport(err error) *errorReport {
	if err == nil {
		return nil
	}
	return &errorReport{Message: err.Error(), Hint: fault.Hint(err)}
}

// newReport is the report of a build that ended with err.
func newReport(root string, results []build.Result, err error) report {
	r := report{Version: bookciVersion(), OK: err == nil, Exit: exit.Code(err), Root: root, Results: []resultReport{}}
	for _, res := range results {
		one := resultReport{
			Book: res.Book.Name, Target: res.Target, Status: "built", Draft: res.Draft,
			Diagnostics: res.Diagnostics, Seconds: res.Seconds, Log: belowTop(root, root, res.Log),
			Error: newErrorReport(cmp.Or(res.Err, res.Missing)),
		}
		if one.Diagnostics == nil {
			one.Diagnostics = []book.Diagnostic{}
		}
		switch {
		case res.Err != nil:
			one.Status = "failed"
		case res.UpToDate:
			one.Status = "up-to-date"
		}
		if res.Artifact.Path != "" {
			one.Artifact = &res.Artifact
			one.Artifact.Path = cmp.Or(res.Address, res.Artifact.Path)
		}
		r.Results = append(r.Results, one)
	}
	var unwritten *unwrittenError
	switch {
	case errors.As(err, &unwritten):
		r.Error = newErrorReport(unwritten)
	case err != nil && !errors.Is(err, exit.ErrReported):
		r.Error = newErrorReport(err)
	}
	return r
}

// answer prints the one document of --json.
func (a *app) answer(doc any) error {
	a.answered = true
	return writeJSON(a.Stdout, doc)
}

// wantsJSON reports whether cmd was given --json, also when a mistake before it
// kept it from being read.
func wantsJSON(cmd *cobra.Command, args []string) bool {
	flag := cmd.Flags().Lookup("json")
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return flag != nil && (flag.Value.String() == "true" || slices.Contains(args, "--json"))
}

func writeJSON(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
