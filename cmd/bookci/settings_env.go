package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/book/psych"
)

const envPrefix = "BOOKCI_"

// ownVariables are BOOKCI_ variables that are no settings: those that sessions
// hand to the makers, and so stand in the environment of a bookci that a hook
// starts.
var ownVariables = []string{"BOOKCI_WORK", "BOOKCI_OWN", "BOOKCI_STATE", "BOOKCI_EVENTS"}

// variable is a key with its BOOKCI_ variable.
type variable struct {
	name string
	path string // of the mapping around the key
	key  *settingKey
}

// variables lists the variables of keys and of the keys in them.
func variables(keys []settingKey, path string) []variable {
	var list []variable
	for i := range keys {
		k := &keys[i]
		if k.set != nil {
			name := envPrefix + strings.ToUpper(strings.ReplaceAll(path+k.name, ".", "_"))
			list = append(list, variable{name, path, k})
		}
		list = append(list, variables(k.keys, path+k.name+".")...)
	}
	return list
}

// environment reads the BOOKCI_ variables. An empty one counts as not set, as
// CI systems leave variables empty. One that bookci does not know is a warning
// and no error: the environment is not the book's alone.
func (r *settingsReader) environment(environ []string) {
	values := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, envPrefix) && value != "" {
			values[name] = value
		}
	}
	var names []string
	for _, v := range variables(settingKeys, "") {
		names = append(names, v.name)
		if text, ok := values[v.name]; ok {
			r.variable(v, text)
		}
	}
	var unknown []string
	for name := range values {
		if !slices.Contains(names, name) && !slices.Contains(ownVariables, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		r.s.Warnings = append(r.s.Warnings, fmt.Sprintf("unknown variable %s%s", name, didYouMean(name, names)))
	}
}

// variable reads one variable.
func (r *settingsReader) variable(v variable, text string) {
	value := setting{kind: scalar, place: v.name, text: text}
	switch v.key.shape {
	case listShape:
		value = setting{kind: sequence, place: v.name}
		for item := range strings.SplitSeq(text, ",") {
			value.list = append(value.list, setting{kind: scalar, place: v.name, text: strings.TrimSpace(item)})
		}
	case pairsShape:
		value = setting{kind: mapping, place: v.name}
		for item := range strings.SplitSeq(text, ",") {
			name, val, ok := strings.Cut(item, "=")
			if !ok {
				r.problem(v.name, "%q is no NAME=value; several are written with commas between them", item)
				return
			}
			value.entries = append(value.entries, settingEntry{
				key: strings.TrimSpace(name), place: v.name, value: setting{kind: scalar, place: v.name, text: val},
			})
		}
	case yamlShape:
		root, err := psych.Nodes([]byte(text))
		if err != nil || root == nil {
			r.problem(v.name, "%v", err)
			return
		}
		value = (&nodeReader{left: mostSettings}).read(root, 0)
		value.relocate(v.name)
	}
	r.set(v.key, v.path, value)
}

// relocate gives a value read from a variable its place.
func (v *setting) relocate(place string) {
	v.place, v.line = place, 0
	for i := range v.list {
		v.list[i].relocate(place)
	}
	for i := range v.entries {
		v.entries[i].place = place
		v.entries[i].value.relocate(place)
	}
}

// finish checks what several keys say together.
func (r *settingsReader) finish() {
	image := r.s.Image
	place := func(keys ...string) string {
		for _, k := range keys {
			if p := r.s.Origin[k]; p != "" {
				return p
			}
		}
		return book.SettingsFile
	}
	switch {
	case image.Build != "" && image.Ref != "":
		r.problem(place("image.build"), "image: give either build or ref")
	case image.Build == "" && (image.Dockerfile != "" || image.Args != nil):
		r.problem(place("image.dockerfile", "image.args"), "image: dockerfile and args need build, the folder to build in")
	}
	for _, b := range r.s.Books {
		if a := path.Clean(filepath.ToSlash(r.s.Artifacts)); b.Dir == a || strings.HasPrefix(b.Dir, a+"/") {
			// What lies in the folder of the artifacts is no source.
			r.problem(place("artifacts", "books"), "artifacts: the folder %s holds the book in %s", r.s.Artifacts, b.Dir)
		}
	}
}
