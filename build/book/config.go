package book

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
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

// readFile reads one file of the chain; from is the place that names it.
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

// cannotBeRead turns an error of bookFiles into the end of a sentence.
func cannotBeRead(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is not there"
	case err == errOutside, err == errNoFile, err == errTooBig:
		return err.Error()
	}
	return "cannot be read: " + err.Error()
}

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

// name is lookup for a key of reviewDefaults, as text.
func (c *config) name(t Target, key string) string {
	v := c.lookup(t, key)
	if v == nil {
		return reviewDefaults[key]
	}
	return v.Ruby()
}

// refusals lists the values that Re:VIEW refuses to load: its YAML may hold
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
				fmt.Sprintf("the time %s is a value that Re:VIEW refuses", v.Text), "put it into quotes, or write the date alone"))
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

// configKeys are the keys that Re:VIEW 2 to 5 know. A config may have others,
// for hooks and styles of the book's own: only one that is nearly one of these
// is taken for a slip.
var configKeys = strings.Fields(`
	advfile ant asn aut a-adp a-ann a-arr a-art a-asn a-aqt a-aft a-aui a-ant a-bkp a-clb a-cmm a-csl a-dsr a-edt a-ill a-lyr a-mdc a-mus a-nrt
	a-oth a-pht a-prt a-red a-rev a-spn a-ths a-trc a-trl adp ann arr art aqt aft aui bkp clb cmm csl dsr edt ill lyr mdc mus nrt oth pbd pbl pht
	prt red rev spn ths trc trl backcover bib_file bookname booktitle caption_position catalogfile chapter_file chapterlink colophon colophon_order
	contact contentdir cover coverage coverfile coverimage creditfile date debug description direction dvicommand dvioptions edt epubmaker epubversion
	ext externallink extract_singlepage flattoc flattocindent font_ext fontdir fontsize footnotetext format highlight history htmlext htmlversion
	identifier image_ext image_maxpixels image_scale2width image_types imagedir imgmath imgmath_options inherit isbn join_lines_by_lang language
	linenum lineheight listinfo makeindex makeindex_command makeindex_dic makeindex_mecab makeindex_mecab_opts makeindex_options makeindex_sty
	math_format mathml modified mytoc nolf opf_meta opf_prefix originaltitlefile page_metric params part_file pdfmaker playwright_options
	postdef_file preamble_file predef_file profile profiletitle pubevent_name pubhistory publisher reject_file relation review_version rights rubyoption
	secnolevel source structuredxml stylesheet subject table_row_separator tableopt texcommand texdocumentclass texoptions texstyle textmaker
	titlefile titlepage toc toclevel type urnid use_original_image_size webmaker webttl words_file`)

// sectionKeys are those that stand in a maker's own section alone.
var sectionKeys = strings.Fields(`
	back_footnote bbox boxsetting cover_linear force_include_images hook_afterbackmatter hook_afterbody hook_aftercopyimage hook_afterdvipdf
	hook_afterfrontmatter hook_aftermakeindex hook_aftertexcompile hook_beforemakeindex hook_beforeprocess hook_beforetexcompile hook_prepack
	ncxindent ncx_indent note memo tip info warning important caution notice olnum_latex options options_with_caption rename_for_legacy style
	th_bold use_cover_nombre use_section verify_target_images zip_addpath zip_stage1 zip_stage2`)

// otherKeys are what other programs call a key.
var otherKeys = map[string]string{"author": "aut", "authors": "aut", "title": "booktitle", "lang": "language", "name": "bookname"}

// misspelledKeys finds keys that are nearly one of Re:VIEW's.
func (c *config) misspelledKeys(t Target) []Diagnostic {
	found := c.misspelled(c.values, configKeys)
	if section := c.values.Get(string(t) + "maker"); section != nil {
		if m, ok := section.Val.(*psych.Map); ok {
			found = append(found, c.misspelled(m, slices.Concat(sectionKeys, configKeys))...)
		}
	}
	return found
}

func (c *config) misspelled(m *psych.Map, known []string) []Diagnostic {
	var found []Diagnostic
	for _, k := range m.Keys {
		key := k.Ruby()
		if slices.Contains(known, key) {
			continue
		}
		near := text.Nearest(key, known)
		if other := otherKeys[strings.ToLower(key)]; other != "" {
			near = other
		}
		if near == "" || m.Get(near) != nil {
			continue // two keys of one meaning are no slip of the hand
		}
		found = append(found, c.diagnostic(Warning, "config-key", k, "Re:VIEW knows no key "+key+" and passes over it", "write "+near+":"))
	}
	return found
}

var (
	yamlItem = regexp.MustCompile(`^([ 　]*)(?:([-－])[ 　]*)?(.*)$`)
	yamlKey  = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]*)[:：][ 　]*(.*)$`)
)

// rightYAML is a line of YAML with half-width signs and the spaces that belong
// behind them; the line itself when nothing is wrong with those.
func rightYAML(line string) string {
	m := yamlItem.FindStringSubmatch(line)
	right := strings.ReplaceAll(m[1], "　", "  ")
	if m[2] != "" {
		right += "- "
	}
	rest := m[3]
	if k := yamlKey.FindStringSubmatch(rest); k != nil && !strings.HasPrefix(k[2], "//") {
		rest = strings.TrimRight(k[1]+": "+k[2], " ")
	}
	return right + rest
}

// yamlHint says how a line of YAML, or the one before it, is to be written; ""
// when signs and spaces are not what is wrong.
func yamlHint(data []byte, line int) string {
	for _, n := range []int{line, line - 1} {
		if n < 1 {
			continue
		}
		source := strings.TrimRight(sourceLine(data, n), " ")
		right := rightYAML(source)
		if trimmed := strings.TrimSpace(source); right == source || trimmed == "" || strings.HasPrefix(trimmed, "#") || trimmed[0] == '-' && !strings.HasPrefix(trimmed, "- ") && strings.Trim(trimmed, "-") == "" {
			continue
		}
		if n == line {
			return fmt.Sprintf("write %q: half-width signs, and a space behind them", right)
		}
		return fmt.Sprintf("write %q in line %d: half-width signs, and a space behind them", right, n)
	}
	return ""
}

// syntaxHint says what to do about a text that is no YAML.
func syntaxHint(name, encoding, message, source string, data []byte, line int) string {
	switch {
	case strings.Contains(message, "UTF-8"):
		return text.ToUTF8Hint(path.Base(name), encoding)
	case strings.Contains(source, "\t"):
		return "YAML is indented with spaces, never with tabs"
	}
	if hint := yamlHint(data, line); hint != "" {
		return hint
	}
	return "look at this line and the one before: indentation, a space after each colon and hyphen, quotes and brackets closed"
}
