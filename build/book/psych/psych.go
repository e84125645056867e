package psych

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Value is one value of a YAML file, with its place.
type Value struct {
	File string // slash path below the root
	Line int    // counted from 1
	Text string // a scalar as it is written
	// Val is nil, bool, int64, *big.Int, float64, string, Date,
	// []*Value or *Map.
	Val any
	// Refused says why Re:VIEW does not load the value: it names a Ruby class.
	Refused string
}

// Date is a date in the form that Ruby prints: 2006-01-02.
type Date string

// Map is a mapping in the order in which its keys first appeared.
type Map struct {
	Keys   []*Value
	Values map[string]*Value // by identity of the key
}

// NewMap returns a mapping without keys.
func NewMap() *Map {
	return &Map{Values: map[string]*Value{}}
}

// Identity tells keys apart as Ruby's hashes do: 1 and "1" are two keys.
func (v *Value) Identity() string {
	if s, ok := v.Val.(string); ok {
		return s
	}
	return fmt.Sprintf("\x00%T %s", v.Val, v.Ruby())
}

func (m *Map) set(key, value *Value) {
	id := key.Identity()
	if _, ok := m.Values[id]; !ok {
		m.Keys = append(m.Keys, key)
	}
	m.Values[id] = value
}

// Get returns the value of a key that is text, nil when m does not have it.
func (m *Map) Get(key string) *Value {
	return m.Values[key]
}

// Key returns a key that is text, for its line; nil when m does not have it.
func (m *Map) Key(name string) *Value {
	for _, k := range m.Keys {
		if k.Val == name {
			return k
		}
	}
	return nil
}

// Remove takes a key that is text out of m.
func (m *Map) Remove(key string) {
	delete(m.Values, key)
	m.Keys = slices.DeleteFunc(m.Keys, func(k *Value) bool { return k.Identity() == key })
}

// Merged returns m with other's values over its own, mappings in both merged
// in their turn. Neither is changed.
func (m *Map) Merged(other *Map) *Map {
	out := NewMap()
	for _, k := range m.Keys {
		out.set(k, m.Values[k.Identity()])
	}
	for _, k := range other.Keys {
		id := k.Identity()
		theirs := other.Values[id]
		if ours, ok := out.Values[id]; ok {
			a, aok := ours.Val.(*Map)
			b, bok := theirs.Val.(*Map)
			if aok && bok {
				both := *theirs
				both.Val = a.Merged(b)
				theirs = &both
			}
		}
		out.set(k, theirs)
	}
	return out
}

// Ruby returns what Ruby's to_s makes of a scalar, "" for a list or a mapping.
func (v *Value) Ruby() string {
	switch x := v.Val.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case *big.Int:
		return x.String()
	case float64:
		return rubyFloat(x)
	case Date:
		return string(x)
	case string:
		return x
	}
	return v.Text
}

// Blank is ActiveSupport's blank? as Re:VIEW has it: nil, false and what is empty.
func (v *Value) Blank() bool {
	if v == nil {
		return true
	}
	switch x := v.Val.(type) {
	case nil:
		return true
	case bool:
		return !x
	case string:
		return strings.TrimSpace(x) == ""
	case []*Value:
		return len(x) == 0
	case *Map:
		return len(x.Keys) == 0
	}
	return false
}

// Is says what a value is, in the words of a message: "the number 5", "a list".
func (v *Value) Is() string {
	switch x := v.Val.(type) {
	case nil:
		return "empty"
	case bool:
		return fmt.Sprintf("the boolean %t", x)
	case int64, *big.Int, float64:
		return "the number " + v.Text
	case Date:
		return "the date " + v.Text
	case []*Value:
		return "a list"
	case *Map:
		return "a mapping"
	}
	return fmt.Sprintf("the text %q", v.Text)
}

// Plain returns v as map[string]any, []any and scalars of Go: keys and dates as
// text, integers as int64, or as float64 where they are too large for that.
func (v *Value) Plain() any {
	switch x := v.Val.(type) {
	case Date:
		return string(x)
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f
	case []*Value:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = e.Plain()
		}
		return list
	case *Map:
		m := make(map[string]any, len(x.Keys))
		for _, k := range x.Keys {
			m[k.Ruby()] = x.Values[k.Identity()].Plain()
		}
		return m
	}
	return v.Val
}

func rubyFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case math.IsNaN(f):
		return "NaN"
	}
	if a := math.Abs(f); a != 0 && (a >= 1e16 || a < 1e-4) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		return mantissa + "e" + exponent
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
