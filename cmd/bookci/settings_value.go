package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/build/book"
)

// setting is one value of bookci.yml or of a variable, with its place.
type setting struct {
	kind    settingKind
	place   string // "bookci.yml:7" or the variable's name
	line    int    // in bookci.yml
	text    string // of a scalar, as written
	list    []setting
	entries []settingEntry
}

type settingEntry struct {
	key   string
	place string
	value setting
}

type settingKind int

const (
	nothing settingKind = iota // null
	scalar
	sequence
	mapping
)

// is names the value for a message.
func (v setting) is() string {
	switch v.kind {
	case nothing:
		return "empty"
	case sequence:
		return "a list"
	case mapping:
		return "a mapping"
	}
	return strconv.Quote(v.text)
}

// nodeReader turns nodes into settings. Its limits are far above what a
// bookci.yml has; they end aliases that contain or multiply themselves.
type nodeReader struct {
	left int // nodes
}

const (
	deepestSetting = 8
	mostSettings   = 20_000
)

func (r *nodeReader) read(n *yaml.Node, depth int) setting {
	line := n.Line
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	v := setting{place: fmt.Sprintf("%s:%d", book.SettingsFile, line), line: line}
	if r.left--; r.left < 0 || depth > deepestSetting {
		return v
	}
	switch n.Kind {
	case yaml.ScalarNode:
		v.kind, v.text = scalar, n.Value
		if n.ShortTag() == "!!null" {
			v.kind = nothing
		}
	case yaml.SequenceNode:
		v.kind = sequence
		for _, c := range n.Content {
			v.list = append(v.list, r.read(c, depth+1))
		}
	case yaml.MappingNode:
		v.kind = mapping
		for i := 0; i+1 < len(n.Content) && r.left > 0; i += 2 {
			k := n.Content[i]
			v.entries = append(v.entries, settingEntry{
				key:   k.Value,
				place: fmt.Sprintf("%s:%d", book.SettingsFile, k.Line),
				value: r.read(n.Content[i+1], depth+1),
			})
		}
	}
	return v
}

// scalarText returns the text of a scalar; numbers and booleans count as text.
func (v setting) scalarText() (string, error) {
	if v.kind != scalar {
		return "", fmt.Errorf("is %s, not a single value", v.is())
	}
	if strings.ContainsRune(v.text, 0) {
		return "", errors.New("holds a NUL character")
	}
	return v.text, nil
}

// texts returns the items of a list. A single value is a list of one.
func (v setting) texts() ([]string, error) {
	if v.kind == scalar {
		v.list = []setting{v}
	} else if v.kind != sequence {
		return nil, fmt.Errorf("is %s, not a list", v.is())
	}
	list := []string{}
	for _, e := range v.list {
		s, err := e.scalarText()
		if err != nil {
			return nil, fmt.Errorf("an item %w", err)
		}
		list = append(list, s)
	}
	return list, nil
}

// textMap returns the values of a mapping as text; an empty value is "".
func (v setting) textMap() (map[string]string, error) {
	if v.kind != mapping {
		return nil, fmt.Errorf("is %s, not a mapping of names to values", v.is())
	}
	m := map[string]string{}
	for _, e := range v.entries {
		if _, twice := m[e.key]; twice {
			return nil, fmt.Errorf("%s is given twice", e.key)
		}
		if e.value.kind == nothing {
			m[e.key] = ""
			continue
		}
		s, err := e.value.scalarText()
		if err != nil {
			return nil, fmt.Errorf("%s %w", e.key, err)
		}
		m[e.key] = s
	}
	return m, nil
}

var errNoBool = errors.New("is neither true nor false")

// parseBool reads what people write for yes and no.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q %w", s, errNoBool)
}

// unlimited tells whether s lifts a limit.
func unlimited(s string) bool {
	switch strings.ToLower(s) {
	case "none", "unlimited", "0", "-1":
		return true
	}
	return false
}

var sizeUnits = map[string]float64{"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

var sizeForm = regexp.MustCompile(`(?i)^([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?$`)

// parseSize reads a number of bytes: "4GiB", "512m", "1.5g", "1048576". As
// with docker run, all units are powers of 1024.
func parseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, fmt.Errorf("%q is no size, such as 4GiB or 512m", s)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no size, such as 4GiB or 512m", s)
	}
	n *= sizeUnits[strings.ToLower(m[2])]
	if n >= 1<<62 {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return int64(n), nil
}

// durationFlag is a flag whose value is read as bookci.yml's durations are.
type durationFlag time.Duration

func (d *durationFlag) Type() string { return "duration" }

func (d *durationFlag) String() string {
	if *d == 0 {
		return "" // no default to show
	}
	return time.Duration(*d).String()
}

func (d *durationFlag) Set(text string) error {
	v, err := parseDuration(text)
	*d = durationFlag(v)
	return err
}

// parseDuration reads "15m", "1h30m", "90s". A bare number has no unit and is
// refused rather than guessed at.
func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		if _, numErr := strconv.ParseFloat(s, 64); numErr == nil {
			return 0, usagef(fmt.Sprintf("%sm are minutes, %ss are seconds", s, s), "%q lacks a unit, as in %ss or %sm", s, s, s)
		}
		return 0, fmt.Errorf("%q is no duration, such as 15m or 90s", s)
	}
	if d < 0 {
		return 0, fmt.Errorf("%q is negative", s)
	}
	return d, nil
}
