package settings

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build/book"
)

// Settings are what bookci.yml, the BOOKCI_ variables and the flags say, over
// the defaults. The tags are the schema:
//
//	key      the key's name in its mapping, and so its variable's name
//	default  what holds when no layer says anything, as bookci.yml would say it
//	flag     the flag that stands for the key, in the commands that have it
//	recipe   "no" where the key can change no artifact, or a build knows it by another way
type Settings struct {
	Image       Image                  `key:"image"`
	Mount       string                 `key:"mount" default:"/work"` // absolute path of the root in the container
	Books       []Book                 `key:"books" recipe:"no"`
	Artifacts   string                 `key:"artifacts" default:"artifacts" flag:"artifacts" recipe:"no"` // below the root, or absolute
	Command     map[book.Target]string `key:"command" recipe:"no"`
	Network     string                 `key:"network" default:"none"`
	Limits      Limits                 `key:"limits"`
	Timeout     time.Duration          `key:"timeout" default:"30m" flag:"timeout" recipe:"no"` // 0: none
	Env         map[string]string      `key:"env"`
	ExtraInputs []string               `key:"extra_inputs" recipe:"no"`                        // patterns below the root
	Exclude     []string               `key:"exclude"`                                         // patterns below the root
	ReadOnly    bool                   `key:"read_only" default:"true"`                        // the container's root file system
	CacheDir    string                 `key:"cache_dir" flag:"cache-dir" recipe:"no"`          // below the root, or absolute; "" for the default
	Engine      string                 `key:"engine" default:"auto" flag:"engine" recipe:"no"` // auto, docker, host, fargate or draft
	Transport   string                 `key:"transport" default:"auto" flag:"transport"`       // how sources reach the container: auto, bind or copy
	Jobs        Jobs                   `key:"jobs" flag:"jobs" recipe:"no"`
	Strict      bool                   `key:"strict" flag:"strict" recipe:"no"`
	Watch       Watch                  `key:"watch" recipe:"no"`
	Links       Links                  `key:"links" recipe:"no"`
	Fargate     Fargate                `key:"fargate" recipe:"no"`
	S3          S3                     `key:"s3" recipe:"no"`

	File string `key:"-"` // absolute path of bookci.yml, "" without one
	// Origin tells where a key was set, as "bookci.yml:7", "BOOKCI_TIMEOUT" or
	// "--timeout". Keys that have their default are not in it.
	Origin map[string]string `key:"-"`
	// Warnings are slips that stop nothing, one sentence each.
	Warnings []string `key:"-"`
}

// The values of the key engine: where makers run.
const (
	EngineAuto    = "auto"
	EngineDocker  = "docker"
	EngineHost    = "host"
	EngineFargate = "fargate"
	EngineDraft   = "draft" // none: bookci sets the pages itself
)

// Image names an image, or tells how to build one.
type Image struct {
	Ref        string            `key:"ref" flag:"image"` // "": chosen by the book, or built
	Build      string            `key:"build"`            // the context's folder below the root, "" when the image is not built
	Dockerfile string            `key:"dockerfile"`       // below Build
	Args       map[string]string `key:"args"`
	Network    string            `key:"network" default:"none"` // of the steps that build it
	Platform   string            `key:"platform"`               // such as linux/amd64, "" for the engine's own
}

// Book is one entry of books.
type Book struct {
	Name    string        `key:"name"`   // "" only when there is one book
	Dir     string        `key:"dir"`    // slash path below the root, "." if not said
	Config  string        `key:"config"` // base name, config.yml if not said
	Targets []book.Target `key:"targets"`
	Line    int           `key:"-"` // of bookci.yml, where the config is named; 0 where it is named elsewhere
}

// Limits bound a container; 0 is no limit.
type Limits struct {
	Memory Bytes     `key:"memory" default:"4GiB"`
	PIDs   Processes `key:"pids" default:"1024"`
	CPUs   CPUs      `key:"cpus"`
}

// The types of values that are written in a way of their own: see values.go.
type (
	Bytes     int64
	Processes int64
	CPUs      float64
	Jobs      int    // books built at a time, 0 for as many as is sensible
	Poll      string // auto, true or false
	Count     int    // not below 0
)

// Watch are the settings of `bookci watch`.
type Watch struct {
	Debounce  time.Duration `key:"debounce" flag:"debounce"`                          // 0: the watcher's default
	Poll      Poll          `key:"poll" default:"auto" flag:"poll"`                   // whether to look again and again instead of waiting for events
	Serve     string        `key:"serve" flag:"serve"`                                // host:port, "" for no preview
	OnSuccess string        `key:"on_success" flag:"on-success"`                      // shell command
	OnFailure string        `key:"on_failure" flag:"on-failure"`                      // shell command
	Cancel    string        `key:"cancel" default:"auto" flag:"cancel"`               // a build that newer edits have overtaken: auto, always or never
	First     string        `key:"chapter_first" default:"auto" flag:"chapter-first"` // the edited chapters' pages before the whole book: auto, always or never
}

