package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// maxOutput bounds how much of a failed test's output is shown, in bytes.
const maxOutput = 8 << 10

// summarise reads what `go test -json` prints and writes to w what failed, what
// was skipped and why, and how many tests passed: packages as they end, the rest
// when r does. It fails when a test did, and when there was none.
func summarise(r io.Reader, w io.Writer) error {
	output := map[string]*strings.Builder{}
	counts := map[string]int{}
	skips := map[string][]string{} // tests by reason
	var failed []string
	dec := json.NewDecoder(bufio.NewReader(r))
	for {
		var e event
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the tests' output: %w", err)
		}
		name := strings.TrimSuffix(e.Package+" "+e.Test, " ")
		switch e.Action {
		case "output", "build-output":
			b := output[name]
			if b == nil {
				b = &strings.Builder{}
				output[name] = b
			}
			if b.Len() < maxOutput {
				b.WriteString(e.Output)
			}
		case "pass", "fail", "skip":
			if e.Test != "" {
				counts[e.Action]++
			} else if e.Action != "skip" {
				fmt.Fprintf(w, "%-5s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
			}
			if e.Action == "fail" {
				failed = append(failed, name)
			}
			if e.Action == "skip" && e.Test != "" {
				reason := why(output[name])
				skips[reason] = append(skips[reason], name)
			}
		case "build-fail":
			failed = append(failed, name)
		}
	}
	for _, name := range failed {
		fmt.Fprintf(w, "\n--- %s\n", name)
		if b := output[name]; b != nil {
			fmt.Fprintln(w, b)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(skips)) {
		fmt.Fprintf(w, "skipped %d: %s (%s)\n", len(skips[reason]), reason, skips[reason][0])
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", counts["pass"], counts["fail"], counts["skip"])
	switch {
	case len(failed) > 0:
		return errors.New("tests failed")
	case counts["pass"] == 0:
		return errors.New("no test ran")
	}
	return nil
}

// why is the reason that a skipped test gave.
func why(output *strings.Builder) string {
	if output == nil {
		return "no reason given"
	}
	for line := range strings.Lines(output.String()) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		// file.go:12: reason
		if _, reason, ok := strings.Cut(line, ": "); ok {
			return reason
		}
		return line
	}
	return "no reason given"
}
