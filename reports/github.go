package reports

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// shownAnnotations is how many annotations of a level GitHub shows for a step.
const shownAnnotations = 10

// WriteAnnotations writes the findings as commands that GitHub's runner turns
// into annotations of the files, as many as it shows. Errors come first.
func WriteAnnotations(w io.Writer, run Run) error {
	shown := map[Level]int{}
	for _, f := range run.located() {
		if shown[f.Level]++; shown[f.Level] > shownAnnotations {
			continue
		}
		var at string
		if f.File != "" {
			at = "file=" + escapeProperty(f.File) + ","
		}
		if f.Line > 0 {
			at += fmt.Sprintf("line=%d,", f.Line)
			if f.Column > 0 {
				at += fmt.Sprintf("col=%d,", f.Column)
			}
		}
		command := string(f.Level)
		if f.Level == Note {
			command = "notice"
		}
		if _, err := fmt.Fprintf(w, "::%s %stitle=%s::%s\n", command, at, escapeProperty("bookci: "+f.Code), escapeData(f.text())); err != nil {
			return err
		}
	}
	return nil
}

// escapeData escapes a command's message as the runner reads it. What terminals obey,
// carriage returns among it, is left out: the message is shown in a log.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\n", "%0A").Replace(printable(s))
}

// escapeProperty escapes a command's property as the runner reads it.
func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}

// The bounds of a summary: a step's may have 1 MiB, and nobody reads that.
const (
	summaryFindings = 50
	summaryText     = 500 // characters of one finding
)

// WriteSummary writes a Markdown page about the build, as GitHub's job
// summaries show it: what was made, and what is wrong.
func WriteSummary(w io.Writer, run Run) error {
	var b strings.Builder
	b.WriteString("### bookci\n\n")
	if run.Err != "" {
		fmt.Fprintf(&b, "❌ %s\n\n", markdown(withHint(run.Err, run.Hint)))
	}
	if len(run.Results) > 0 {
		b.WriteString("| | book | target | artifact | pages | bytes | seconds |\n|---|---|---|---|--:|--:|--:|\n")
		for _, res := range run.Results {
			b.WriteString(summaryRow(res))
		}
		b.WriteString("\n")
	}
	var rest int
	for i, f := range run.located() {
		if i >= summaryFindings {
			rest++
			continue
		}
		mark := "❌"
		switch f.Level {
		case Warning:
			mark = "⚠️"
		case Note:
			mark = "ℹ️"
		}
		place := ""
		if p := f.place(); p != "" {
			place = code(p) + " "
		}
		fmt.Fprintf(&b, "- %s %s%s\n", mark, place, markdown(f.sentence()))
		if s := strings.TrimSpace(f.Source); s != "" {
			fmt.Fprintf(&b, "  <br>%s\n", code(s))
		}
		if f.Hint != "" {
			fmt.Fprintf(&b, "  <br>hint: %s\n", markdown(f.Hint))
		}
	}
	if rest > 0 {
		fmt.Fprintf(&b, "- and %d more\n", rest)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func summaryRow(res Result) string {
	mark, artifact, pages, bytes := "✅", code(res.Artifact.Path), "", ""
	if res.Artifact.Path == "" {
		artifact = ""
	}
	if res.failed() {
		mark = "❌"
		if artifact != "" {
			artifact = "the last good " + artifact + " is kept"
		}
	} else {
		bytes = thousands(res.Artifact.Bytes)
		if res.Artifact.Pages > 0 {
			pages = fmt.Sprint(res.Artifact.Pages)
		}
	}
	seconds := fmt.Sprintf("%.1f", res.Seconds)
	if res.Status == UpToDate {
		seconds = string(UpToDate)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n", mark, markdown(res.Book), markdown(res.Target), artifact, pages, bytes, seconds)
}

// thousands parts a number's digits by spaces that do not break.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u00a0" + s[i:]
	}
	return s
}

// markdown is a text on one line in which nothing is markup to Markdown or HTML.
func markdown(s string) string {
	s = html.EscapeString(clip(s))
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]|~@#$!", r) {
			fmt.Fprintf(&b, "&#%d;", r) // works inside tables too, where a backslash does not always
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is a text as code. It is an element of HTML, as no number of backticks is safe
// both for any text and inside a table.
func code(s string) string { return "<code>" + markdown(s) + "</code>" }

// clip is a text on one line, cut to summaryText.
func clip(s string) string {
	s = strings.Join(strings.Fields(printable(s)), " ")
	if r := []rune(s); len(r) > summaryText {
		return string(r[:summaryText]) + " …"
	}
	return s
}
