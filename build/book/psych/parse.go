package psych

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/internal/text"
)

// Error is what is wrong with the text of a YAML file.
type Error struct {
	Line    int    // counted from 1, 0 when unknown
	Message string // the end of a sentence that begins with the file's name
	// Encoding is what a file that is not UTF-8 looks like, as iconv calls it.
	Encoding string
}

func (e *Error) Error() string { return e.Message }

// maxExpanded bounds the values of a file. Those that an alias or a << repeats
// count each time: a few lines can stand for billions. The largest config in the
// field has a few hundred.
const maxExpanded = 100_000

// Parse reads the first document of a YAML file. The value is nil for an
// empty file. The error is a *Error.
func Parse(file string, data []byte) (*Value, error) {
	root, err := Nodes(data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, nil
	}
	r := &resolver{file: file, done: map[*yaml.Node]*Value{}, open: map[*yaml.Node]bool{}}
	v, err := r.resolve(root)
	if err != nil {
		return nil, err
	}
	if expanded(v, map[*Value]int{}) > maxExpanded {
		return nil, tooManyValues(root)
	}
	return v, nil
}

func tooManyValues(at *yaml.Node) error {
	return &Error{Line: at.Line, Message: fmt.Sprintf("has more than %d values, counting those that aliases repeat", maxExpanded)}
}

// expanded counts v and the keys and values below it, and stops beyond maxExpanded.
func expanded(v *Value, seen map[*Value]int) int {
	if n, ok := seen[v]; ok {
		return n
	}
	n := 1
	add := func(e *Value) {
		n = min(n+expanded(e, seen), maxExpanded+1)
	}
	switch x := v.Val.(type) {
	case []*Value:
		for _, e := range x {
			add(e)
		}
	case *Map:
		for _, k := range x.Keys {
			add(k)
			add(x.Values[k.Identity()])
		}
	}
	seen[v] = n
	return n
}

// Nodes returns the root node of the first document of a YAML text, nil when
// there is none. The error is a *Error with the line that an author has to
// look at.
func Nodes(data []byte) (*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if line, looksLike := text.NotUTF8(data); line > 0 {
		return nil, &Error{Line: line, Message: "is not UTF-8", Encoding: looksLike}
	}
	root, err := parseNodes(data)
	if err != nil {
		return nil, &Error{Line: troubleLine(data, err), Message: yamlMessage(err)}
	}
	return root, nil
}

func parseNodes(data []byte) (root *yaml.Node, err error) {
	// The library reports faults of its own by panic. A manuscript must not
	// end the program.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("yaml: cannot be read: %v", p)
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

var yamlPrefix = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

func yamlMessage(err error) string {
	return "is no valid YAML: " + yamlPrefix.ReplaceAllString(err.Error(), "")
}

// troubleLine finds the line at which a YAML text stops being YAML. The line in
// the library's error is where the enclosing mapping or list began, often far
// from the fault; an author needs the first line with which the text no longer
// parses, and that is also the opening line of a quote or bracket that is never
// closed. Nothing that follows such a line parses, but the middle of a sound
// construct of several lines does not parse either: so the last good prefix is
// looked for from the end.
func troubleLine(data []byte, err error) int {
	ends := []int{0}
	for i, c := range data {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	if ends[len(ends)-1] != len(data) {
		ends = append(ends, len(data))
	}
	// Bytes to parse at most: about half a second, and some hundred lines of a
	// config at their usual length.
	budget := 8 << 20
	for n := len(ends) - 2; n > 0; n-- {
		if budget -= ends[n]; budget < 0 {
			line, _ := strconv.Atoi(yamlPrefix.FindStringSubmatch(err.Error())[1])
			return line
		}
		if _, err := parseNodes(data[:ends[n]]); err == nil {
			return n + 1
		}
	}
	return 1
}

// resolver turns nodes into values. Values behind an anchor are made once and
// shared, as Ruby shares the object.
type resolver struct {
	file   string
	done   map[*yaml.Node]*Value
	open   map[*yaml.Node]bool // those that are being resolved
	merged int                 // keys that << has copied
}

func (r *resolver) resolve(n *yaml.Node) (*Value, error) {
	if n.Kind == yaml.AliasNode {
		return r.resolve(n.Alias)
	}
	if v, ok := r.done[n]; ok {
		return v, nil
	}
	if r.open[n] {
		return nil, &Error{Line: n.Line, Message: fmt.Sprintf("the value anchored as %q contains itself", n.Anchor)}
	}
	r.open[n] = true
	defer delete(r.open, n)

	v := &Value{File: r.file, Line: n.Line, Text: n.Value}
	switch n.Kind {
	case yaml.ScalarNode:
		v.Val, v.Refused = scalar(n)
	case yaml.SequenceNode:
		list := make([]*Value, 0, len(n.Content))
		for _, c := range n.Content {
			e, err := r.resolve(c)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		v.Val = list
	case yaml.MappingNode:
		m, err := r.mapping(n)
		if err != nil {
			return nil, err
		}
		v.Val = m
	default:
		return nil, &Error{Line: n.Line, Message: "is no valid YAML"}
	}
	if v.Refused == "" && n.Style&yaml.TaggedStyle != 0 && strings.HasPrefix(n.Tag, "!ruby/") && n.Tag != "!ruby/string" {
		v.Refused = "Ruby object " + n.Tag
	}
	r.done[n] = v
	return v, nil
}

func (r *resolver) mapping(n *yaml.Node) (*Map, error) {
	m := NewMap()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := r.resolve(n.Content[i])
		if err != nil {
			return nil, err
		}
		value, err := r.resolve(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		if key.Val == "<<" && n.Content[i].Tag != "!!str" || key.Val == "<<" && n.Content[i].Style&yaml.TaggedStyle == 0 {
			merged, err := r.merge(m, value, n.Content[i+1])
			if err != nil {
				return nil, err
			}
			if merged {
				continue
			}
		}
		m.set(key, value)
	}
	return m, nil
}

// merge puts the mappings that << names into m and reports whether it could.
// Unlike the YAML specification, Psych lets them override the keys above.
func (r *resolver) merge(m *Map, value *Value, n *yaml.Node) (merged bool, err error) {
	var sources []*Map
	switch x := value.Val.(type) {
	case *Map:
		sources = append(sources, x)
	case []*Value:
		if n.Kind == yaml.AliasNode {
			return false, nil
		}
		for i := len(x) - 1; i >= 0; i-- {
			e, ok := x[i].Val.(*Map)
			if !ok {
				return false, nil
			}
			sources = append(sources, e)
		}
	default:
		return false, nil
	}
	for _, s := range sources {
		if r.merged += len(s.Keys); r.merged > maxExpanded {
			return false, tooManyValues(n)
		}
		for _, k := range s.Keys {
			m.set(k, s.Values[k.Identity()])
		}
	}
	return true, nil
}
