package book

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book/psych"
)

// config is a Re:VIEW config with its parents merged in.
type config struct {
	values *psych.Map
	files  []string          // those read, the config first: slash paths below the root
	texts  map[string][]byte // their contents, for quoting a line
}

// maxInherit bounds the number of parents. No book has more than a handful.
const maxInherit = 100

// readConfig reads a config and what it inherits, in Re:VIEW's order: a child
// beats its parents, a later parent an earlier one, and a parent's own parents
// are named from the folder of the config that the maker is started with.
// The error is a *Faults; what was read until then is returned with it.
func readConfig(files *bookFiles, name string) (*config, error) {
	type step struct {
		name  string
		from  *psych.Value // the entry of inherit that names it, nil for the first
		chain []string     // the files by which it was reached
	}
	conf := &config{values: psych.NewMap(), texts: map[string][]byte{}}
	queue := []step{{name: name, chain: []string{name}}}
	seen := map[string]bool{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if len(conf.files) > maxInherit {
			return conf, conf.fail(next.from, fmt.Sprintf("inherits from more than %d files", maxInherit), "")
		}
		m, err := conf.readFile(files, next.name, next.from)
		if err != nil {
			return conf, err
		}
		conf.values = m.Merged(conf.values)

		inherit := conf.values.Get("inherit")
		if inherit == nil {
			continue
		}
		conf.values.Remove("inherit")
		parents, ok := inherit.Val.([]*psych.Value)
		if !ok {
			return conf, conf.fail(inherit, "inherit is "+inherit.Is()+", not a list of files",
				fmt.Sprintf("write it as inherit: [%q]", inheritExample(inherit)))
		}
		var steps []step
		for _, p := range slices.Backward(parents) {
			item, ok := p.Val.(string)
			if !ok {
				return conf, conf.fail(p, "inherit names "+p.Is()+", not a file", "")
			}
			parent := path.Join(path.Dir(name), item)
			if path.IsAbs(item) || strings.HasPrefix(item, "~") || !Below(parent) {
				return conf, conf.fail(p, fmt.Sprintf("inherits from %s, which lies outside the folder that the build sees", item),
					"put a bookci.yml into the folder that holds both, and name the file from the config's folder")
			}
			if slices.Contains(next.chain, parent) {
				return conf, conf.fail(p, "inherits from itself: "+strings.Join(append(slices.Clone(next.chain), parent), " -> "),
					"take this line out of inherit")
			}
			if seen[parent] {
				return conf, conf.fail(p, fmt.Sprintf("inherits from %s a second time, which Re:VIEW takes for a cycle", item),
					"let one config alone inherit from it")
			}
			seen[parent] = true
			steps = append(steps, step{name: parent, from: p, chain: append(slices.Clone(next.chain), parent)})
		}
		queue = append(steps, queue...)
	}
	return conf, nil
}

func inheritExample(v *psych.Value) string {
	if s, ok := v.Val.(string); ok {
		return s
	}
	return "base.yml"
}

// readFile reads one file of the chain. from is the entry of inherit that names it,
// nil for the config itself.
func (c *config) readFile(files *bookFiles, name string, from *psych.Value) (*psych.Map, error) {
	data, err := files.read(name)
	if err != nil {
		if from != nil {
			if errors.Is(err, fs.ErrNotExist) {
				hint := "files in inherit are named from the folder of the config that is built"
				if other, difference := files.sameName(name); other != "" {
					hint = fmt.Sprintf("there is a file %s, whose name differs in %s", other, difference)
				}
				return nil, c.fail(from, fmt.Sprintf("inherits from %s, which is not there", name), hint)
			}
			return nil, c.fail(from, fmt.Sprintf("inherits from %s, which %s", name, cannotBeRead(err)), "")
		}
		return nil, &Faults{[]Diagnostic{{Severity: Error, Code: "config", File: name, Message: cannotBeRead(err)}}}
	}
	c.files = append(c.files, name)
	c.texts[name] = data

	v, err := psych.Parse(name, data)
	if err != nil {
		return nil, &Faults{[]Diagnostic{yamlDiagnostic("config", name, data, err)}}
	}
	if v == nil || v.Val == nil || v.Val == false {
		return nil, c.fail(&psych.Value{File: name, Line: 1}, "is empty", "a config needs at least bookname and booktitle")
	}
	m, ok := v.Val.(*psych.Map)
	if !ok {
		return nil, c.fail(v, "is "+v.Is()+", not a mapping of keys to values", "")
	}
	return m, nil
}

// cannotBeRead says in the words of an author why bookFiles gave an error: the end
// of a sentence that begins with the file.
func cannotBeRead(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is not there"
	case err == errOutside, err == errKept, err == errNoFile, err == errTooBig:
		return err.Error()
	}
	return "cannot be read: " + err.Error()
}

