package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sample is a run with one result of each status.
func sample() Run {
	chapters := []Chapter{{"preface", "本/preface.re"}, {"ch01", "本/ch01.re"}}
	return Run{
		Version: "1.2.3", Begun: time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("JST", 9*3600)), Seconds: 12.3456,
		Results: []Result{
			{Book: "print", Target: "pdf", Status: Built, Config: "本/config.yml", Checked: true, Chapters: chapters, Seconds: 4.5,
				Artifact: Artifact{Path: "本/artifacts/print/book.pdf", Bytes: 1234567, Pages: 42},
				Findings: []Finding{{Level: Warning, Code: "image-missing", File: "本/ch01.re", Line: 7, Message: "there is no image", Hint: "draw it"}}},
			{Book: "print", Target: "epub", Status: Failed, Config: "本/config.yml", Checked: true, Chapters: chapters, Seconds: 1, Err: "review-epubmaker failed",
				Findings: []Finding{
					{Level: Error, Code: "unknown-inline", File: "本/ch01.re", Line: 12, Message: "there is no @<x>", Source: "text @<x>{a|b}", Count: 3},
					{Level: Error, Code: "unknown-inline", File: "本/ch01.re", Line: 30, Message: "there is no @<y>"},
				}},
			{Book: "v1.0", Target: "pdf", Status: Broken, Config: "本/other.yml", Chapters: chapters, Err: "Docker does not answer", Hint: "start it"},
			{Book: "old", Target: "pdf", Status: UpToDate, Config: "本/old.yml", Checked: true, Artifact: Artifact{Path: "本/artifacts/old/book.pdf", Bytes: 10, Pages: 1}},
		},
	}
}

