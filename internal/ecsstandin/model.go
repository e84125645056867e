package ecsstandin

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"sync"
)

//go:embed model/ecs.json.gz
var ecsModel []byte

//go:embed model/logs.json.gz
var logsModel []byte

// model is an api-2.json.
type model struct {
	Metadata struct {
		TargetPrefix string `json:"targetPrefix"`
	} `json:"metadata"`
	Operations map[string]struct {
		Input, Output *ref
		Errors        []ref
	} `json:"operations"`
	Shapes map[string]shape `json:"shapes"`
}

type ref struct {
	Shape string `json:"shape"`
}

type shape struct {
	Type       string         `json:"type"`
	Required   []string       `json:"required"`
	Members    map[string]ref `json:"members"`
	Member     *ref           `json:"member"`
	Key, Value *ref
	Enum       []string `json:"enum"`
	Min, Max   *float64
	Pattern    string `json:"pattern"`
}

var models = sync.OnceValue(func() []*model {
	var all []*model
	for _, packed := range [][]byte{ecsModel, logsModel} {
		zr, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			panic(err)
		}
		text, err := io.ReadAll(zr)
		if err != nil {
			panic(err)
		}
		m := new(model)
		if err := json.Unmarshal(text, m); err != nil {
			panic(err)
		}
		all = append(all, m)
	}
	return all
})

// check returns what is wrong with v by the model, one complaint a place.
func (m *model) check(r *ref, v any) []string {
	if r == nil {
		return nil
	}
	var found []string
	m.walk(r.Shape, "", v, func(at, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", at, fmt.Sprintf(format, args...)))
	})
	slices.Sort(found)
	return found
}

func (m *model) walk(name, at string, v any, say func(at, format string, args ...any)) {
	s, ok := m.Shapes[name]
	if !ok {
		say(at, "the model lacks the shape %s", name)
		return
	}
	bounds := func(what string, n float64) {
		if s.Min != nil && n < *s.Min || s.Max != nil && n > *s.Max {
			say(at, "%s %v is out of bounds", what, n)
		}
	}
	switch s.Type {
	case "structure":
		fields, ok := v.(map[string]any)
		if !ok {
			say(at, "%T is no structure", v)
			return
		}
		for _, want := range s.Required {
			if fields[want] == nil {
				say(at+"."+want, "is missing")
			}
		}
		for key, value := range fields {
			member, known := s.Members[key]
			switch {
			case !known:
				say(at+"."+key, "is unknown")
			case value != nil:
				m.walk(member.Shape, at+"."+key, value, say)
			}
		}
	case "list":
		items, ok := v.([]any)
		if !ok {
			say(at, "%T is no list", v)
			return
		}
		bounds("length", float64(len(items)))
		for i, item := range items {
			m.walk(s.Member.Shape, fmt.Sprintf("%s[%d]", at, i), item, say)
		}
	case "map":
		items, ok := v.(map[string]any)
		if !ok {
			say(at, "%T is no map", v)
			return
		}
		for key, item := range items {
			m.walk(s.Key.Shape, at+" key", key, say)
			m.walk(s.Value.Shape, at+"."+key, item, say)
		}
	case "string":
		text, ok := v.(string)
		if !ok {
			say(at, "%T is no string", v)
			return
		}
		if s.Enum != nil && !slices.Contains(s.Enum, text) {
			say(at, "%q is none of the model's values", text)
		}
		bounds("length", float64(len(text)))
		if s.Pattern != "" {
			if p, err := regexp.Compile(`^(?:` + s.Pattern + `)$`); err == nil && !p.MatchString(text) {
				say(at, "%q does not match %s", text, s.Pattern)
			}
		}
	case "integer", "long":
		n, ok := v.(float64)
		if !ok || n != math.Trunc(n) {
			say(at, "%v (%T) is no whole number", v, v)
			return
		}
		bounds("value", n)
	case "double", "float", "timestamp":
		if _, ok := v.(float64); !ok {
			say(at, "%T is no number", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			say(at, "%T is no boolean", v)
		}
	default:
		say(at, "the model's type %s is not known here", s.Type)
	}
}
