package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/bookci/bookci/internal/text"
)

// Default are the settings of a folder without bookci.yml, whatever the
// environment says.
func Default() *Settings {
	r := newReader()
	r.decode()
	return &r.s
}

// Read reads the bookci.yml at file ("" for none), the process's environment and
// those of the flags (nil for none) that were given. The error is an *Error.
func Read(file string, flags *pflag.FlagSet) (*Settings, error) {
	text, err := readFile(file)
	if err != nil {
		return nil, err
	}
	own, err := readOwnFile(ownFile())
	if err != nil {
		return nil, err
	}
	s, err := parse(own, text, flags)
	if err != nil {
		return nil, err
	}
	s.File = file
	return s, nil
}

// OwnFile is where the user's own settings are looked for.
func OwnFile() string {
	dir, err := os.UserConfigDir()
	if err != nil { // nobody's account, as in some CI jobs
		return filepath.Join("~", ".config", "bookci", "settings.yml")
	}
	return filepath.Join(dir, "bookci", "settings.yml")
}

// ownFile is OwnFile, or "" where no such file is. A folder that may not be looked
// into is somebody else's: in a container that runs as another user HOME is /root.
func ownFile() string {
	file := OwnFile()
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return ""
	}
	return file
}

func parse(own, text []byte, flags *pflag.FlagSet) (*Settings, error) {
	r := newReader()
	// Each layer is tried as it comes, so that a mistake is also told of when a
	// layer above it hides it.
	for _, layer := range []func() error{
		func() error { return r.ownFile(own) }, func() error { return r.file(text) }, r.environment, func() error { return r.flags(flags) },
	} {
		if err := layer(); err != nil {
			return nil, err
		}
		r.decode()
	}
	r.settle()
	if len(r.problems) > 0 {
		return nil, r.fault()
	}
	return &r.s, nil
}

// reader puts the layers into viper and collects what is wrong on the way.
type reader struct {
	v        *viper.Viper
	s        Settings         // as the layers so far have it
	lines    map[string]place // where each path stands in a file
	above    map[string]place // by key: the variable or flag that prevails over the files
	problems []problem
	told     map[problem]bool // what is in problems
}

func newReader() *reader {
	r := &reader{v: viper.New(), lines: map[string]place{}, above: map[string]place{}, told: map[problem]bool{}}
	for _, k := range keys {
		if k.preset != "" {
			r.v.SetDefault(k.path, k.preset)
		}
	}
	return r
}

const prefix = "BOOKCI_"

// ownVariables are BOOKCI_ variables that are no settings: those that sessions
// hand to the makers and a watch to its hooks, and so stand in the environment
// of a bookci that one of them starts. A test compares them with the tree.
var ownVariables = []string{
	"BOOKCI_ALL_PASSES", "BOOKCI_ASKED", "BOOKCI_ASKED_BEFORE", "BOOKCI_BUILT", "BOOKCI_CHAPTER_FIRST", "BOOKCI_CLASS", "BOOKCI_DESK", "BOOKCI_EVENTS", "BOOKCI_FORCE",
	"BOOKCI_LAST_PDF", "BOOKCI_ONE_PASS", "BOOKCI_PICTURES", "BOOKCI_PICTURES_NEW", "BOOKCI_PICTURES_ROOM",
	"BOOKCI_OWN", "BOOKCI_RESULT", "BOOKCI_SEED", "BOOKCI_STATE", "BOOKCI_TEXT_DIR", "BOOKCI_URNID", "BOOKCI_WAITS", "BOOKCI_WARM", "BOOKCI_WORK",
}

// testPrefix begins the names of variables that are for bookci's own tests.
const testPrefix = prefix + "TEST_"

// environment puts the variables over the file. An empty one counts as not set,
// as CI systems leave variables empty. One that bookci does not know is a warning
// and no error: the environment is not the book's alone.
func (r *reader) environment() error {
	var known []string
	for _, k := range keys {
		names := k.variables()
		known = append(known, names...)
		if err := r.v.BindEnv(append([]string{k.path}, names...)...); err != nil {
			return err
		}
		for _, name := range names {
			if text := os.Getenv(name); text != "" {
				r.above[k.path] = place{name: name}
				if _, ok := groups[k.path]; ok { // a list of mappings is written as in the file
					r.v.Set(k.path, r.yaml(text, &nodes{reader: r, root: k.path, variable: name}))
				}
			}
		}
	}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, testPrefix) && value != "" && !slices.Contains(known, name) && !slices.Contains(ownVariables, name) {
			r.s.Warnings = append(r.s.Warnings, fmt.Sprintf("unknown variable %s%s", name, text.DidYouMean(name, known)))
		}
	}
	slices.Sort(r.s.Warnings)
	return nil
}

// flags puts the given flags over the rest. Their folders are seen from where
// the user stands, those of the other layers from the root.
func (r *reader) flags(set *pflag.FlagSet) error {
	for _, k := range keys {
		if set == nil || k.flag == "" || !set.Changed(k.flag) {
			continue
		}
		f := set.Lookup(k.flag)
		r.above[k.path] = place{name: "--" + k.flag}
		if err := r.v.BindPFlag(k.path, f); err != nil {
			return err
		}
		if (k.path == "artifacts" || k.path == "cache_dir") && !strings.Contains(f.Value.String(), "://") {
			abs, err := filepath.Abs(f.Value.String())
			if err != nil {
				return fmt.Errorf("finding this folder: %w", err)
			}
			r.v.Set(k.path, abs)
		}
	}
	return nil
}

// decode turns what the layers say into settings.
func (r *reader) decode() {
	r.s = Settings{Origin: map[string]string{}, Warnings: r.s.Warnings}
	r.collect(r.v.UnmarshalExact(&r.s, viper.DecodeHook(hook), func(c *mapstructure.DecoderConfig) {
		c.TagName, c.WeaklyTypedInput = "key", false
	}))
	for _, k := range keys {
		if at, said := r.origin(k.path); said {
			r.s.Origin[k.path] = at.String()
		}
	}
	r.check()
}

// collect adds the errors of a decoding to the problems.
func (r *reader) collect(err error) {
	switch e := err.(type) {
	case nil:
	case *mapstructure.DecodeError:
		r.wrong(e.Name(), e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			r.collect(one)
		}
	default:
		r.collect(errors.Unwrap(err))
	}
}

// origin is where the value that holds for a path was said, if it was said.
func (r *reader) origin(path string) (place, bool) {
	key, _, _ := strings.Cut(path, "[")
	if at, ok := r.above[key]; ok {
		return at, true
	}
	for at := path; ; at = at[:strings.LastIndexAny(at, ".[")] {
		if line, ok := r.lines[at]; ok || len(at) <= len(key) {
			return line, ok
		}
	}
}
