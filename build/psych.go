package build

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
)

// Re:VIEW reads its YAML with Ruby's Psych, which is YAML 1.1 with habits of
// its own: "yes" and "on" are booleans, 1:30 is a number, the last of two equal
// keys wins, and << overrides what stands above it. A reader with other habits
// would see another book than the maker does, so the scalars and the merge are
// resolved here as Psych 4 does it, from the nodes that the YAML library parses.

// yamlValue is one value of a YAML file, with its place.
type yamlValue struct {
	file string // slash path below the root
	line int    // counted from 1
	text string // a scalar as it is written
	// val is nil, bool, int64, *big.Int, float64, string, yamlDate,
	// []*yamlValue or *yamlMap.
	val any
	// refused says why Re:VIEW does not load the value: it names a Ruby class.
	refused string
}

// yamlDate is a date in the form that Ruby prints: 2006-01-02.
type yamlDate string

// yamlMap is a mapping in the order in which its keys first appeared.
type yamlMap struct {
	keys   []*yamlValue
	values map[string]*yamlValue // by identity of the key
}

func newYAMLMap() *yamlMap {
	return &yamlMap{values: map[string]*yamlValue{}}
}

// identity tells keys apart as Ruby's hashes do: 1 and "1" are two keys.
func (v *yamlValue) identity() string {
	if s, ok := v.val.(string); ok {
		return s
	}
	return fmt.Sprintf("\x00%T %s", v.val, v.ruby())
}

func (m *yamlMap) set(key, value *yamlValue) {
	id := key.identity()
	if _, ok := m.values[id]; !ok {
		m.keys = append(m.keys, key)
	}
	m.values[id] = value
}

func (m *yamlMap) get(key string) *yamlValue {
	return m.values[key]
}

// key returns the key itself, for its place.
func (m *yamlMap) key(name string) *yamlValue {
	for _, k := range m.keys {
		if k.val == name {
			return k
		}
	}
	return nil
}

func (m *yamlMap) remove(key string) {
	delete(m.values, key)
	m.keys = slices.DeleteFunc(m.keys, func(k *yamlValue) bool { return k.identity() == key })
}

// merged returns m with other's values over its own, mappings in both merged
// in their turn. Neither is changed.
func (m *yamlMap) merged(other *yamlMap) *yamlMap {
	out := newYAMLMap()
	for _, k := range m.keys {
		out.set(k, m.values[k.identity()])
	}
	for _, k := range other.keys {
		id := k.identity()
		theirs := other.values[id]
		if ours, ok := out.values[id]; ok {
			a, aok := ours.val.(*yamlMap)
			b, bok := theirs.val.(*yamlMap)
			if aok && bok {
				both := *theirs
				both.val = a.merged(b)
				theirs = &both
			}
		}
		out.set(k, theirs)
	}
	return out
}

// ruby returns what Ruby's to_s makes of a scalar.
func (v *yamlValue) ruby() string {
	switch x := v.val.(type) {
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
	case yamlDate:
		return string(x)
	case string:
		return x
	}
	return v.text
}

// blank is ActiveSupport's blank? as Re:VIEW has it: nil, false and what is empty.
func (v *yamlValue) blank() bool {
	if v == nil {
		return true
	}
	switch x := v.val.(type) {
	case nil:
		return true
	case bool:
		return !x
	case string:
		return strings.TrimSpace(x) == ""
	case []*yamlValue:
		return len(x) == 0
	case *yamlMap:
		return len(x.keys) == 0
	}
	return false
}

// is names the kind of a value for a message.
func (v *yamlValue) is() string {
	switch x := v.val.(type) {
	case nil:
		return "empty"
	case bool:
		return fmt.Sprintf("the boolean %t", x)
	case int64, *big.Int, float64:
		return "the number " + v.text
	case yamlDate:
		return "the date " + v.text
	case []*yamlValue:
		return "a list"
	case *yamlMap:
		return "a mapping"
	}
	return fmt.Sprintf("the text %q", v.text)
}

// plain returns v as maps, slices and scalars of Go: mappings with text keys,
// dates as text, integers as int64 (as float64 beyond that).
func (v *yamlValue) plain() any {
	switch x := v.val.(type) {
	case yamlDate:
		return string(x)
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f
	case []*yamlValue:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = e.plain()
		}
		return list
	case *yamlMap:
		m := make(map[string]any, len(x.keys))
		for _, k := range x.keys {
			m[k.ruby()] = x.values[k.identity()].plain()
		}
		return m
	}
	return v.val
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

// YAMLError is what is wrong with the text of a YAML file.
type YAMLError struct {
	Line    int    // counted from 1, 0 when unknown
	Message string // the end of a sentence that begins with the file's name
}

