package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

func TestNoRunnerReadsACommandInJSON(t *testing.T) {
	doc := map[string]string{
		"message": "見出し ##[error]no\n::error::no\r::add-mask::no", "##[add-mask]": "###vso[task.setvariable]<&>",
		"hint": `#\##[stop-commands]#`,
	}
	var text bytes.Buffer
	if err := writeJSON(&text, doc); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if strings.Contains(line, "##") || strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "\r") {
			t.Errorf("a runner could obey %q", line)
		}
	}
	var got map[string]string
	if err := json.Unmarshal(text.Bytes(), &got); err != nil || !maps.Equal(got, doc) {
		t.Errorf("the document reads %q: %v", got, err)
	}
}
