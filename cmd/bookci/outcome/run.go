package outcome

import (
	"cmp"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/reports"
)

// This file puts what became of a run into the words of package reports.

// EmptyRun is a run in the words of package reports, before its results; place
// turns a path below the root into one that reports have.
func EmptyRun(w *world.World, p *project.Project, begun time.Time, err error) (run reports.Run, place func(string) string) {
	run = reports.Run{Version: w.Version, Begun: begun, Seconds: time.Since(begun).Seconds()}
	if err != nil && !errors.Is(err, exit.ErrReported) {
		run.Err, run.Hint = err.Error(), fault.Hint(err)
	}
	if p == nil {
		place = func(name string) string { return name }
		run.Config = book.SettingsFile
	} else {
		top := w.RepositoryTop(p.Root)
		place = func(name string) string { return belowTop(top, p.Root, name) }
		run.Config = place(book.SettingsFile)
		if len(p.Books) > 0 {
			run.Config = place(path.Join(p.Books[0].Dir, p.Books[0].Config))
		}
	}
	return run, place
}

// Result is what became of one artifact.
func Result(res build.Result, only []string, strict bool, place func(string) string) reports.Result {
	one := reports.Result{
		Book: res.Book.Name, Target: string(res.Target), Status: reports.Built,
		Config:   place(path.Join(res.Book.Dir, res.Book.Config)),
		Artifact: reports.Artifact{Path: cmp.Or(res.Address, place(res.Artifact.Path)), Bytes: res.Artifact.Bytes, Pages: res.Artifact.Pages},
	}
	switch {
	case res.UpToDate:
		one.Status = reports.UpToDate
	case res.Err != nil && exit.Code(res.Err) == exit.Book:
		one.Status = reports.Failed
	case res.Err != nil:
		one.Status = reports.Broken
	}
	one.Checked = res.Err == nil || one.Status == reports.Failed && res.Log != ""
	if res.Err != nil {
		one.Err, one.Hint = res.Err.Error(), fault.Hint(res.Err)
		one.Artifact = reports.Artifact{Path: place(res.Kept)}
	}
	for _, s := range res.Seconds {
		one.Seconds += s
	}
	for _, c := range res.Book.ChaptersFor(res.Target) {
		named := func(name string) bool {
			return strings.TrimSuffix(filepath.Base(strings.TrimSpace(name)), ".re") == c.ID
		}
		if len(only) == 0 || slices.ContainsFunc(only, named) {
			one.Chapters = append(one.Chapters, reports.Chapter{ID: c.ID, File: place(c.Path)})
		}
	}
	for _, d := range res.Diagnostics {
		one.Findings = append(one.Findings, Finding(d, strict, place))
	}
	return one
}

// Finding is one diagnostic; strict makes errors of what the makers let pass.
func Finding(d book.Diagnostic, strict bool, place func(string) string) reports.Finding {
	level := reports.Error
	switch {
	case d.Severity == book.Note:
		level = reports.Note
	case d.Severity == book.Warning, d.Severity == book.Lax && !strict:
		level = reports.Warning
	}
	return reports.Finding{
		Level: level, Code: d.Code, File: place(d.File), Line: d.Line, Column: d.Column,
		Message: d.Message, Hint: d.Hint, Source: d.Source, Count: d.Count,
	}
}

// belowTop is name, a slash path below root or an absolute one, as a slash path
// below top, or absolute when it lies elsewhere.
func belowTop(top, root, name string) string {
	if name == "" {
		return ""
	}
	abs := fsx.Absolute(root, name)
	if rel, err := filepath.Rel(top, abs); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(abs)
}
