package outcome

import (
	"cmp"
	"errors"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/internal/fault"
)

// This file says in JSON what became of a build.

// Head is how the JSON document of each command begins.
type Head struct {
	Version string `json:"bookci"`
	OK      bool   `json:"ok"`
	Exit    int    `json:"exit_code"`
	Root    string `json:"root,omitempty"` // absolute; the paths below are relative to it
}

// NewHead is that of a run that ended with err; p is nil where no project could be
// opened, and where the results are of several.
func NewHead(version string, p *project.Project, err error) Head {
	h := Head{Version: version, OK: err == nil, Exit: exit.Code(err)}
	if p != nil {
		h.Root = p.Root
	}
	return h
}

// Document is the JSON document of --json.
type Document struct {
	Head
	Results []documentResult `json:"results"`
	Error   *Error           `json:"error,omitempty"` // what went wrong and is no result's own
}

type documentResult struct {
	Book        string             `json:"book"`
	Target      book.Target        `json:"target"`
	Status      string             `json:"status"`          // built, up-to-date or failed
	Draft       bool               `json:"draft,omitempty"` // set by bookci itself, without Re:VIEW
	Artifact    *build.Artifact    `json:"artifact,omitempty"`
	Diagnostics []book.Diagnostic  `json:"diagnostics"`
	Seconds     map[string]float64 `json:"seconds"`
	Log         string             `json:"log,omitempty"`
	Error       *Error             `json:"error,omitempty"`
}

// Error is what went wrong, and what to do about it.
type Error struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// ErrorOf is err for a document, nil for none and for one that the results tell.
func ErrorOf(err error) *Error {
	if err == nil || errors.Is(err, exit.ErrReported) {
		return nil
	}
	return &Error{Message: err.Error(), Hint: fault.Hint(err)}
}

// NewDocument is the document of a build that ended with err; p is nil where no
// project could be opened, and where the results are of several.
func NewDocument(version string, p *project.Project, results []build.Result, err error) Document {
	r := Document{Head: NewHead(version, p, err), Results: []documentResult{}, Error: ErrorOf(err)}
	strict := p != nil && p.Settings.Strict
	for _, res := range results {
		one := documentResult{
			Book: res.Book.Name, Target: res.Target, Status: "built", Draft: res.Draft,
			Diagnostics: book.Shown(res.Diagnostics, strict), Seconds: res.Seconds, Log: belowTop(r.Root, r.Root, res.Log),
			Error: ErrorOf(cmp.Or(res.Err, res.Missing)),
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
	if errors.As(err, &unwritten) {
		r.Error = ErrorOf(unwritten)
	}
	return r
}
