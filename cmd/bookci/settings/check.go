package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/distribution/reference"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/links"
	"github.com/bookci/bookci/objects"
)

// check tells what is wrong with values that are right by their type.
func (r *reader) check() {
	s := &r.s
	for _, c := range []struct {
		path, text string
		check      func(string) error
	}{
		{"image.ref", s.Image.Ref, CheckReference},
		{"image.build", s.Image.Build, checkFolder},
		{"image.dockerfile", s.Image.Dockerfile, checkFolder},
		{"image.platform", s.Image.Platform, platform.check},
		{"mount", s.Mount, checkMount},
		{"artifacts", s.Artifacts, checkArtifacts},
		{"network", s.Network, network.check},
		{"engine", s.Engine, oneOf(EngineAuto, EngineDocker, EngineHost, EngineFargate, EngineDraft)},
		{"transport", s.Transport, oneOf("auto", "bind", "copy")},
		{"fargate.image", s.Fargate.Image, checkDigested},
		{"s3.endpoint", s.S3.Endpoint, checkEndpoint},
		{"watch.serve", s.Watch.Serve, checkAddress},
		{"links.archive", s.Links.Archive, checkArchive},
		{"watch.cancel", s.Watch.Cancel, oneOf("auto", "always", "never")},
		{"watch.chapter_first", s.Watch.First, oneOf("auto", "always", "never")},
	} {
		r.try(c.path, c.text, c.check)
	}
	for t, command := range s.Command {
		r.try(below("command", string(t)), strings.TrimSpace(command), notEmpty)
	}
	for key, list := range map[string][]string{"extra_inputs": s.ExtraInputs, "exclude": s.Exclude} {
		for i, pattern := range list {
			if err := source.CheckPattern(pattern); err != nil {
				at, _ := r.origin(fmt.Sprintf("%s[%d]", key, i))
				r.problem(at, "%v", err)
			}
		}
	}
	for i, pattern := range s.Links.Ignore {
		if err := links.CheckPattern(pattern); err != nil {
			at, _ := r.origin(fmt.Sprintf("links.ignore[%d]", i))
			r.problem(at, "%v", err)
		}
	}
	for name := range s.Env {
		switch at, _ := r.origin("env[" + name + "]"); {
		case !envName.MatchString(name):
			r.problem(at, "%q is no name of a variable", name)
		case strings.HasPrefix(name, prefix):
			r.problem(at, "the variable %s is bookci's own", name)
		}
	}
	r.checkBooks()
}

// checkArchive accepts a folder, or the address of a bucket.
func checkArchive(text string) error {
	if strings.Contains(text, "://") {
		_, _, err := objects.ParseS3(text)
		return err
	}
	return notEmpty(text)
}

// try checks a value that some layer has given.
func (r *reader) try(path, text string, check func(string) error) {
	at, said := r.origin(path)
	if text == "" && (!said || slices.ContainsFunc(r.problems, func(p problem) bool { return p.place == at })) {
		return // not said, or wrong already
	}
	if err := check(text); err != nil {
		r.wrong(path, err)
	}
}