func text(t testing.TB, write func(io.Writer, Run) error, run Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJUnitHasASuitePerResultAndACasePerChapter(t *testing.T) {
	out := text(t, WriteJUnit, sample())
	var doc junitSuites
	if err := xml.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Tests != 10 || doc.Failures != 2 || doc.Errors != 1 || len(doc.Suites) != 4 || doc.Time != "12.346" {
		t.Fatalf("%d tests, %d failures, %d errors, %d suites, %s s", doc.Tests, doc.Failures, doc.Errors, len(doc.Suites), doc.Time)
	}
	built, failed, broken := doc.Suites[0], doc.Suites[1], doc.Suites[2]
	if built.Timestamp != "2026-11-22T03:00:00" || built.Name != "print pdf" {
		t.Errorf("%+v", built)
	}
	for _, c := range built.Cases {
		if c.Failure != nil || c.Error != nil || c.Skipped != nil {
			t.Errorf("a good build: %+v", c)
		}
	}
	if out := built.Cases[2].Out; out == nil || out.Text != "warning: 本/ch01.re:7: there is no image\nhint: draw it" {
		t.Errorf("the warning: %+v", out)
	}
	if c := failed.Cases[0]; c.Failure == nil || c.Failure.Message != "review-epubmaker failed" || c.Name != "epub" {
		t.Errorf("the artifact's case: %+v", c)
	}
	if c := failed.Cases[1]; c.Failure != nil || c.Skipped != nil {
		t.Errorf("a chapter without fault: %+v", c)
	}
	c := failed.Cases[2]
	if c.Name != "ch01" || c.Classname != "print.epub" || c.File != "本/ch01.re" || c.Failure == nil ||
		c.Failure.Message != "本/ch01.re:12: there is no @<x> (3 times) (and 1 more)" || c.Failure.Type != "unknown-inline" ||
		!strings.Contains(c.Failure.Text, "\n    text @<x>{a|b}") || !strings.Contains(c.Failure.Text, "本/ch01.re:30: there is no @<y>") {
		t.Errorf("the wrong chapter: %+v %+v", c, c.Failure)
	}
	if c := broken.Cases[0]; c.Error == nil || c.Error.Text != "Docker does not answer\nhint: start it" || c.Classname != "v1_0.pdf" {
		t.Errorf("%+v", c)
	}
	if c := broken.Cases[1]; c.Skipped == nil || broken.Skipped != 2 {
		t.Errorf("a chapter that nothing has read: %+v", c)
	}
}

func TestJUnitOfNoBuildIsAnError(t *testing.T) {
	var doc junitSuites
	if err := xml.Unmarshal([]byte(text(t, WriteJUnit, Run{Err: "bookci.yml:3: no", Config: "bookci.yml"})), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Tests != 1 || doc.Errors != 1 || doc.Suites[0].Cases[0].Error.Message != "bookci.yml:3: no" {
		t.Errorf("%+v", doc)
	}
}

func quality(t testing.TB, run Run) (issues []qualityIssue) {
	t.Helper()
	if err := json.Unmarshal([]byte(text(t, WriteCodeQuality, run)), &issues); err != nil {
		t.Fatal(err)
	}
	return issues
}

func TestCodeQualityNamesEveryFaultOnce(t *testing.T) {
	run := sample()
	run.Results = append(run.Results, run.Results[1]) // another target with the same fault
	issues := quality(t, run)
	seen := map[string]bool{}
	for _, i := range issues {
		if i.Location.Path == "" || i.Location.Lines.Begin < 1 || i.Description == "" || i.CheckName == "" || seen[i.Fingerprint] {
			t.Errorf("%+v", i)
		}
		seen[i.Fingerprint] = true
	}
	if len(issues) != 4 { // two errors, the broken result, the warning
		t.Errorf("%d issues: %+v", len(issues), issues)
	}
	if i := issues[len(issues)-1]; i.Severity != "minor" || i.Description != "there is no image (hint: draw it)" {
		t.Errorf("%+v", i)
	}
	if out := text(t, WriteCodeQuality, Run{}); strings.TrimSpace(out) != "[]" {
		t.Errorf("nothing is wrong: %s", out)
	}
}

func TestTwoFaultsOfOneLineAreTwo(t *testing.T) {
	f := Finding{Level: Error, Code: "x", File: "a.re", Line: 3, Column: 1, Message: "no"}
	second := f
	second.Column = 9
	if issues := quality(t, Run{Results: []Result{{Status: Failed, Findings: []Finding{f, second}}}}); len(issues) != 2 {
		t.Errorf("%d issues: %+v", len(issues), issues)
	}
}

func TestFingerprintsFollowTheLine(t *testing.T) {
	of := func(f ...Finding) (prints []string) {
		for _, i := range quality(t, Run{Results: []Result{{Status: Failed, Findings: f}}}) {
			prints = append(prints, i.Fingerprint)
		}
		return prints
	}
	f := Finding{Level: Error, Code: "x", File: "a.re", Line: 3, Message: "wrong on page 7", Source: "  text"}
	moved := f
	moved.Line, moved.Message = 40, "wrong on page 9"
	if of(f)[0] != of(moved)[0] {
		t.Error("another line number is taken for another fault")
	}
	for name, change := range map[string]func(*Finding){
		"file":   func(f *Finding) { f.File = "b.re" },
		"code":   func(f *Finding) { f.Code = "y" },
		"source": func(f *Finding) { f.Source = "other" },
	} {
		other := f
		change(&other)
		if of(f)[0] == of(other)[0] {
			t.Errorf("another %s is taken for the same fault", name)
		}
	}
	if two := of(f, moved); len(two) != 2 || two[0] == two[1] || two[0] != of(f)[0] {
		t.Errorf("two equal faults: %v", two)
	}
}

func TestSARIFNamesRulesAndPlaces(t *testing.T) {
	var log sarifLog
	run := sample()
	run.Results[1].Findings[0].File = "a b/第1章 #1.re"
	if err := json.Unmarshal([]byte(text(t, WriteSARIF, run)), &log); err != nil {
		t.Fatal(err)
	}
	r := log.Runs[0]
	if log.Version != "2.1.0" || r.Tool.Driver.Version != "1.2.3" || len(r.Results) != 4 || r.Invocations[0].ExecutionSuccessful {
		t.Fatalf("%+v", log)
	}
	for _, res := range r.Results {
		at := res.Locations[0].PhysicalLocation
		if r.Tool.Driver.Rules[res.RuleIndex].ID != res.RuleID || at.Region.StartLine < 1 || regexp.MustCompile(`[^!-~]`).MatchString(at.ArtifactLocation.URI) {
			t.Errorf("%+v", res)
		}
	}
	if uri := r.Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "a%20b/%E7%AC%AC1%E7%AB%A0%20%231.re" {
		t.Errorf("the URI of a strange name: %s", uri)
	}
	if abs := sarifURI("/a b/c"); abs.URI != "file:///a%20b/c" || abs.URIBaseID != "" {
		t.Errorf("%+v", abs)
	}
}

func TestAnnotationsAreEscapedAsTheRunnerReadsThem(t *testing.T) {
	run := Run{Results: []Result{{Status: Failed, Findings: []Finding{
		{Level: Error, Code: "x", File: "a,b:c%.re", Line: 3, Message: "50% of\r\nit::", Hint: "see, there: it"},
		{Level: Warning, Code: "y", Message: "\x1b[31mred"},
	}}}}
	want := "::error file=a%2Cb%3Ac%25.re,line=3,title=bookci%3A x::50%25 of%0Ait::%0Ahint: see, there: it\n::warning title=bookci%3A y::[31mred\n"
	if got := text(t, WriteAnnotations, run); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAnnotationsAreAsManyAsAreShown(t *testing.T) {
	var f []Finding
	for i := range 30 {
		f = append(f, Finding{Level: Error, Code: "x", File: "a.re", Line: i + 1, Message: "no"})
	}
	if n := strings.Count(text(t, WriteAnnotations, Run{Results: []Result{{Status: Failed, Findings: f}}}), "\n"); n != 10 {
		t.Errorf("%d annotations", n)
	}
}

func TestSummaryShowsWhatWasMade(t *testing.T) {
	out := text(t, WriteSummary, sample())
	for _, want := range []string{
		"| ✅ | print | pdf | <code>本/artifacts/print/book.pdf</code> | 42 | 1\u00a0234\u00a0567 | 4.5 |\n",
		"| ❌ | print | epub |  |  |  | 1.0 |\n",
		"| ✅ | old | pdf | <code>本/artifacts/old/book.pdf</code> | 1 | 10 | up to date |\n",
		"- ❌ <code>本/ch01.re:12</code> there is no &#64;&lt;x&gt; (3 times)\n  <br><code>text &#64;&lt;x&gt;{a&#124;b}</code>\n",
		"Docker does not answer",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	kept := sample()
	kept.Results[1].Artifact.Path = "a/book.epub"
	if out := text(t, WriteSummary, kept); !strings.Contains(out, "the last good <code>a/book.epub</code> is kept") {
		t.Error(out)
	}
}

// Whatever a maker's log holds, the reports can be read.
func FuzzReports(f *testing.F) {
	f.Add("a.re", "message\x00\x1b[1m \xff ]]> <&\"'", "| `x` <script>", "a\r\n::error::b")
	f.Add("", "", "", "")
	f.Add("\xef\xbf\xbf:,%", "\u0085\ufffe", "![x](y)", "https://x @y #1")
	f.Fuzz(func(t *testing.T, file, message, source, hint string) {
		finding := Finding{Level: Error, Code: "x", File: file, Line: 1, Message: message, Source: source, Hint: hint}
		run := Run{Err: hint, Config: file, Results: []Result{{Book: message, Target: "pdf", Status: Failed, Err: source, Config: file,
			Chapters: []Chapter{{ID: source, File: file}}, Findings: []Finding{finding, {Level: Warning, Code: "y", Message: source}}}}}
		dec := xml.NewDecoder(strings.NewReader(text(t, WriteJUnit, run)))
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for _, write := range []func(io.Writer, Run) error{WriteCodeQuality, WriteSARIF} {
			if out := text(t, write, run); !json.Valid([]byte(out)) {
				t.Fatal(out)
			}
		}
		for _, line := range strings.Split(strings.TrimSuffix(text(t, WriteAnnotations, run), "\n"), "\n") {
			if !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") || strings.ContainsAny(line, "\r\x1b\x00") {
				t.Fatalf("no annotation: %q", line)
			}
		}
		if out := text(t, WriteSummary, run); strings.Contains(out, "<script") || strings.ContainsAny(out, "`\r\x1b\x00") {
			t.Fatalf("the summary: %q", out)
		}
	})
}

func TestNotesComeLastAndFailNothing(t *testing.T) {
	run := Run{Results: []Result{{Book: "b", Target: "check", Status: Built, Checked: true, Chapters: []Chapter{{"ch01", "ch01.re"}}, Findings: []Finding{
		{Level: Note, Code: "label-unused", File: "ch01.re", Line: 2, Column: 5, Message: "nothing refers to the label a"},
		{Level: Warning, Code: "image-missing", File: "ch01.re", Line: 9, Message: "there is no image"},
	}}}}
	if order := run.located(); order[0].Level != Warning || order[1].Level != Note {
		t.Errorf("the order is %v", order)
	}
	for _, c := range []struct {
		write func(io.Writer, Run) error
		want  string
	}{
		{WriteAnnotations, "::notice file=ch01.re,line=2,col=5,title=bookci%3A label-unused::"},
		{WriteSARIF, `"startColumn": 5`},
		{WriteSARIF, `"level": "note"`},
		{WriteCodeQuality, `"severity": "info"`},
		{WriteJUnit, `tests="2" failures="0"`},
		{WriteJUnit, "note: ch01.re:2: nothing refers"},
	} {
		if out := text(t, c.write, run); !strings.Contains(out, c.want) {
			t.Errorf("%s is not in\n%s", c.want, out)
		}
	}
}
