package main

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/distribution/reference"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/source"
)

// settingKey is one key of bookci.yml.
type settingKey struct {
	name string
	set  func(r *settingsReader, v setting) error // nil when the key only holds others
	keys []settingKey                             // those of the mapping that it may hold
	// shape is how the variable of the key writes what is no single value.
	shape settingShape
}

type settingShape int

const (
	plainShape settingShape = iota
	listShape               // a,b
	pairsShape              // A=1,B=2
	yamlShape               // YAML
)

// settingKeys are all keys of bookci.yml, in the order of the documentation.
var settingKeys = []settingKey{
	{name: "image", set: setImage, keys: []settingKey{
		textKey("build", checkFolder, func(s *settings) *string { return &s.Image.Build }),
		textKey("dockerfile", checkFolder, func(s *settings) *string { return &s.Image.Dockerfile }),
		{name: "args", shape: pairsShape, set: func(r *settingsReader, v setting) (err error) {
			r.s.Image.Args, err = v.textMap()
			return err
		}},
		textKey("platform", checkPlatform, func(s *settings) *string { return &s.Image.Platform }),
		textKey("ref", checkReference, func(s *settings) *string { return &s.Image.Ref }),
	}},
	textKey("mount", checkMount, func(s *settings) *string { return &s.Mount }),
	{name: "books", shape: yamlShape, set: setBooks},
	inFile(textKey("artifacts", checkArtifacts, func(s *settings) *string { return &s.Artifacts }), checkFolder),
	{name: "command", keys: commandKeys()},
	textKey("network", checkNetwork, func(s *settings) *string { return &s.Network }),
	{name: "limits", keys: []settingKey{
		{name: "memory", set: setMemory},
		{name: "pids", set: setPIDs},
		{name: "cpus", set: setCPUs},
	}},
	durationKey("timeout", func(s *settings) *time.Duration { return &s.Timeout }),
	{name: "env", shape: pairsShape, set: setEnv},
	{name: "extra_inputs", shape: listShape, set: patterns(func(s *settings) *[]string { return &s.ExtraInputs })},
	{name: "exclude", shape: listShape, set: patterns(func(s *settings) *[]string { return &s.Exclude })},
	boolKey("read_only", func(s *settings) *bool { return &s.ReadOnly }),
	inFile(textKey("cache_dir", nil, func(s *settings) *string { return &s.CacheDir }), checkFolder),
	inFile(choiceKey("engine", []string{"auto", "docker", "host"}, func(s *settings) *string { return &s.Engine }), checkContained),
	choiceKey("transport", []string{"auto", "bind", "copy"}, func(s *settings) *string { return &s.Transport }),
	{name: "jobs", set: setJobs},
	boolKey("strict", func(s *settings) *bool { return &s.Strict }),
	{name: "watch", keys: []settingKey{
		durationKey("debounce", func(s *settings) *time.Duration { return &s.Watch.Debounce }),
		{name: "poll", set: setPoll},
		textKey("serve", checkAddress, func(s *settings) *string { return &s.Watch.Serve }),
		inFile(textKey("on_success", nil, func(s *settings) *string { return &s.Watch.OnSuccess }), refuseCommand),
		inFile(textKey("on_failure", nil, func(s *settings) *string { return &s.Watch.OnFailure }), refuseCommand),
		choiceKey("cancel", []string{"auto", "always", "never"}, func(s *settings) *string { return &s.Watch.Cancel }),
		choiceKey("chapter_first", []string{"auto", "always", "never"}, func(s *settings) *string { return &s.Watch.First }),
	}},
}

