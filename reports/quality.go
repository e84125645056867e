package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// qualityIssue is one entry of GitLab's Code Quality report. All fields that
// it reads are there; a report is an array of them.
type qualityIssue struct {
	Description string          `json:"description"`
	CheckName   string          `json:"check_name"`
	Fingerprint string          `json:"fingerprint"`
	Severity    string          `json:"severity"` // info, minor, major, critical or blocker
	Location    qualityLocation `json:"location"`
}

type qualityLocation struct {
	Path  string       `json:"path"`
	Lines qualityLines `json:"lines"`
}

type qualityLines struct {
	Begin int `json:"begin"`
}

// WriteCodeQuality writes the findings as GitLab's merge requests show them.
func WriteCodeQuality(w io.Writer, run Run) error {
	issues := []qualityIssue{}
	prints := fingerprints{}
	for _, f := range run.located() {
		severity := "major"
		switch f.Level {
		case Warning:
			severity = "minor"
		case Note:
			severity = "info"
		}
		issues = append(issues, qualityIssue{
			Description: oneLine(f.sentence(), f.Hint),
			CheckName:   f.Code,
			Fingerprint: prints.of(f),
			Severity:    severity,
			Location:    qualityLocation{Path: f.File, Lines: qualityLines{Begin: max(f.Line, 1)}},
		})
	}
	return writeJSON(w, issues)
}

// fingerprints tell whether a finding is one of an earlier build: its file, its code
// and the text of its line are the same, wherever that line has moved to. Numbers in
// a message do not count, as they move with the text around them. Equal findings of
// one build are told apart by their order.
type fingerprints map[string]int // how often each key has come up

var number = regexp.MustCompile(`[0-9]+`)

func (p fingerprints) of(f Finding) string {
	key := fmt.Sprintf("%q %q %q %q", f.Code, f.File, number.ReplaceAllString(f.Message, "0"), strings.TrimSpace(f.Source))
	p[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", key, p[key]))
	return hex.EncodeToString(sum[:16])
}

// oneLine joins a message and its hint.
func oneLine(message, hint string) string {
	if hint != "" {
		message += " (hint: " + hint + ")"
	}
	return strings.Join(strings.Fields(printable(message)), " ")
}

func writeJSON(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
