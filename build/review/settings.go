package review

import (
	"fmt"
	"strconv"
	"strings"
)

// Settings are the values of a book's config.
type Settings struct{ values map[string]any }

// Value returns what the config says for a key, nil when it says nothing. A
// dotted key names a value inside a section: "pdfmaker.makeindex".
func (s *Settings) Value(key string) any {
	values := s.values
	for {
		section, rest, deeper := strings.Cut(key, ".")
		v := values[section]
		if !deeper {
			return v
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		values, key = m, rest
	}
}

// Text returns a key's value as text, otherwise when there is none.
func (s *Settings) Text(key, otherwise string) string {
	switch v := s.Value(key).(type) {
	case nil:
		return otherwise
	case string:
		return v
	case map[string]any: // Re:VIEW 3: booktitle: {name: ..., file-as: ...}
		if name, ok := v["name"]; ok {
			return fmt.Sprint(name)
		}
		return otherwise
	case []any:
		return otherwise
	default:
		return fmt.Sprint(v)
	}
}

// Int returns a key's value as a number, otherwise when it is none.
func (s *Settings) Int(key string, otherwise int) int {
	switch v := s.Value(key).(type) {
	case int:
		return v
	case int64:
		return int(v)
	case float64:
		return int(v)
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n
		}
	}
	return otherwise
}

// Bool tells whether a key is set to anything but false. A key that is not
// there is otherwise.
func (s *Settings) Bool(key string, otherwise bool) bool {
	switch v := s.Value(key).(type) {
	case nil:
		return otherwise
	case bool:
		return v
	}
	return true
}

// List returns a key's values as text: those of a list, or the one value.
func (s *Settings) List(key string) []string {
	switch v := s.Value(key).(type) {
	case nil:
		return nil
	case []any:
		var list []string
		for _, e := range v {
			switch e := e.(type) {
			case nil, []any:
			case map[string]any:
				if name, ok := e["name"]; ok {
					list = append(list, fmt.Sprint(name))
				}
			default:
				list = append(list, fmt.Sprint(e))
			}
		}
		return list
	default:
		if t := s.Text(key, ""); t != "" {
			return []string{t}
		}
		return nil
	}
}