func findKey(keys []settingKey, name string) *settingKey {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

// textKey makes a key that holds one text; check, if any, may refuse it.
func textKey(name string, check func(string) error, field func(*settings) *string) settingKey {
	return settingKey{name: name, set: func(r *settingsReader, v setting) error {
		s, err := v.scalarText()
		if err == nil && check != nil {
			err = check(s)
		}
		if err == nil {
			*field(r.s) = s
		}
		return err
	}}
}

// inFile adds a check that holds for bookci.yml alone. The file comes with the
// manuscript, which is not trusted: it decides nothing about this machine. The
// user's own variables and flags do.
func inFile(k settingKey, check func(string) error) settingKey {
	set := k.set
	k.set = func(r *settingsReader, v setting) error {
		if v.line > 0 {
			if err := check(v.text); err != nil {
				return err
			}
		}
		return set(r, v)
	}
	return k
}

func checkContained(s string) error {
	if s == "host" {
		return errors.New("a book does not decide that it runs outside of any container: use --engine host or BOOKCI_ENGINE=host")
	}
	return nil
}

func refuseCommand(string) error {
	return errors.New("a book does not run commands on this machine: use --on-success and --on-failure, or BOOKCI_WATCH_ON_SUCCESS and BOOKCI_WATCH_ON_FAILURE")
}

func boolKey(name string, field func(*settings) *bool) settingKey {
	return settingKey{name: name, set: func(r *settingsReader, v setting) error {
		s, err := v.scalarText()
		if err != nil {
			return err
		}
		b, err := parseBool(s)
		if err == nil {
			*field(r.s) = b
		}
		return err
	}}
}

func durationKey(name string, field func(*settings) *time.Duration) settingKey {
	return settingKey{name: name, set: func(r *settingsReader, v setting) error {
		s, err := v.scalarText()
		if err != nil {
			return err
		}
		if unlimited(s) {
			*field(r.s) = 0
			return nil
		}
		d, err := parseDuration(s)
		if err == nil {
			*field(r.s) = d
		}
		return err
	}}
}

func choiceKey(name string, choices []string, field func(*settings) *string) settingKey {
	return textKey(name, func(s string) error {
		if !slices.Contains(choices, s) {
			return fmt.Errorf("%q is none of %s%s", s, strings.Join(choices, ", "), didYouMean(s, choices))
		}
		return nil
	}, field)
}

func patterns(field func(*settings) *[]string) func(*settingsReader, setting) error {
	return func(r *settingsReader, v setting) error {
		list, err := v.texts()
		if err != nil {
			return err
		}
		for i, p := range list {
			if err := source.CheckPattern(p); err != nil {
				place := v.place
				if i < len(v.list) {
					place = v.list[i].place
				}
				r.problem(place, "%v", err)
			}
		}
		*field(r.s) = list
		return nil
	}
}

func commandKeys() []settingKey {
	var keys []settingKey
	for _, t := range book.Targets {
		keys = append(keys, settingKey{name: string(t), set: func(r *settingsReader, v setting) error {
			s, err := v.scalarText()
			if err == nil && strings.TrimSpace(s) == "" {
				err = errors.New("is empty")
			}
			if err == nil {
				r.s.Command[t] = s
			}
			return err
		}})
	}
	return keys
}

func setImage(r *settingsReader, v setting) error {
	s, err := v.scalarText()
	if err != nil {
		return err
	}
	if err := checkReference(s); err != nil {
		return err
	}
	// A reference in a variable takes the place of all that the file says.
	r.s.Image = imageSettings{Ref: s, Platform: r.s.Image.Platform}
	return nil
}

func checkReference(s string) error {
	if s == "" || strings.HasPrefix(s, "-") || strings.ContainsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
		return fmt.Errorf("%q is no image, such as vvakame/review:5.9", s)
	}
	if _, err := reference.ParseAnyReference(s); err != nil {
		return fmt.Errorf("%q is no image, such as vvakame/review:5.9: %w", s, err)
	}
	return nil
}

var platformForm = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

func checkPlatform(s string) error {
	if !platformForm.MatchString(s) {
		return fmt.Errorf("%q is no platform, such as linux/amd64", s)
	}
	return nil
}

// reservedMounts are folders of the container that makers or bookci need. What
// lies below those that end in a slash is theirs too.
var reservedMounts = []string{
	"/bin/", "/boot/", "/dev/", "/etc/", "/lib/", "/lib64/", "/proc/", "/run/", "/sbin/", "/sys/", "/tmp/", "/usr/", "/bookci/",
	"/var", "/opt", "/home", "/root",
}