func (r *reader) checkBooks() {
	taken := map[string]place{}
	for i := range r.s.Books {
		b, entry := &r.s.Books[i], fmt.Sprintf("books[%d]", i)
		at, _ := r.origin(entry)
		config, _ := r.origin(entry + ".config")
		b.Line, b.Dir, b.Config = config.line, filepath.ToSlash(cmp.Or(b.Dir, ".")), cmp.Or(b.Config, "config.yml")
		if b.Targets == nil {
			b.Targets = []book.Target{book.PDF}
		}
		// Names that differ in case alone are one: their artifacts would be one on a Mac.
		folder := strings.ToLower(b.Name)
		other, twice := taken[folder]
		taken[folder] = at
		switch {
		case b.Name == "" && len(r.s.Books) > 1:
			r.problem(at, "books: each of several books needs a name")
		case b.Name != "" && twice:
			r.problem(at, "books: the name %q is taken by the book at %s", b.Name, other)
		case b.Name != "":
			r.try(entry+".name", b.Name, checkBookName)
		}
		r.try(entry+".dir", b.Dir, checkFolder)
		r.try(entry+".config", b.Config, configName.check)
		b.Dir = path.Clean(b.Dir)
		var targets []book.Target
		for _, t := range b.Targets {
			if !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
		if b.Targets = targets; len(targets) == 0 {
			r.wrong(entry+".targets", errors.New("names no target"))
		}
	}
}

// settle brings together what several keys say, when all layers are there.
func (r *reader) settle() {
	s := &r.s
	if _, named := r.above["image.ref"]; named { // it takes the place of all that the file says of building one
		s.Image = Image{Ref: s.Image.Ref, Platform: s.Image.Platform}
	}
	switch {
	case s.Image.Build != "" && s.Image.Ref != "":
		r.wrong("image.build", errors.New("give either build or ref"))
	case s.Image.Build == "" && s.Image.Dockerfile != "":
		r.wrong("image.dockerfile", errors.New("needs build, the folder to build in"))
	case s.Image.Build == "" && s.Image.Args != nil:
		r.wrong("image.args", errors.New("needs build, the folder to build in"))
	}
	for i, b := range s.Books {
		if a := path.Clean(filepath.ToSlash(s.Artifacts)); b.Dir == a || strings.HasPrefix(b.Dir, a+"/") {
			// What lies in the folder of the artifacts is no source.
			at, said := r.origin("artifacts")
			if !said {
				at, _ = r.origin(fmt.Sprintf("books[%d]", i))
			}
			r.problem(at, "artifacts: the folder %s holds the book in %s", s.Artifacts, b.Dir)
		}
	}
}

func oneOf(choices ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(choices, s) {
			return fmt.Errorf("%q is none of %s%s", s, strings.Join(choices, ", "), text.DidYouMean(s, choices))
		}
		return nil
	}
}

// form is how a value is written, and what to call it.
type form struct {
	re   *regexp.Regexp
	what string
}

func (f form) check(s string) error {
	if !f.re.MatchString(s) {
		return fmt.Errorf("%q is no %s", s, f.what)
	}
	return nil
}

var (
	platform = form{regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`), "platform, such as linux/amd64"}
	network  = form{regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`), "network: none, bridge, host or the name of one"}
	address  = form{regexp.MustCompile(`^(?:[a-zA-Z0-9.-]*|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})$`), "address, such as 127.0.0.1:8080"}
	// A name that is no path, and has more than dots.
	configName = form{regexp.MustCompile(`^[^/\\\p{Cc}]*[^/\\\p{Cc}.][^/\\\p{Cc}]*$`), "name of a file; its folder is named by dir"}
	envName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func checkAddress(s string) error {
	if port, err := strconv.Atoi(s[strings.LastIndex(s, ":")+1:]); err == nil && port > 65535 {
		return fmt.Errorf("%q has no such port", s)
	}
	return address.check(s)
}

// CheckReference accepts the name of an image.
func CheckReference(s string) error {
	if _, err := reference.ParseAnyReference(s); err != nil {
		return fmt.Errorf("%q is no image, such as vvakame/review:5.9: %w", s, err)
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

// checkDigested accepts an image that is named by its digest.
func checkDigested(s string) error {
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return fmt.Errorf("%q is no reference of an image", s)
	}
	if _, ok := named.(reference.Digested); !ok {
		return fault.Usagef("write it as NAME@sha256:...; `docker buildx imagetools inspect "+s+"` and the registry's page tell it", "%s names no digest", s)
	}
	return nil
}

func checkEndpoint(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("%q is no address, such as https://s3.example.com", s)
	}
	return nil
}

func checkArtifacts(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	if strings.Contains(s, "://") {
		_, _, err := objects.ParseS3(s)
		return err
	}
	if clean := path.Clean(filepath.ToSlash(s)); clean == "." || clean == "/" {
		return fmt.Errorf("%q is the folder of the sources itself; artifacts need one of their own", s)
	}
	return nil
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	return nil
}

// checkBookName accepts what can be the name of a folder.
func checkBookName(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("is empty")
	case strings.ContainsAny(s, `/\`), strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%q cannot be the name of a folder", s)
	case strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-"):
		return fmt.Errorf("%q begins with %s", s, s[:1])
	case len(s) > 100:
		return errors.New("is longer than 100 bytes")
	}
	return nil
}
