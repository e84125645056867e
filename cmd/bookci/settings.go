package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
)

// settings are what bookci.yml and the BOOKCI_ variables say, over the
// defaults. Flags win over both: a command applies those that were given.
type settings struct {
	File string // absolute path of bookci.yml, "" without one

	Image       imageSettings
	Mount       string // absolute path of the root in the container
	Books       []bookSettings
	Artifacts   string // as written: below the root, or absolute
	Command     map[book.Target]string
	Network     string
	Limits      limitSettings
	Timeout     time.Duration // 0: none
	Env         map[string]string
	ExtraInputs []string // patterns below the root
	Exclude     []string // patterns below the root
	ReadOnly    bool     // the container's root file system
	CacheDir    string   // as written, "" for the default
	Engine      string   // auto, docker or host
	Transport   string   // how sources reach the container: auto, bind or copy
	Jobs        int      // variants built at a time, 0 for as many as is sensible
	Strict      bool
	Watch       watchSettings

	// Origin tells where a key was set, as "bookci.yml:7" or "BOOKCI_TIMEOUT".
	// Keys that have their default are not in it.
	Origin map[string]string
	// Warnings are slips that stop nothing, one sentence each.
	Warnings []string
}

// makesAs reports whether the same is made with t as with s. Where something
// stands, what was warned of and how it is watched makes no difference.
func (s *settings) makesAs(t *settings) bool {
	a, b := *s, *t
	for _, one := range []*settings{&a, &b} {
		one.File, one.Origin, one.Warnings, one.Watch = "", nil, nil, watchSettings{}
		one.Books = slices.Clone(one.Books)
		for i := range one.Books {
			one.Books[i].Line = 0
		}
	}
	return reflect.DeepEqual(a, b)
}

// imageSettings name an image, or how to build one.
type imageSettings struct {
	Ref        string // "": chosen by the book, or built
	Build      string // the context's folder below the root, "" when the image is not built
	Dockerfile string // below Build
	Args       map[string]string
	Platform   string // such as linux/amd64, "" for the engine's own
}

// bookSettings are one entry of books.
type bookSettings struct {
	Name    string // "" only when there is one book
	Dir     string // slash path below the root
	Config  string // base name
	Targets []book.Target
	Line    int // in bookci.yml, 0 elsewhere
}

// limitSettings bound a container; 0 is no limit.
type limitSettings struct {
	Memory int64 // bytes
	PIDs   int64
	CPUs   float64
}

// watchSettings are for `bookci watch`.
type watchSettings struct {
	Debounce  time.Duration // 0: the watcher's default
	Poll      string        // auto, true or false
	Serve     string        // host:port, "" for no preview
	OnSuccess string        // shell command
	OnFailure string        // shell command
	Cancel    string        // a build that newer edits have overtaken: auto, always or never
	First     string        // the edited chapters' pages before the whole book: auto, always or never
}

// ofStart are those that a watch goes by from its start to its end.
func (w watchSettings) ofStart() watchSettings {
	return watchSettings{Debounce: w.Debounce, Poll: w.Poll, Serve: w.Serve, Cancel: w.Cancel}
}

// defaultSettings are those of a folder without bookci.yml.
func defaultSettings() *settings {
	return &settings{
		Mount:     "/work",
		Artifacts: "artifacts",
		Network:   "none",
		Limits:    limitSettings{Memory: 4 << 30, PIDs: 1024},
		Timeout:   30 * time.Minute,
		ReadOnly:  true,
		Engine:    "auto",
		Transport: "auto",
		Watch:     watchSettings{Poll: "auto", Cancel: "auto", First: "auto"},
		Command:   map[book.Target]string{},
		Env:       map[string]string{},
		Origin:    map[string]string{},
	}
}

// settingsError lists all that is wrong with bookci.yml and the variables. It
// is the configuration's fault: exit status 2.
type settingsError struct {
	Problems []string // each begins with its place
}

func (e *settingsError) Error() string { return strings.Join(e.Problems, "\n") }

// readSettings reads the bookci.yml at file ("" for none) and the environment,
// as os.Environ gives it. The error is a *settingsError, but for a file that
// cannot be read.
func readSettings(file string, environ []string) (*settings, error) {
	var data []byte
	if file != "" {
		var err error
		if data, err = readSettingsFile(file); err != nil {
			return nil, err
		}
	}
	s, err := parseSettings(data, environ)
	if err != nil {
		return nil, err
	}
	s.File = file
	return s, nil
}

// parseSettings reads the text of a bookci.yml and the environment.
func parseSettings(data []byte, environ []string) (*settings, error) {
	r := &settingsReader{s: defaultSettings()}
	r.file(data)
	r.environment(environ)
	r.finish()
	if len(r.problems) > 0 {
		return nil, &settingsError{r.problems}
	}
	return r.s, nil
}

func readSettingsFile(file string) ([]byte, error) {
	const largest = 1 << 20 // bytes
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &settingsError{[]string{file + ": is no file"}}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(data) > largest {
		return nil, &settingsError{[]string{fmt.Sprintf("%s: is larger than %d MiB", file, largest>>20)}}
	}
	return data, nil
}

// settingsReader fills settings and collects what is wrong on the way, so that
// an author mends a file once.
type settingsReader struct {
	s        *settings
	problems []string
}

// problem notes what is wrong at a place.
func (r *settingsReader) problem(place, format string, args ...any) {
	r.problems = append(r.problems, place+": "+fmt.Sprintf(format, args...))
}

// file reads the text of bookci.yml.
func (r *settingsReader) file(data []byte) {
	root, err := psych.Nodes(data)
	if err != nil {
		place := book.SettingsFile
		var ye *psych.Error
		if errors.As(err, &ye) && ye.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, ye.Line)
		}
		r.problem(place, "%v", err)
		return
	}
	if root == nil {
		return
	}
	nodes := &nodeReader{left: mostSettings}
	v := nodes.read(root, 0)
	if nodes.left < 0 {
		r.problem(v.place, "has more than %d values", mostSettings)
		return
	}
	if v.kind == nothing {
		return
	}
	if v.kind != mapping {
		r.problem(v.place, "is %s, not a mapping of keys to values", v.is())
		return
	}
	r.keys(settingKeys, "", v)
}

// keys reads a mapping whose keys are known. path is that of the mapping
// itself, such as "limits.", "" at the top.
func (r *settingsReader) keys(known []settingKey, path string, v setting) {
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	given := map[string]bool{}
	for _, e := range v.entries {
		key := findKey(known, e.key)
		switch {
		case key == nil:
			r.problem(e.place, "unknown key %q%s", path+e.key, didYouMean(e.key, names))
			continue
		case given[e.key]:
			r.problem(e.place, "the key %q is given twice", path+e.key)
			continue
		}
		given[e.key] = true
		r.set(key, path, e.value)
	}
}

// set reads one key.
func (r *settingsReader) set(key *settingKey, path string, v setting) {
	if v.kind == nothing {
		return // "timeout:" with nothing behind it leaves the default
	}
	if key.keys != nil && v.kind == mapping {
		r.keys(key.keys, path+key.name+".", v)
		return
	}
	if key.set == nil {
		r.problem(v.place, "%s is %s, not a mapping", path+key.name, v.is())
		return
	}
	before := len(r.problems)
	if err := key.set(r, v); err != nil {
		r.problem(v.place, "%s: %v", path+key.name, err)
	}
	if len(r.problems) == before {
		r.s.Origin[path+key.name] = v.place
	}
}

func didYouMean(word string, words []string) string {
	if near := text.Nearest(word, words); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
