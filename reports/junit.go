package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	plain "github.com/bookci/bookci/internal/text"
)

// The elements and attributes are those that both Jenkins' JUnit plugin and
// CircleCI read. Both show the first failure of a test case only, so a case
// has at most one, which says all.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string      `xml:"name,attr"`
	Classname string      `xml:"classname,attr"`
	File      string      `xml:"file,attr,omitempty"`
	Time      string      `xml:"time,attr"`
	Skipped   *junitWhy   `xml:"skipped"`
	Error     *junitWhy   `xml:"error"`
	Failure   *junitWhy   `xml:"failure"`
	Out       *junitPlain `xml:"system-out"`
}

type junitWhy struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

type junitPlain struct {
	Text string `xml:",chardata"`
}

// WriteJUnit writes a test suite for each result: a test case for the artifact,
// which bears the time and whatever has no chapter as its place, and one for
// each chapter. A chapter fails when there is an error in it. Chapters that no
// maker has seen are skipped, not passed. Warnings are the case's output.
func WriteJUnit(w io.Writer, run Run) error {
	doc := junitSuites{Name: "bookci", Time: junitTime(run.Seconds)}
	if run.Err != "" {
		one := junitCase{Name: "build", Classname: "bookci", File: run.Config, Time: junitTime(run.Seconds)}
		one.Error = why("build", run.Err, withHint(run.Err, run.Hint))
		doc.add(junitSuite{Name: "bookci", Timestamp: timestamp(run), Time: one.Time, Cases: []junitCase{one}})
	}
	for _, res := range run.Results {
		doc.add(junitSuite{Name: res.name(), Timestamp: timestamp(run), Time: junitTime(res.Seconds), Cases: junitCases(res)})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds a suite and counts its cases.
func (d *junitSuites) add(s junitSuite) {
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Name, c.Classname, c.File = printable(c.Name), printable(c.Classname), printable(c.File)
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	s.Name = printable(s.Name)
	d.Tests += s.Tests
	d.Failures += s.Failures
	d.Errors += s.Errors
	d.Suites = append(d.Suites, s)
}

// junitCases are the artifact's case and those of the chapters.
func junitCases(res Result) []junitCase {
	class := strings.ReplaceAll(res.Book, ".", "_") + "." + res.Target // a dot parts package and class in Jenkins
	byFile := map[string][]Finding{}
	chapter := map[string]bool{}
	for _, c := range res.Chapters {
		chapter[c.File] = true
	}
	for _, f := range res.Findings {
		name := f.File
		if !chapter[name] {
			name = ""
		}
		byFile[name] = append(byFile[name], f)
	}

	whole := junitCase{Name: res.Target, Classname: class, File: res.Config, Time: junitTime(res.Seconds)}
	whole.fill(byFile[""])
	switch {
	case res.Status == Broken:
		text := withHint(res.Err, res.Hint)
		if whole.Failure != nil {
			text += "\n\n" + whole.Failure.Text
		}
		whole.Failure, whole.Error = nil, why("environment", res.Err, text)
	case res.Status == Failed && whole.Failure == nil:
		whole.Failure = why("build", res.Err, withHint(res.Err, res.Hint))
	}
	cases := []junitCase{whole}
	done := map[string]bool{}
	for _, c := range res.Chapters {
		one := junitCase{Name: c.ID, Classname: class, File: c.File, Time: junitTime(0)}
		if !done[c.File] { // a file that the catalog names twice
			one.fill(byFile[c.File])
			done[c.File] = true
		}
		if one.Failure == nil && !res.Checked {
			one.Skipped = &junitWhy{Message: "not built"}
		}
		cases = append(cases, one)
	}
	return cases
}

// fill makes the errors of findings the case's failure, and the rest its output.
func (c *junitCase) fill(findings []Finding) {
	var errors, warnings []string
	var first Finding
	for _, f := range findings {
		text := f.text()
		if p := f.place(); p != "" {
			text = p + ": " + text
		}
		if f.Level == Error {
			if errors = append(errors, text); len(errors) == 1 {
				first = f
			}
			continue
		}
		warnings = append(warnings, string(f.Level)+": "+text)
	}
	if len(errors) > 0 {
		message := first.sentence()
		if p := first.place(); p != "" {
			message = p + ": " + message
		}
		if more := len(errors) - 1; more > 0 {
			message += fmt.Sprintf(" (and %d more)", more)
		}
		c.Failure = why(first.Code, message, strings.Join(errors, "\n\n"))
	}
	if len(warnings) > 0 {
		c.Out = &junitPlain{Text: printable(strings.Join(warnings, "\n\n"))}
	}
}

func why(kind, message, text string) *junitWhy {
	return &junitWhy{Type: printable(kind), Message: printable(message), Text: printable(text)}
}

func withHint(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + "\nhint: " + hint
}

// junitTime is a number of seconds without exponent or separators.
func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

// timestamp is when the run began, in UTC and without a zone, as JUnit's form wants it.
func timestamp(run Run) string { return run.Begun.UTC().Format("2006-01-02T15:04:05") }

// printable leaves out what terminals obey, and what XML 1.0 cannot hold even
// escaped: a maker's log holds anything.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return r
		case plain.Unprintable(r), r == 0xfffe, r == 0xffff:
			return -1
		}
		return r // bytes that are no UTF-8 have become U+FFFD by now
	}, s)
}
