package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
)

// This file says in words, and in JSON, what became of a build.

// maxWarnings is how many warnings are shown one by one; the log has them all.
const maxWarnings = 10

// say writes on stderr what became of one target: its diagnostics, each at its
// place, and one line that sums up.
func (a *app) say(p progress, root, dir string, res build.Result) {
	var shown []book.Diagnostic
	var warnings int
	for _, d := range res.Diagnostics {
		if d.Severity == book.Warning {
			if warnings++; warnings > maxWarnings {
				continue
			}
		}
		shown = append(shown, d)
	}
	for _, d := range shown {
		d.File = relativeTo(root, dir, d.File)
		p.println(a.paint(d))
	}
	if rest := warnings - maxWarnings; rest > 0 {
		p.println(fmt.Sprintf("bookci: %d more warnings in %s", rest, relativeTo("", dir, res.Log)))
	}
	name := res.Book.Name + " " + string(res.Target)
	switch {
	case res.Err != nil:
		p.println(fmt.Sprintf("bookci: %s: %s", name, a.sum(res)))
		if h := hint(res.Err); h != "" {
			p.println("hint: " + h)
		}
		if res.Log != "" {
			p.println("hint: the whole log is in " + relativeTo("", dir, res.Log))
		}
		if old := res.Kept; old != "" {
			p.println("bookci: the last good " + relativeTo(root, dir, old) + " is kept")
		}
	case res.UpToDate:
		p.println(fmt.Sprintf("bookci: %s: up to date", name))
	default:
		p.println(fmt.Sprintf("bookci: %s: %s", name, a.sum(res)))
	}
}

// sum is the one line about a result.
func (a *app) sum(res build.Result) string {
	if res.Err != nil {
		return res.Err.Error()
	}
	var total float64
	for _, s := range res.Seconds {
		total += s
	}
	text := size(res.Artifact.Bytes)
	if res.Artifact.Pages > 0 {
		text = fmt.Sprintf("%d pages, %s", res.Artifact.Pages, text)
	}
	return fmt.Sprintf("%s in %.1f s", text, total)
}

// paint is a diagnostic as compilers write them, so that editors find the
// place; in colour on a terminal.
func (a *app) paint(d book.Diagnostic) string {
	text := d.String()
	if !a.colour() {
		return text
	}
	word, code := "error", "31;1"
	switch d.Severity {
	case book.Warning, book.Lax:
		word, code = "warning", "33;1"
	}
	return strings.Replace(text, word+":", "\x1b["+code+"m"+word+":\x1b[0m", 1)
}

// colour reports whether stderr takes it.
func (a *app) colour() bool {
	return a.term && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb" && a.getenv("CI") == ""
}

// relativeTo is name, a slash path below root or an absolute one, as seen
// from dir where that is shorter.
func relativeTo(root, dir, name string) string {
	if name == "" {
		return ""
	}
	abs := filepath.FromSlash(name)
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(root, abs)
	}
	if rel, err := filepath.Rel(dir, abs); err == nil && len(rel) < len(abs) {
		return rel
	}
	return abs
}

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
	Status      string             `json:"status"` // built, up-to-date or failed
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
	return &errorReport{Message: err.Error(), Hint: hint(err)}
}

// newReport is the report of a build that ended with err.
func newReport(root string, results []build.Result, err error) report {
	r := report{Version: bookciVersion(), OK: err == nil, Exit: exitCode(err), Root: root, Results: []resultReport{}}
	for _, res := range results {
		one := resultReport{
			Book: res.Book.Name, Target: res.Target, Status: "built",
			Diagnostics: res.Diagnostics, Seconds: res.Seconds, Log: belowTop(root, root, res.Log),
			Error: newErrorReport(res.Err),
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
		}
		r.Results = append(r.Results, one)
	}
	var unwritten *unwrittenError
	switch {
	case errors.As(err, &unwritten):
		r.Error = newErrorReport(unwritten)
	case err != nil && !errors.Is(err, errReported):
		r.Error = newErrorReport(err)
	}
	return r
}

// answer prints the one document of --json.
func (a *app) answer(doc any) error {
	a.answered = true
	return writeJSON(a.stdout, doc)
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