func checkMount(s string) error {
	clean := path.Clean(s)
	switch {
	case !path.IsAbs(s):
		return fmt.Errorf("%q is no absolute path, such as /work", s)
	case clean == "/":
		return errors.New("the book cannot take the place of the container's whole file system")
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%q holds a control character", s)
	}
	for _, m := range reservedMounts {
		if clean == strings.TrimSuffix(m, "/") || strings.HasSuffix(m, "/") && strings.HasPrefix(clean, m) {
			return fmt.Errorf("%s is needed by the container itself; take another, such as /work", s)
		}
	}
	return nil
}

// checkFolder accepts a path below the root.
func checkFolder(s string) error {
	clean := path.Clean(filepath.ToSlash(s))
	switch {
	case s == "":
		return errors.New("is empty")
	case path.IsAbs(clean) || filepath.IsAbs(s):
		return fmt.Errorf("%s is an absolute path; paths are taken from the folder of %s", s, book.SettingsFile)
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return fmt.Errorf("%s leads out of the folder of %s", s, book.SettingsFile)
	}
	return nil
}

func checkArtifacts(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	if clean := path.Clean(filepath.ToSlash(s)); clean == "." || clean == "/" {
		return fmt.Errorf("%q is the folder of the sources itself; artifacts need one of their own", s)
	}
	return nil
}

var networkForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

func checkNetwork(s string) error {
	if !networkForm.MatchString(s) {
		return fmt.Errorf("%q is no network: none, bridge, host or the name of one", s)
	}
	return nil
}

var addressForm = regexp.MustCompile(`^(?:[a-zA-Z0-9.-]*|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})$`)

func checkAddress(s string) error {
	m := addressForm.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("%q is no address, such as 127.0.0.1:8080", s)
	}
	if port, _ := strconv.Atoi(m[1]); port > 65535 {
		return fmt.Errorf("%q has no such port", s)
	}
	return nil
}

// leastMemory is what Docker refuses to go below.
const leastMemory = 6 << 20

func setMemory(r *settingsReader, v setting) error {
	s, err := v.scalarText()
	if err != nil {
		return err
	}
	if unlimited(s) {
		r.s.Limits.Memory = 0
		return nil
	}
	n, err := parseSize(s)
	if err == nil && n < leastMemory {
		err = fmt.Errorf("%q is less than the %d MiB that a container needs", s, leastMemory>>20)
	}
	if err == nil {
		r.s.Limits.Memory = n
	}
	return err
}

func setPIDs(r *settingsReader, v setting) error {
	s, err := v.scalarText()
	if err != nil {
		return err
	}
	if unlimited(s) {
		r.s.Limits.PIDs = 0
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no number of processes, such as 1024", s)
	}
	r.s.Limits.PIDs = n
	return nil
}

func setCPUs(r *settingsReader, v setting) error {
	s, err := v.scalarText()
	if err != nil {
		return err
	}
	if unlimited(s) {
		r.s.Limits.CPUs = 0
		return nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0.01 && n <= 4096) {
		return fmt.Errorf("%q is no number of processors, such as 2 or 0.5", s)
	}
	r.s.Limits.CPUs = n
	return nil
}

func setJobs(r *settingsReader, v setting) error {
	s, err := v.scalarText()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1024 {
		return fmt.Errorf("%q is no number of jobs, such as 2", s)
	}
	r.s.Jobs = n
	return nil
}

func setPoll(r *settingsReader, v setting) error {
	s, err := v.scalarText()
	if err != nil {
		return err
	}
	if s == "auto" {
		r.s.Watch.Poll = s
		return nil
	}
	b, err := parseBool(s)
	if err != nil {
		return fmt.Errorf("%q is none of auto, true, false", s)
	}
	r.s.Watch.Poll = strconv.FormatBool(b)
	return nil
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func setEnv(r *settingsReader, v setting) error {
	env, err := v.textMap()
	if err != nil {
		return err
	}
	for _, e := range v.entries {
		switch {
		case !envName.MatchString(e.key):
			r.problem(e.place, "%q is no name of a variable", e.key)
		case strings.HasPrefix(e.key, envPrefix):
			r.problem(e.place, "the variable %s is bookci's own", e.key)
		}
	}
	r.s.Env = env
	return nil
}
