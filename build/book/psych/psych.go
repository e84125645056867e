package psych

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/internal/text"
)

// Re:VIEW reads its YAML with Ruby's Psych, which is YAML 1.1 with habits of
// its own: "yes" and "on" are booleans, 1:30 is a number, the last of two equal
// keys wins, and << overrides what stands above it. A reader with other habits
// would see another book than the maker does, so the scalars and the merge are
// resolved here as Psych 4 does it, from the nodes that the YAML library parses.

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

func (m *Map) Get(key string) *Value {
	return m.Values[key]
}

// Key returns the key itself, for its place.
func (m *Map) Key(name string) *Value {
	for _, k := range m.Keys {
		if k.Val == name {
			return k
		}
	}
	return nil
}

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

// Ruby returns what Ruby's to_s makes of a scalar.
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

// Is names the kind of a value for a message.
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

// Plain returns v as maps, slices and scalars of Go: mappings with text keys,
// dates as text, integers as int64 (as float64 beyond that).
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

// Error is what is wrong with the text of a YAML file.
type Error struct {
	Line    int    // counted from 1, 0 when unknown
	Message string // the end of a sentence that begins with the file's name
	// Encoding is what a file that is not UTF-8 looks like, as iconv calls it.
	Encoding string
}

func (e *Error) Error() string { return e.Message }

// maxExpanded bounds how many values aliases may multiply a file into. The
// largest config in the field has a few hundred.
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
		return nil, &Error{Line: root.Line, Message: fmt.Sprintf("aliases expand the file to more than %d values", maxExpanded)}
	}
	return v, nil
}

// expanded counts the values below v, those that aliases repeat as often as
// they are repeated, and stops counting beyond maxExpanded.
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
	file string
	done map[*yaml.Node]*Value
	open map[*yaml.Node]bool
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
			if r.merge(m, value, n.Content[i+1]) {
				continue
			}
		}
		m.set(key, value)
	}
	return m, nil
}

// merge puts the mappings that << names into m and reports whether it could.
// Unlike the YAML specification, Psych lets them override the keys above.
func (r *resolver) merge(m *Map, value *Value, n *yaml.Node) bool {
	var sources []*Map
	switch x := value.Val.(type) {
	case *Map:
		sources = append(sources, x)
	case []*Value:
		if n.Kind == yaml.AliasNode {
			return false
		}
		for i := len(x) - 1; i >= 0; i-- {
			e, ok := x[i].Val.(*Map)
			if !ok {
				return false
			}
			sources = append(sources, e)
		}
	default:
		return false
	}
	for _, s := range sources {
		for _, k := range s.Keys {
			m.set(k, s.Values[k.Identity()])
		}
	}
	return true
}

// The expressions are those of Psych::ScalarScanner; a ^ or $ of Ruby stands
// at every line.
var (
	psychText   = regexp.MustCompile(`(?m)^[^\d.:-]?[\p{L}\p{M}\p{Nl}_\s!@#$%^&*(){}<>|/\\~;=]+`)
	psychOther  = regexp.MustCompile(`(?im)^[^ytonf~]`)
	psychNull   = regexp.MustCompile(`(?im)^null$`)
	psychTrue   = regexp.MustCompile(`(?im)^(yes|true|on)$`)
	psychFalse  = regexp.MustCompile(`(?im)^(no|false|off)$`)
	psychTime   = regexp.MustCompile(`(?m)^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$`)
	psychDate   = regexp.MustCompile(`^(\d{4})-(1[012]|0\d|\d)-([12]\d|3[01]|0\d|\d)$`)
	psychInf    = regexp.MustCompile(`(?i)^\+?\.inf$`)
	psychNegInf = regexp.MustCompile(`(?i)^-\.inf$`)
	psychNaN    = regexp.MustCompile(`(?i)^\.nan$`)
	psychSymbol = regexp.MustCompile(`^:.`)
	psychBase60 = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}$`)
	psychTime60 = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\.[0-9_]*$`)
	psychFloat  = regexp.MustCompile(`^[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?$`)
	psychInt    = regexp.MustCompile(`^(?:[-+]?0b[0-1_,]+|[-+]?0[0-7_,]+|[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[0-9a-fA-F_,]+)$`)
)

// scalar resolves a scalar node, and says why Re:VIEW would refuse it.
func scalar(n *yaml.Node) (val any, refused string) {
	if n.Style&yaml.TaggedStyle != 0 {
		switch n.Tag {
		case "!!str", "!str", "!!binary", "!binary", "!ruby/string":
			return n.Value, ""
		case "!!float", "!float":
			v, _ := tokenize(n.Value)
			if i, ok := v.(int64); ok {
				return float64(i), ""
			}
			return v, ""
		}
		return tokenize(n.Value) // quoted or not
	}
	if n.Style != 0 {
		return n.Value, ""
	}
	return tokenize(n.Value)
}

func tokenize(s string) (val any, refused string) {
	if s == "" {
		return nil, ""
	}
	if psychText.MatchString(s) || strings.Contains(s, "\n") {
		switch {
		case utf8.RuneCountInString(s) > 5, psychOther.MatchString(s):
			return s, ""
		case s == "~", psychNull.MatchString(s):
			return nil, ""
		case psychTrue.MatchString(s):
			return true, ""
		case psychFalse.MatchString(s):
			return false, ""
		}
		return s, ""
	}
	switch {
	case psychTime.MatchString(s):
		return s, "time"
	case psychDate.MatchString(s):
		m := psychDate.FindStringSubmatch(s)
		year, _ := strconv.Atoi(m[1])
		month, _ := strconv.Atoi(m[2])
		day, _ := strconv.Atoi(m[3])
		date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		if month < 1 || day < 1 || date.Day() != day {
			return s, ""
		}
		return Date(date.Format("2006-01-02")), ""
	case psychInf.MatchString(s):
		return math.Inf(1), ""
	case psychNegInf.MatchString(s):
		return math.Inf(-1), ""
	case psychNaN.MatchString(s):
		return math.NaN(), ""
	case psychSymbol.MatchString(s):
		return s, "symbol"
	case psychBase60.MatchString(s):
		return base60(s), ""
	case psychTime60.MatchString(s):
		return base60(s), ""
	case psychFloat.MatchString(s):
		if f, err := rubyParseFloat(s); err == nil {
			return f, ""
		}
	case psychInt.MatchString(s):
		if i, err := rubyParseInt(s); err == nil {
			return i, ""
		}
	}
	return s, ""
}

// base60 counts 1:30 as Psych does: the first of two parts weighs 3600.
func base60(s string) any {
	float := strings.Contains(s, ".")
	var sum float64
	for i, part := range strings.Split(s, ":") {
		f, _ := strconv.ParseFloat(strings.TrimSuffix(strings.ReplaceAll(part, "_", ""), "."), 64)
		sum += f * math.Pow(60, math.Abs(float64(i-2)))
	}
	if float {
		return sum
	}
	return int64(sum)
}

var deleteCommas = strings.NewReplacer(",", "", "_", "")

func rubyParseFloat(s string) (float64, error) {
	s = deleteCommas.Replace(s)
	if strings.Trim(s, "+-") == "." {
		return 0, strconv.ErrSyntax
	}
	f, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		return f, nil
	}
	return f, err
}

func rubyParseInt(s string) (any, error) {
	s = deleteCommas.Replace(s)
	i, ok := new(big.Int).SetString(s, 0)
	if !ok {
		return nil, strconv.ErrSyntax
	}
	if i.IsInt64() {
		return i.Int64(), nil
	}
	return i, nil
}
