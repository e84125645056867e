package outcome

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/reports"
)

// Files name the files that a build leaves for the CI that runs it.
type Files struct {
	junit, quality, sarif string
}

// AddFlags adds the flags that name them.
func (r *Files) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&r.junit, "junit", "", "write a JUnit report to this file, as Jenkins, CircleCI and GitLab read it")
	flags.StringVar(&r.quality, "code-quality", "", "write a GitLab Code Quality report to this file")
	flags.StringVar(&r.sarif, "sarif", "", "write a SARIF 2.1.0 report to this file")
}

// reportFile is a report to be written to a file.
type reportFile struct {
	name  string // as given
	write func(io.Writer, reports.Run) error
}

func (r *Files) list() []reportFile {
	all := []reportFile{{r.junit, reports.WriteJUnit}, {r.quality, reports.WriteCodeQuality}, {r.sarif, reports.WriteSARIF}}
	return slices.DeleteFunc(all, func(f reportFile) bool { return f.name == "" })
}

// Paths are the absolute paths of the reports, by their real names as far as
// they exist.
func (r *Files) Paths() []string {
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

// WriteResults tells the CI what became of a build that ended with err, p being
// nil when not even the project could be opened. A report that cannot be
// written is the environment's fault; it is added to err.
func (r *Files) WriteResults(w *world.World, p *project.Project, only []string, results []build.Result, begun time.Time, err error) error {
	if !r.Wanted(w) {
		return err
	}
	run, place := EmptyRun(w, p, begun, err)
	for _, res := range results {
		run.Results = append(run.Results, Result(res, only, p.Settings.Strict, place))
	}
	return r.Write(w, run, err)
}

// Wanted tells whether there is a CI or a file to tell of a run.
func (r *Files) Wanted(w *world.World) bool { return len(r.list()) > 0 || w.InGitHub() }

// Write is WriteResults for what is in the words of package reports already.
func (r *Files) Write(w *world.World, run reports.Run, err error) error {
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
	if w.InGitHub() {
		// The runner reads commands from stderr as it does from stdout.
		if werr := reports.WriteAnnotations(w.Stderr, run); werr != nil {
			failed = append(failed, fmt.Errorf("writing annotations: %w", werr))
		}
		if name := w.Getenv("GITHUB_STEP_SUMMARY"); name != "" {
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
		screen.Fault(w.Println, unwritten, fault.Hint(unwritten))
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
