package reports

import (
	"io"
	"net/url"
	"strings"
)

// The parts of SARIF 2.1.0 that bookci fills.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string       `json:"id"`
	ShortDescription sarifMessage `json:"shortDescription"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool `json:"executionSuccessful"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               Level             `json:"level"`
	Message             sarifMessage      `json:"message"`
	Locations           []sarifLocation   `json:"locations,omitempty"`
	OccurrenceCount     int               `json:"occurrenceCount,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	PhysicalLocation sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI       string `json:"uri"`
	URIBaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int           `json:"startLine"`
	StartColumn int           `json:"startColumn,omitempty"`
	Snippet     *sarifMessage `json:"snippet,omitempty"`
}

// sarifSchema is the name that GitHub's code scanning asks for.
const sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"

// WriteSARIF writes the findings for code scanning and for editors.
func WriteSARIF(w io.Writer, run Run) error {
	driver := sarifDriver{Name: "bookci", Version: run.Version, InformationURI: "https://github.com/bookci/bookci", Rules: []sarifRule{}}
	rules := map[string]int{}
	results := []sarifResult{}
	prints := fingerprints{}
	for _, f := range run.located() {
		index, ok := rules[f.Code]
		if !ok {
			index = len(driver.Rules)
			rules[f.Code] = index
			driver.Rules = append(driver.Rules, sarifRule{ID: f.Code, ShortDescription: sarifMessage{strings.ReplaceAll(f.Code, "-", " ")}})
		}
		res := sarifResult{
			RuleID: f.Code, RuleIndex: index, Level: f.Level,
			Message:             sarifMessage{printable(withHint(f.Message, f.Hint))},
			PartialFingerprints: map[string]string{"bookci/v1": prints.of(f)},
		}
		if f.Count > 1 {
			res.OccurrenceCount = f.Count
		}
		if f.File != "" {
			at := sarifPhysical{ArtifactLocation: sarifURI(f.File), Region: sarifRegion{StartLine: max(f.Line, 1), StartColumn: f.Column}}
			if f.Source != "" {
				at.Region.Snippet = &sarifMessage{printable(f.Source)}
			}
			res.Locations = []sarifLocation{{at}}
		}
		results = append(results, res)
	}
	sound := run.Err == ""
	for _, res := range run.Results {
		sound = sound && res.Status != Broken
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{{
		Tool: sarifTool{driver}, Invocations: []sarifInvocation{{ExecutionSuccessful: sound}},
		Results: results, ColumnKind: "unicodeCodePoints",
	}}})
}

// sarifURI is a path as a URI: relative to the repository's top, or absolute.
func sarifURI(name string) sarifArtifact {
	u := url.URL{Path: name}
	if strings.HasPrefix(name, "/") {
		u.Scheme = "file"
		return sarifArtifact{URI: u.String()}
	}
	// A colon in the first part would make it a scheme; String puts ./ before it.
	return sarifArtifact{URI: u.String(), URIBaseID: "%SRCROOT%"}
}
