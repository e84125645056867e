package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// given are flags as a command declares them, with what a user typed.
func given(t testing.TB, args ...string) *pflag.FlagSet {
	t.Helper()
	set := pflag.NewFlagSet("build", pflag.ContinueOnError)
	for _, k := range keys {
		switch {
		case k.flag == "strict" || k.flag == "poll":
			set.Bool(k.flag, false, "")
		case k.flag != "":
			set.String(k.flag, "", "")
		}
	}
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAFlagBeatsAVariable(t *testing.T) {
	t.Setenv("BOOKCI_TIMEOUT", "2m")
	t.Setenv("BOOKCI_ENGINE", "docker")
	t.Setenv("BOOKCI_STRICT", "true")
	s, err := parse(nil, []byte("timeout: 1m\nstrict: no\nimage: {build: ., args: {A: b}, platform: linux/arm64}\n"),
		given(t, "--timeout", "none", "--strict=false", "--poll", "--image", "a/b:1", "--jobs", "3"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Timeout != 0 || s.Strict || s.Engine != "docker" || s.Watch.Poll != "true" || s.Jobs != 3 {
		t.Errorf("read %+v", s)
	}
	if s.Image.Ref != "a/b:1" || s.Image.Build != "" || s.Image.Args != nil || s.Image.Platform != "linux/arm64" {
		t.Errorf("the image is %+v", s.Image)
	}
	for key, want := range map[string]string{"timeout": "--timeout", "engine": "BOOKCI_ENGINE", "image.ref": "--image", "mount": ""} {
		if s.Origin[key] != want {
			t.Errorf("%s comes from %q, not from %q", key, s.Origin[key], want)
		}
	}
}

// What lifts a limit is one notion, whoever says it.
func TestNoneIsTheSameInEveryLayer(t *testing.T) {
	for _, none := range []string{"none", "unlimited", "0"} {
		if s := mustSettings(t, "timeout: "+none+"\n"); s.Timeout != 0 {
			t.Errorf("timeout: %s is %v", none, s.Timeout)
		}
		if s := mustSettings(t, "timeout: 5m\n", "BOOKCI_TIMEOUT="+none); s.Timeout != 0 {
			t.Errorf("BOOKCI_TIMEOUT=%s is %v", none, s.Timeout)
		}
		if s, err := parse(nil, []byte("timeout: 5m\n"), given(t, "--timeout", none)); err != nil || s.Timeout != 0 {
			t.Errorf("--timeout %s: %v, %v", none, s, err)
		}
	}
}

// The folders of flags are seen from where the user stands.
func TestFoldersOfFlagsAreAbsolute(t *testing.T) {
	s, err := parse(nil, []byte("artifacts: out\ncache_dir: kept\n"), given(t, "--artifacts", "here"))
	here, _ := filepath.Abs("here")
	if err != nil || s.Artifacts != here || s.CacheDir != "kept" {
		t.Errorf("read %+v, %v", s, err)
	}
}

func TestAMistakeIsToldOfAlsoWhenALayerAboveHidesIt(t *testing.T) {
	t.Setenv("BOOKCI_TIMEOUT", "later")
	t.Setenv("BOOKCI_LIMITS_CPUS", "2")
	t.Setenv("BOOKCI_BOOKS", "[{nmae: a}]")
	_, err := parse(nil, []byte("# one\nlimits: {cpus: all}\nbooks: [{config: a/b}]\n"), given(t, "--timeout", "15", "--engine", "hots", "--jobs", "0"))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		`bookci.yml:2: limits.cpus: "all" is no number of processors, such as 2 or 0.5`,
		`bookci.yml:3: books.config: "a/b" is no name of a file; its folder is named by dir`,
		`BOOKCI_BOOKS: unknown key "nmae" (did you mean "name"?)`,
		`BOOKCI_TIMEOUT: timeout: "later" is no duration, such as 15m or 90s`,
		`--timeout: "15" lacks a unit, as in 15s or 15m`,
		`--jobs: "0": at least one book at a time`,
		`--engine: "hots" is none of auto, docker, host, fargate, draft (did you mean "host"?)`,
	}
	if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(e.Problems)), want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(e.Problems, "\n"), strings.Join(want, "\n"))
	}
	if !strings.HasPrefix(e.Problems[0], "bookci.yml:2") || !strings.HasPrefix(e.Problems[1], "bookci.yml:3") || !strings.HasPrefix(e.Problems[6], "--") {
		t.Errorf("the order is\n%s", strings.Join(e.Problems, "\n"))
	}
}