// yamlDiagnostic tells of a text that psych could not read, at its line.
func yamlDiagnostic(code, name string, data []byte, err error) Diagnostic {
	d := Diagnostic{Severity: Error, Code: code + "-syntax", File: name, Message: sentence(name, err.Error())}
	var ye *psych.Error
	if errors.As(err, &ye) {
		d.Line = ye.Line
		d.Source = sourceLine(data, d.Line)
		d.Hint = syntaxHint(name, ye.Encoding, ye.Message, d.Source, data, d.Line)
	}
	return d
}

// sentence puts the file's name before what is said of it.
func sentence(file, message string) string {
	for _, verb := range []string{"is ", "has ", "names ", "inherits ", "cannot ", "lies "} {
		if strings.HasPrefix(message, verb) {
			return path.Base(file) + " " + message
		}
	}
	return message
}

// fail makes the error for what is wrong at v.
func (c *config) fail(v *psych.Value, message, hint string) error {
	return &Faults{[]Diagnostic{c.diagnostic(Error, "config", v, message, hint)}}
}

// diagnostic tells of what is wrong at v, nil for no place. Where message says
// "is the text", the hint is the line's right form, if signs and spaces are what is
// wrong with it.
func (c *config) diagnostic(severity Severity, code string, v *psych.Value, message, hint string) Diagnostic {
	d := Diagnostic{Severity: severity, Code: code, Message: message, Hint: hint}
	if v != nil {
		d.File, d.Line = v.File, v.Line
		d.Message = sentence(v.File, message)
		d.Source = sourceLine(c.texts[v.File], v.Line)
		if _, isText := v.Val.(string); isText && severity == Error && strings.Contains(message, " is the text ") || strings.HasPrefix(message, "is the text ") {
			d.Hint = cmp.Or(yamlHint(c.texts[v.File], v.Line), hint)
		}
	}
	return d
}

// sourceLine returns a line of a text, counted from 1, cut to a sensible length.
func sourceLine(text []byte, line int) string {
	const longest = 200 // bytes
	for ; line > 1; line-- {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	s := strings.ToValidUTF8(strings.TrimRight(strings.TrimPrefix(string(text), "\ufeff"), "\r"), "\ufffd")
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "..."
	}
	return s
}

// reviewDefaults are the defaults of Re:VIEW that name files.
var reviewDefaults = map[string]string{
	"bookname":     "book",
	"catalogfile":  "catalog.yml",
	"contentdir":   ".",
	"bib_file":     "bib.re",
	"imagedir":     "images",
	"fontdir":      "fonts",
	"ext":          ".re",
	"chapter_file": "CHAPS",
	"part_file":    "PART",
	"predef_file":  "PREDEF",
	"postdef_file": "POSTDEF",
}

// lookup returns the value that a target's maker sees for a key: that of its
// own section, else that of the config, nil when neither names the key.
func (c *config) lookup(t Target, key string) *psych.Value {
	if section := c.values.Get(string(t) + "maker"); t != "" && section != nil {
		if m, ok := section.Val.(*psych.Map); ok {
			if v := m.Get(key); v != nil {
				return v
			}
		}
	}
	return c.values.Get(key)
}

// isSet tells whether a key has what Ruby takes for true, otherwise where it is not there.
func (c *config) isSet(t Target, key string, otherwise bool) bool {
	v := c.lookup(t, key)
	if v == nil {
		return otherwise
	}
	return v.Val != nil && v.Val != false
}

// name is lookup for a key of reviewDefaults, as text.
func (c *config) name(t Target, key string) string {
	v := c.lookup(t, key)
	if v == nil {
		return reviewDefaults[key]
	}
	return v.Ruby()
}

// refusals tells of the values that Re:VIEW refuses to load: its YAML may hold
// dates, but no times, symbols or other objects of Ruby.
func (c *config) refusals(severity Severity) []Diagnostic {
	var found []Diagnostic
	seen := map[*psych.Value]bool{}
	var walk func(v *psych.Value)
	walk = func(v *psych.Value) {
		if seen[v] {
			return
		}
		seen[v] = true
		switch v.Refused {
		case "":
		case "time":
			found = append(found, c.diagnostic(severity, "config-value", v,
				fmt.Sprintf("the time %s is a value that Re:VIEW refuses", v.Text), "put it into quotes"))
		case "symbol":
			found = append(found, c.diagnostic(severity, "config-value", v,
				fmt.Sprintf("%s is a Ruby symbol, which Re:VIEW refuses", v.Text), "put it into quotes"))
		default:
			found = append(found, c.diagnostic(severity, "config-value", v, v.Refused+" is refused by Re:VIEW", ""))
		}
		switch x := v.Val.(type) {
		case []*psych.Value:
			for _, e := range x {
				walk(e)
			}
		case *psych.Map:
			for _, k := range x.Keys {
				walk(k)
				walk(x.Values[k.Identity()])
			}
		}
	}
	walk(&psych.Value{Val: c.values})
	return found
}
