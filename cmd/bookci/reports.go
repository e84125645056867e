package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/reports"
)

// reportFlags name the files that a build leaves for the CI that runs it.
type reportFlags struct {
	junit, quality, sarif string
}

func (r *reportFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&r.junit, "junit", "", "write a JUnit report to this file, as Jenkins, CircleCI and GitLab read it")
	flags.StringVar(&r.quality, "code-quality", "", "write a GitLab Code Quality report to this file")
	flags.StringVar(&r.sarif, "sarif", "", "write a SARIF 2.1.0 report to this file")
}

// reportFile is a report to be written to a file.
type reportFile struct {
	name  string // as given
	write func(io.Writer, reports.Run) error
}

func (r *reportFlags) list() []reportFile {
	all := []reportFile{{r.junit, reports.WriteJUnit}, {r.quality, reports.WriteCodeQuality}, {r.sarif, reports.WriteSARIF}}
	return slices.DeleteFunc(all, func(f reportFile) bool { return f.name == "" })
}

// files are the absolute paths of the reports, by their real names as far as
// they exist.
func (r *reportFlags) files() []string {
	var names []string
	for _, f := range r.list() {
		abs, err := filepath.Abs(f.name)
		if err != nil {
			continue // the writing will say so
		}
		dir, rest := filepath.Dir(abs), filepath.Base(abs)
		for {
			if real, err := filepath.EvalSymlinks(dir); err == nil {
				names = append(names, filepath.Join(real, rest))
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
			dir, rest = filepath.Dir(dir), filepath.Join(filepath.Base(dir), rest)
		}
	}
	return names
}

// writeReports tells the CI what became of a build that ended with err, p being
// nil when not even the project could be opened. A report that cannot be
// written is the environment's fault; it is added to err.
func (a *app) writeReports(r *reportFlags, p *project.Project, only []string, results []build.Result, begun time.Time, err error) error {
	if !a.wantsReports(r) {
		return err
	}
	run, place := a.emptyRun(p, begun, err)
	for _, res := range results {
		run.Results = append(run.Results, reportResult(res, only, p.Settings.Strict, place))
	}
	return a.writeRun(r, run, err)
}

// wantsReports tells whether there is a CI or a file to tell of a run.
func (a *app) wantsReports(r *reportFlags) bool { return len(r.list()) > 0 || a.InGitHub() }

// writeRun is writeReports for what is in the words of package reports already.
func (a *app) writeRun(r *reportFlags, run reports.Run, err error) error {
	var failed []error
	for _, f := range r.list() {
		var text bytes.Buffer
		werr := f.write(&text, run)
		if werr == nil {
			werr = os.MkdirAll(filepath.Dir(f.name), 0o755)
		}
		if werr == nil {
			werr = replaceFile(f.name, text.Bytes())
		}
		if werr != nil {
			failed = append(failed, fmt.Errorf("writing the report %s: %w", f.name, fsx.Reason(werr)))
		}
	}
	if a.InGitHub() {
		// The runner reads commands from stderr as it does from stdout.
		if werr := reports.WriteAnnotations(a.Stderr, run); werr != nil {
			failed = append(failed, fmt.Errorf("writing annotations: %w", werr))
		}
		if name := a.Getenv("GITHUB_STEP_SUMMARY"); name != "" {
			if werr := appendSummary(name, run); werr != nil {
				failed = append(failed, fmt.Errorf("writing the job summary: %w", werr))
			}
		}
	}
	if len(failed) == 0 {
		return err
	}
	unwritten := &unwrittenError{&fault.Environment{Err: errors.Join(failed...), Hint: "the build itself is not touched by this"}}
	if errors.Is(err, exit.ErrReported) {
		a.report(unwritten)
	}
	return errors.Join(err, unwritten)
}

// unwrittenError is a report that could not be written, of a build that may be good.
type unwrittenError struct{ *fault.Environment }

func (e *unwrittenError) Unwrap() error { return e.Environment }

// replaceFile writes a file whole or not at all. What is there and no regular
// file, such as /dev/stdout, must not be replaced by one.
func replaceFile(name string, text []byte) error {
	if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() {
		return errors.New("there is something that is no regular file")
	}
	return fsx.WriteFile(name, text, 0o644)
}

// appendSummary adds to what other steps' commands have said in the summary.
func appendSummary(name string, run reports.Run) error {
	var text bytes.Buffer
	if err := reports.WriteSummary(&text, run); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	return errors.Join(err, f.Close())
}

// emptyRun is a run in the words of package reports, before its results; place
// turns a path below the root into one that reports have.
func (a *app) emptyRun(p *project.Project, begun time.Time, err error) (run reports.Run, place func(string) string) {
	run = reports.Run{Version: bookciVersion(), Begun: begun, Seconds: time.Since(begun).Seconds()}
	if err != nil && !errors.Is(err, exit.ErrReported) {
		run.Err, run.Hint = err.Error(), fault.Hint(err)
	}
	if p == nil {
		place = func(name string) string { return name }
		run.Config = book.SettingsFile
	} else {
		top := a.RepositoryTop(p.Root)
		place = func(name string) string { return belowTop(top, p.Root, name) }
		run.Config = place(book.SettingsFile)
		if len(p.Books) > 0 {
			run.Config = place(path.Join(p.Books[0].Dir, p.Books[0].Config))
		}
	}
	return run, place
}

func reportResult(res build.Result, only []string, strict bool, place func(string) string) reports.Result {
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
		one.Findings = append(one.Findings, reportFinding(d, strict, place))
	}
	return one
}

func reportFinding(d book.Diagnostic, strict bool, place func(string) string) reports.Finding {
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
	abs := filepath.FromSlash(name)
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(root, abs)
	}
	if rel, err := filepath.Rel(top, abs); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(abs)
}