func TestNamesOfTheAuthorKeepTheirCase(t *testing.T) {
	s := mustSettings(t, "env: {Lang: C, LANG: ja}\nimage: {build: ., args: {ReView: 5.9, a.b: x}}\n")
	if s.Env["Lang"] != "C" || s.Env["LANG"] != "ja" || s.Image.Args["ReView"] != "5.9" || s.Image.Args["a.b"] != "x" {
		t.Errorf("read %v, %v", s.Env, s.Image.Args)
	}
}

func TestKeysAreWrittenAsDocumented(t *testing.T) {
	if _, err := settingsOf(t, "Timeout: 5m\n"); err == nil || !strings.Contains(err.Error(), `bookci.yml:1: unknown key "Timeout" (did you mean "timeout"?)`) {
		t.Errorf("a key in another case: %v", err)
	}
}

// The names that bookci hands to what it runs are no settings, and a bookci that
// a hook starts must not warn of them.
func TestEveryNameOfOursIsKnown(t *testing.T) {
	const top = "../../.."
	name := regexp.MustCompile(`\bBOOKCI_[A-Z][A-Z_]*[A-Z]\b`)
	var settable []string
	for _, k := range keys {
		settable = append(settable, k.variables()...)
	}
	found := map[string]string{}
	for _, dir := range []string{"build", "cmd", "watch", "preview", "internal"} {
		err := filepath.WalkDir(filepath.Join(top, dir), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && (d.Name() == "testdata" || d.Name() == "settings") {
				if err == nil {
					err = filepath.SkipDir
				}
				return err
			}
			if d.IsDir() || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "standin") {
				return nil
			}
			text, err := os.ReadFile(file)
			for _, n := range name.FindAllString(string(text), -1) {
				found[n] = file
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n, file := range found {
		if !strings.HasPrefix(n, testPrefix) && !slices.Contains(ownVariables, n) && !slices.Contains(settable, n) {
			t.Errorf("%s of %s is neither a setting nor known as ours", n, file)
		}
	}
	for _, n := range ownVariables {
		if found[n] == "" {
			t.Errorf("%s is known as ours, and nothing has it", n)
		}
	}
	environ := []string{testPrefix + "X=x"}
	for _, n := range ownVariables {
		environ = append(environ, n+"=x")
	}
	if s := mustSettings(t, "", environ...); len(s.Warnings) > 0 {
		t.Errorf("warned %q", s.Warnings)
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := parse(nil, []byte(fullSettings), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// The keys that can change no artifact are these. A new key that is neither
// here nor in Recipe is a fault of one of both.
func TestEveryKeyIsInTheRecipeOrSaysWhyNot(t *testing.T) {
	elsewhere := []string{
		"artifacts", "cache_dir", "fargate", "jobs", "links", "s3", "timeout", "watch", // change nothing
		"books", "command", "engine", "extra_inputs", "strict", // a build knows them by another way
	}
	recipe := reflect.ValueOf((&Settings{}).Recipe()).Type()
	for f := range recipe.Fields() {
		name := f.Tag.Get("key")
		if name == "-" {
			continue
		}
		s := &Settings{}
		v := reflect.ValueOf(s).Elem().FieldByName(f.Name)
		fill(v)
		empty := reflect.DeepEqual((&Settings{}).Recipe(), s.Recipe())
		if empty != slices.Contains(elsewhere, name) {
			t.Errorf("%s: left out of the recipe is %t", name, empty)
		}
	}
}

// fill gives v another value than its zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		fill(v.Field(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1)
	default:
		v.SetInt(1)
	}
}