func (e *YAMLError) Error() string { return e.Message }

// maxExpanded bounds how many values aliases may multiply a file into. The
// largest config in the field has a few hundred.
const maxExpanded = 100_000

// parsePsych reads the first document of a YAML file. The value is nil for an
// empty file. The error is a *YAMLError.
func parsePsych(file string, data []byte) (*yamlValue, error) {
	root, err := ParseYAML(data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, nil
	}
	r := &resolver{file: file, done: map[*yaml.Node]*yamlValue{}, open: map[*yaml.Node]bool{}}
	v, err := r.resolve(root)
	if err != nil {
		return nil, err
	}
	if expanded(v, map[*yamlValue]int{}) > maxExpanded {
		return nil, &YAMLError{Line: root.Line, Message: fmt.Sprintf("aliases expand the file to more than %d values", maxExpanded)}
	}
	return v, nil
}

// expanded counts the values below v, those that aliases repeat as often as
// they are repeated, and stops counting beyond maxExpanded.
func expanded(v *yamlValue, seen map[*yamlValue]int) int {
	if n, ok := seen[v]; ok {
		return n
	}
	n := 1
	add := func(e *yamlValue) {
		n = min(n+expanded(e, seen), maxExpanded+1)
	}
	switch x := v.val.(type) {
	case []*yamlValue:
		for _, e := range x {
			add(e)
		}
	case *yamlMap:
		for _, k := range x.keys {
			add(x.values[k.identity()])
		}
	}
	seen[v] = n
	return n
}

// ParseYAML returns the root node of the first document of a YAML text, nil when
// there is none. The error is a *YAMLError with the line that an author has to
// look at.
func ParseYAML(data []byte) (*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, &YAMLError{Line: invalidLine(data), Message: "is not UTF-8"}
	}
	root, err := parseNodes(data)
	if err != nil {
		return nil, &YAMLError{Line: troubleLine(data, err), Message: yamlMessage(err)}
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

func invalidLine(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			return line
		}
		if r == '\n' {
			line++
		}
		data = data[size:]
	}
	return 0
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
	done map[*yaml.Node]*yamlValue
	open map[*yaml.Node]bool
}

func (r *resolver) resolve(n *yaml.Node) (*yamlValue, error) {
	if n.Kind == yaml.AliasNode {
		return r.resolve(n.Alias)
	}
	if v, ok := r.done[n]; ok {
		return v, nil
	}
	if r.open[n] {
		return nil, &YAMLError{Line: n.Line, Message: fmt.Sprintf("the value anchored as %q contains itself", n.Anchor)}
	}
	r.open[n] = true
	defer delete(r.open, n)

	v := &yamlValue{file: r.file, line: n.Line, text: n.Value}
	switch n.Kind {
	case yaml.ScalarNode:
		v.val, v.refused = scalar(n)
	case yaml.SequenceNode:
		list := make([]*yamlValue, 0, len(n.Content))
		for _, c := range n.Content {
			e, err := r.resolve(c)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		v.val = list
	case yaml.MappingNode:
		m, err := r.mapping(n)
		if err != nil {
			return nil, err
		}
		v.val = m
	default:
		return nil, &YAMLError{Line: n.Line, Message: "is no valid YAML"}
	}
	if v.refused == "" && n.Style&yaml.TaggedStyle != 0 && strings.HasPrefix(n.Tag, "!ruby/") && n.Tag != "!ruby/string" {
		v.refused = "Ruby object " + n.Tag
	}
	r.done[n] = v
	return v, nil
}

func (r *resolver) mapping(n *yaml.Node) (*yamlMap, error) {
	m := newYAMLMap()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := r.resolve(n.Content[i])
		if err != nil {
			return nil, err
		}
		value, err := r.resolve(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		if key.val == "<<" && n.Content[i].Tag != "!!str" || key.val == "<<" && n.Content[i].Style&yaml.TaggedStyle == 0 {
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
func (r *resolver) merge(m *yamlMap, value *yamlValue, n *yaml.Node) bool {
	var sources []*yamlMap
	switch x := value.val.(type) {
	case *yamlMap:
		sources = append(sources, x)
	case []*yamlValue:
		if n.Kind == yaml.AliasNode {
			return false
		}
		for i := len(x) - 1; i >= 0; i-- {
			e, ok := x[i].val.(*yamlMap)
			if !ok {
				return false
			}
			sources = append(sources, e)
		}
	default:
		return false
	}
	for _, s := range sources {
		for _, k := range s.keys {
			m.set(k, s.values[k.identity()])
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
		return yamlDate(date.Format("2006-01-02")), ""
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