// Links are the settings of `bookci links`.
type Links struct {
	Ignore  []string      `key:"ignore" flag:"ignore"`            // patterns of URLs that are left out
	Contact string        `key:"contact" flag:"contact"`          // of who asks, for the sites that are asked
	Fresh   time.Duration `key:"fresh" default:"7d" flag:"fresh"` // how long what was fine is not asked again; 0: always asked
	Archive string        `key:"archive" flag:"archive"`          // a folder, or s3://bucket/prefix; "" for none
	Bodies  bool          `key:"bodies" default:"true"`           // whether the archive keeps the pages too
}

// Fargate says where in the user's AWS account tasks run, and what each gets.
type Fargate struct {
	Region         string        `key:"region"` // "": the AWS SDK's
	Cluster        string        `key:"cluster" default:"bookci"`
	Bucket         string        `key:"bucket"`
	Prefix         string        `key:"prefix" default:"tasks"` // in the bucket
	Subnets        []string      `key:"subnets"`
	SecurityGroups []string      `key:"security_groups"`
	PublicIP       bool          `key:"public_ip"`
	ExecutionRole  string        `key:"execution_role"` // ARN
	LogGroup       string        `key:"log_group"`
	Image          string        `key:"image"` // by digest; "": what bookci.lock pins
	CPU            Count         `key:"cpu" default:"2048"`
	Memory         Count         `key:"memory" default:"8192"` // MiB
	Storage        Count         `key:"storage"`               // GiB; 0: the 20 that cost nothing
	Spot           bool          `key:"spot"`
	Wait           time.Duration `key:"wait" default:"15m"` // for a task to answer
}

// S3 says where buckets are that AWS does not have.
type S3 struct {
	Region    string `key:"region"`
	Endpoint  string `key:"endpoint"` // URL
	PathStyle bool   `key:"path_style"`
}

// Recipe are the settings that can change what an artifact will be. A new key
// is one of them until its tag says otherwise.
func (s *Settings) Recipe() any {
	of := *s
	v := reflect.ValueOf(&of).Elem()
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag; tag.Get("recipe") == "no" || tag.Get("key") == "-" {
			v.Field(i).SetZero()
		}
	}
	return of
}

// MakesAs reports whether t makes the same as s. It leaves aside where a value
// stands, warnings, and how a book is watched and its links are checked.
func (s *Settings) MakesAs(t *Settings) bool {
	a, b := *s, *t
	for _, one := range []*Settings{&a, &b} {
		one.File, one.Origin, one.Warnings, one.Watch, one.Links = "", nil, nil, Watch{}, Links{}
		one.Books = slices.Clone(one.Books)
		for i := range one.Books {
			one.Books[i].Line = 0
		}
	}
	return reflect.DeepEqual(a, b)
}

// OfStart are the settings that a watch reads at its start alone.
func (w Watch) OfStart() Watch {
	return Watch{Debounce: w.Debounce, Poll: w.Poll, Serve: w.Serve, Cancel: w.Cancel}
}

// Environ is what makers find in their environment, as KEY=value, in order.
func (s *Settings) Environ() []string {
	var list []string
	for k, v := range s.Env {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return list
}

// key is a value that some layer may give, wherever it stands.
type key struct {
	path   string // such as limits.memory
	typ    reflect.Type
	preset string // the default, "" for none
	flag   string // "" for none
}

// keys are all of them, in the order of the documentation; groups are the names
// in each mapping whose names are ours, by its path.
var keys, groups = schema()

func schema() (keys []key, groups map[string][]string) {
	groups = map[string][]string{}
	var walk func(t reflect.Type, path string) []key
	walk = func(t reflect.Type, path string) (keys []key) {
		for f := range t.Fields() {
			name := f.Tag.Get("key")
			if name == "-" {
				continue
			}
			groups[path] = append(groups[path], name)
			one := key{below(path, name), f.Type, f.Tag.Get("default"), f.Tag.Get("flag")}
			switch {
			case f.Type.Kind() == reflect.Struct:
				keys = append(keys, walk(f.Type, one.path)...)
				continue
			case f.Type == reflect.TypeFor[map[book.Target]string]():
				for _, t := range book.Targets {
					groups[one.path] = append(groups[one.path], string(t))
					keys = append(keys, key{path: below(one.path, string(t)), typ: f.Type.Elem()})
				}
				continue
			case one.isList() && f.Type.Elem().Kind() == reflect.Struct:
				walk(f.Type.Elem(), one.path)
			}
			keys = append(keys, one)
		}
		return keys
	}
	return walk(reflect.TypeFor[Settings](), ""), groups
}

func (k key) isList() bool { return k.typ.Kind() == reflect.Slice }

// variables are those that stand for the key.
func (k key) variables() []string {
	names := []string{prefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))}
	if k.path == "image.ref" {
		names = append(names, prefix+"IMAGE")
	}
	return names
}

// below is the path of a name in the mapping at a path, "" for the top.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
