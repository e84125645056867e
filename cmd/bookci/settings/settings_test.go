package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/book"
)

func settingsOf(t testing.TB, text string, environ ...string) (*Settings, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bookci.yml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
		// The next reading of the same test has its own environment.
		defer os.Unsetenv(name)
	}
	return Read(file, nil)
}

func mustSettings(t testing.TB, text string, environ ...string) *Settings {
	t.Helper()
	s, err := settingsOf(t, text, environ...)
	if err != nil {
		t.Fatalf("reading %q: %v", text, err)
	}
	return s
}

const fullSettings = `
image: vvakame/review:5.9
mount: /book
books:
  - {name: print, dir: articles, config: config.yml, targets: [pdf]}
  - {name: ebook, dir: articles, config: config-ebook.yml, targets: [pdf, epub]}
artifacts: out
command: {pdf: rake pdf, epub: "make epub"}
network: bridge
limits: {memory: 4GiB, pids: 512, cpus: 2}
timeout: 15m
env: {TZ: Asia/Tokyo, LEVEL: 3, DEBUG: true, EMPTY: }
extra_inputs: [code/**, "!code/tmp"]
exclude: raw/**
read_only: false
cache_dir: images
engine: docker
transport: copy
jobs: 2
strict: yes
watch: {debounce: 200ms, poll: true, serve: "127.0.0.1:8080", cancel: never, chapter_first: never}
links: {ignore: [books.jp, "https://x.jp/*"], contact: a@books.jp, fresh: 1d12h, archive: kept, bodies: no}
fargate: {cpu: 4096, memory: 16384, storage: 40, spot: true, wait: 20m}
`

func TestEveryKeyIsRead(t *testing.T) {
	s := mustSettings(t, fullSettings)
	s.File, s.Origin = "", nil
	want := &Settings{
		Image: Image{Ref: "vvakame/review:5.9", Network: "none"},
		Mount: "/book",
		Books: []Book{
			{Name: "print", Dir: "articles", Config: "config.yml", Targets: []book.Target{book.PDF}, Line: 5},
			{Name: "ebook", Dir: "articles", Config: "config-ebook.yml", Targets: []book.Target{book.PDF, book.EPUB}, Line: 6},
		},
		Artifacts:   "out",
		Command:     map[book.Target]string{book.PDF: "rake pdf", book.EPUB: "make epub"},
		Network:     "bridge",
		Limits:      Limits{Memory: 4 << 30, PIDs: 512, CPUs: 2},
		Timeout:     15 * time.Minute,
		Env:         map[string]string{"TZ": "Asia/Tokyo", "LEVEL": "3", "DEBUG": "true", "EMPTY": ""},
		ExtraInputs: []string{"code/**", "!code/tmp"},
		Exclude:     []string{"raw/**"},
		CacheDir:    "images",
		Engine:      "docker",
		Transport:   "copy",
		Jobs:        2,
		Strict:      true,
		Watch:       Watch{Debounce: 200 * time.Millisecond, Poll: "true", Serve: "127.0.0.1:8080", Cancel: "never", First: "never"},
		Links:       Links{Ignore: []string{"books.jp", "https://x.jp/*"}, Contact: "a@books.jp", Fresh: 36 * time.Hour, Archive: "kept"},
		Fargate:     Fargate{Cluster: "bookci", Prefix: "tasks", CPU: 4096, Memory: 16384, Storage: 40, Spot: true, Wait: 20 * time.Minute},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("read\n%+v\nwant\n%+v", s, want)
	}
}

// bookci.yml comes with the manuscript, which is not trusted.
func TestABookDecidesNothingAboutTheMachine(t *testing.T) {
	for key, value := range map[string]string{
		"artifacts": "/etc", "cache_dir": "/etc", "engine": "host",
	} {
		if _, err := settingsOf(t, key+": "+value+"\n"); err == nil {
			t.Errorf("%s: %s was taken from the file", key, value)
		}
		mustSettings(t, "", "BOOKCI_"+strings.ToUpper(key)+"="+value)
	}
	for _, place := range []string{".git/hooks", "sub/.git", ".GIT/hooks", ".hg", ".bookci/state", "x/.texmf-var"} {
		for _, key := range []string{"artifacts: %s\n", "cache_dir: %s\n", "links: {archive: %s}\n"} {
			if _, err := settingsOf(t, fmt.Sprintf(key, place)); err == nil || !strings.Contains(err.Error(), "not the book's") {
				t.Errorf(key+": %v", place, err)
			}
		}
	}
	for _, archive := range []string{"s3://bucket/x", "/etc", "../x"} {
		if _, err := settingsOf(t, "links: {archive: \""+archive+"\"}\n"); err == nil {
			t.Errorf("links.archive: %s was taken from the file", archive)
		}
		mustSettings(t, "", "BOOKCI_LINKS_ARCHIVE="+archive)
	}
	for _, key := range []string{"on_success", "on_failure"} {
		if _, err := settingsOf(t, "watch: {"+key+": touch /tmp/x}\n"); err == nil {
			t.Errorf("watch.%s was taken from the file", key)
		}
	}
	for _, key := range []string{"region", "cluster", "bucket", "prefix", "subnets", "security_groups", "public_ip", "execution_role", "log_group", "image"} {
		if _, err := settingsOf(t, "fargate: {"+key+": [x]}\n"); err == nil {
			t.Errorf("fargate.%s was taken from the file, as a list", key)
		}
		if _, err := settingsOf(t, "fargate: {"+key+": x}\n"); err == nil || !strings.Contains(err.Error(), "does not decide") {
			t.Errorf("fargate.%s was taken from the file: %v", key, err)
		}
	}
	for _, key := range []string{"region", "endpoint", "path_style"} {
		if _, err := settingsOf(t, "s3: {"+key+": x}\n"); err == nil || !strings.Contains(err.Error(), "does not decide") {
			t.Errorf("s3.%s was taken from the file: %v", key, err)
		}
	}
}

func TestEveryKeyHasItsVariable(t *testing.T) {
	s := mustSettings(t, "",
		"BOOKCI_IMAGE=a/b:1", "BOOKCI_MOUNT=/book", "BOOKCI_BOOKS=[{dir: x, targets: epub}]", "BOOKCI_ARTIFACTS=out", "BOOKCI_COMMAND_PDF=rake pdf",
		"BOOKCI_NETWORK=host", "BOOKCI_LIMITS_MEMORY=1g", "BOOKCI_LIMITS_PIDS=none", "BOOKCI_LIMITS_CPUS=0.5", "BOOKCI_TIMEOUT=90s",
		"BOOKCI_ENV=TZ=Asia/Tokyo,A=b=c", "BOOKCI_EXTRA_INPUTS=code/**, data/*", "BOOKCI_EXCLUDE=raw", "BOOKCI_READ_ONLY=0", "BOOKCI_CACHE_DIR=c",
		"BOOKCI_ENGINE=host", "BOOKCI_TRANSPORT=bind", "BOOKCI_JOBS=3", "BOOKCI_STRICT=true", "BOOKCI_WATCH_DEBOUNCE=1s", "BOOKCI_WATCH_POLL=no", "BOOKCI_WATCH_SERVE=:9000",
		"BOOKCI_WATCH_ON_SUCCESS=a", "BOOKCI_WATCH_ON_FAILURE=b", "BOOKCI_WATCH_CANCEL=always", "BOOKCI_WATCH_CHAPTER_FIRST=always",
		"BOOKCI_LINKS_IGNORE=a.jp, b.jp/x", "BOOKCI_LINKS_CONTACT=c", "BOOKCI_LINKS_FRESH=none", "BOOKCI_LINKS_ARCHIVE=s3://bucket/x", "BOOKCI_LINKS_BODIES=yes", "HOME=/root", "BOOKCI_WORK=/work",
		"BOOKCI_FARGATE_REGION=ap-northeast-1", "BOOKCI_FARGATE_CLUSTER=c", "BOOKCI_FARGATE_BUCKET=b", "BOOKCI_FARGATE_PREFIX=p", "BOOKCI_FARGATE_SUBNETS=s1,s2",
		"BOOKCI_FARGATE_SECURITY_GROUPS=g", "BOOKCI_FARGATE_PUBLIC_IP=yes", "BOOKCI_FARGATE_EXECUTION_ROLE=arn:r", "BOOKCI_FARGATE_LOG_GROUP=l",
		"BOOKCI_FARGATE_IMAGE=a/b@sha256:"+strings.Repeat("0", 64), "BOOKCI_S3_REGION=auto", "BOOKCI_S3_ENDPOINT=https://s3.example.com", "BOOKCI_S3_PATH_STYLE=1",
	)
	s.Origin = nil
	s.File = ""
	want := &Settings{
		Image: Image{Ref: "a/b:1"}, Mount: "/book", Artifacts: "out", Command: map[book.Target]string{book.PDF: "rake pdf"},
		Books:   []Book{{Dir: "x", Config: "config.yml", Targets: []book.Target{book.EPUB}}},
		Network: "host", Limits: Limits{Memory: 1 << 30, CPUs: 0.5}, Timeout: 90 * time.Second,
		Env: map[string]string{"TZ": "Asia/Tokyo", "A": "b=c"}, ExtraInputs: []string{"code/**", "data/*"}, Exclude: []string{"raw"},
		CacheDir: "c", Engine: "host", Transport: "bind", Jobs: 3, Strict: true,
		Watch: Watch{Debounce: time.Second, Poll: "false", Serve: ":9000", OnSuccess: "a", OnFailure: "b", Cancel: "always", First: "always"},
		Links: Links{Ignore: []string{"a.jp", "b.jp/x"}, Contact: "c", Archive: "s3://bucket/x", Bodies: true},
		Fargate: Fargate{
			Region: "ap-northeast-1", Cluster: "c", Bucket: "b", Prefix: "p", Subnets: []string{"s1", "s2"}, SecurityGroups: []string{"g"}, PublicIP: true,
			ExecutionRole: "arn:r", LogGroup: "l", Image: "a/b@sha256:" + strings.Repeat("0", 64), CPU: 2048, Memory: 8192, Wait: 15 * time.Minute,
		},
		S3: S3{Region: "auto", Endpoint: "https://s3.example.com", PathStyle: true},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("read\n%+v\nwant\n%+v", s, want)
	}
}

func TestAVariableBeatsTheFileAndTheFileTheDefault(t *testing.T) {
	s := mustSettings(t, "timeout: 1m\nnetwork: bridge\n", "BOOKCI_TIMEOUT=2m", "BOOKCI_JOBS=")
	if s.Timeout != 2*time.Minute || s.Network != "bridge" || s.Engine != "auto" || s.Jobs != 0 {
		t.Errorf("read %+v", s)
	}
	if s.Origin["timeout"] != "BOOKCI_TIMEOUT" || s.Origin["network"] != "bookci.yml:2" || s.Origin["engine"] != "" {
		t.Errorf("origins are %v", s.Origin)
	}
}

func TestAnImageCanBeBuiltFromTheBook(t *testing.T) {
	s := mustSettings(t, "image:\n  build: .\n  dockerfile: docker/Dockerfile\n  args: {VERSION: 5.9}\n  platform: linux/amd64\n")
	want := Image{Build: ".", Dockerfile: "docker/Dockerfile", Args: map[string]string{"VERSION": "5.9"}, Network: "none", Platform: "linux/amd64"}
	if !reflect.DeepEqual(s.Image, want) {
		t.Errorf("read %+v", s.Image)
	}
	s = mustSettings(t, "image: {build: ., dockerfile: D, platform: linux/arm64}\n", "BOOKCI_IMAGE=x:1")
	if want := (Image{Ref: "x:1", Platform: "linux/arm64"}); !reflect.DeepEqual(s.Image, want) {
		t.Errorf("a variable leaves %+v", s.Image)
	}
}

func TestNothingBehindAKeyLeavesItsDefault(t *testing.T) {
	s := mustSettings(t, "timeout:\nlimits:\nbooks:\nenv:\nwatch: {poll: }\n")
	want := Default()
	want.File = s.File
	if !reflect.DeepEqual(s, want) {
		t.Errorf("read %+v", s)
	}
	if got, err := Read("", nil); err != nil || !reflect.DeepEqual(got, Default()) {
		t.Errorf("without a file: %+v, %v", got, err)
	}
}

func TestAllMistakesAreListedAtOnceAtTheirLines(t *testing.T) {
	_, err := settingsOf(t, `image: [a]
mount: work
books:
  - name: a
    tagets: [pdf]
  - name: b
    targets: [pdf, epbu]
    config: a/config.yml
limits:
  memory: lots
  cpu: 2
timeout: 15
netwrok: none
extra_inputs:
  - code/**
  - ../code/**
engine: dokcer
timeout: 1m
env: {BOOKCI_X: 1, A B: 2}
command: {pfd: x}
watch: 5
`, "BOOKCI_JOBS=many")
	var se *Error
	if !errors.As(err, &se) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		`bookci.yml:1: image: is a list, not a single value`,
		`bookci.yml:2: mount: "work" is no absolute path, such as /work`,
		`bookci.yml:5: unknown key "tagets" (did you mean "targets"?)`,
		`bookci.yml:7: books.targets: unknown target "epbu" (one of pdf, epub, web, text, idgxml) (did you mean "epub"?)`,
		`bookci.yml:8: books.config: "a/config.yml" is no name of a file; its folder is named by dir`,
		`bookci.yml:10: limits.memory: "lots" is no size, such as 4GiB or 512m`,
		`bookci.yml:11: unknown key "limits.cpu" (did you mean "cpus"?)`,
		`bookci.yml:12: timeout: "15" lacks a unit, as in 15s or 15m`,
		`bookci.yml:13: unknown key "netwrok" (did you mean "network"?)`,
		`bookci.yml:16: ../code/** leads out of the folder of bookci.yml: put bookci.yml into a folder above both`,
		`bookci.yml:17: engine: "dokcer" is none of auto, docker, host, fargate, draft (did you mean "docker"?)`,
		`bookci.yml:18: the key "timeout" is given twice`,
		`bookci.yml:19: the variable BOOKCI_X is bookci's own`,
		`bookci.yml:19: "A B" is no name of a variable`,
		`bookci.yml:20: unknown key "command.pfd" (did you mean "pdf"?)`,
		`bookci.yml:21: watch is "5", not a mapping`,
		`BOOKCI_JOBS: jobs: "many" is no number of jobs, such as 2`,
	}
	if !slices.Equal(se.Problems, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(se.Problems, "\n"), strings.Join(want, "\n"))
	}
}

func TestAKeyOfABookAtTheTopIsToldItsPlace(t *testing.T) {
	_, err := settingsOf(t, "books: print\ntargets: [pdf]\ntarget: pdf\n")
	var se *Error
	if !errors.As(err, &se) || len(se.Problems) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, want := range []string{"books is \"print\", not a list of mappings such as [{name: book", "(it is a book's: books: [{name: book", "(it is a book's: books: [{name: book"} {
		if !strings.Contains(se.Problems[i], want) {
			t.Errorf("said %s", se.Problems[i])
		}
	}
}

func TestBadValuesAreRefused(t *testing.T) {
	for _, text := range []string{
		"mount: /", "mount: /proc", "mount: /bookci", "mount: /tmp/x", "mount: /usr/share", "mount: //", "mount: /work/../etc",
		"artifacts: .", "artifacts: ''", "artifacts: ./x/..", "network: 'container:x y'", "network: ''",
		"limits: {memory: 1m}", "limits: {memory: -1g}", "limits: {memory: 99999999t}", "limits: {pids: -5}", "limits: {pids: 1.5}", "limits: {cpus: nan}", "limits: {cpus: -2}",
		"timeout: -5m", "timeout: soon", "timeout: [1m]", "env: [A=1]", "env: {A: [1]}", "exclude: [a, [b]]", "exclude: '[a'",
		"jobs: 0", "jobs: 1.5", "strict: maybe", "watch: {serve: nowhere}", "watch: {serve: ':99999'}", "watch: {poll: often}", "watch: {cancel: maybe}", "watch: {chapter_first: yes}",
		"books: x", "books: [x]", "books: [{}, {}]", "books: [{name: a}, {name: A}]", "books: [{name: ../x}]", "books: [{name: -x}]", "books: [{dir: ../x}]", "books: [{dir: /x}]", "books: [{targets: []}]",
		"books: [{dir: a, dir: b}]", "books: [{dir: artifacts/x}]", "image: ''", "image: a b", "image: -x", "image: {build: ., ref: x}", "image: {dockerfile: x}", "image: {build: ../x}", "image: {build: ., platform: intel}",
		"command: {pdf: ''}", "command: rake", "- a", "a: [", "\x83", "env: &a\n  B: *a\n",
	} {
		if s, err := settingsOf(t, text+"\n"); err == nil {
			t.Errorf("%s is read as %+v", text, s)
		} else if !strings.HasPrefix(err.Error(), "bookci.yml:") {
			t.Errorf("%s: no place in %q", text, err)
		}
	}
}

func TestSizesAreCountedAsDockerCountsThem(t *testing.T) {
	for text, want := range map[string]int64{"4GiB": 4 << 30, "4g": 4 << 30, "4GB": 4 << 30, "512m": 512 << 20, "512 MiB": 512 << 20, "1.5G": 3 << 29, "1048576": 1 << 20, "100b": 100, "2k": 2048, "1T": 1 << 40} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for text, want := range map[string]int64{"none": 0, "unlimited": 0, "0": 0} {
		if s := mustSettings(t, "limits: {memory: "+text+"}\n"); s.Limits.Memory != Bytes(want) {
			t.Errorf("%s is %d", text, s.Limits.Memory)
		}
	}
}

func TestAnUnknownVariableIsAWarning(t *testing.T) {
	s := mustSettings(t, "", "BOOKCI_TIMOUT=1m", "BOOKCI_EVENTS=x", "BOOKCI_QQ=", "BOOKCIX=1")
	if want := []string{`unknown variable BOOKCI_TIMOUT (did you mean "BOOKCI_TIMEOUT"?)`}; !slices.Equal(s.Warnings, want) {
		t.Errorf("warned %q", s.Warnings)
	}
}

func TestAMovedKeyMakesTheSame(t *testing.T) {
	s := mustSettings(t, "mount: /a\nbooks: [{name: b, dir: c}]\n")
	if !s.MakesAs(mustSettings(t, "# moved\n\nmount: /a\nbooks: [{name: b, dir: c}]\nwatch: {chapter_first: never}\n", "BOOKCI_TIMOUT=1m")) {
		t.Error("a comment makes another book")
	}
	if s.MakesAs(mustSettings(t, "mount: /b\nbooks: [{name: b, dir: c}]\n")) || s.MakesAs(mustSettings(t, "mount: /a\nbooks: [{name: b, dir: d}]\n")) {
		t.Error("other settings make the same")
	}
	if s.Books[0].Line == 0 || len(s.Origin) == 0 {
		t.Error("comparing has changed the settings")
	}
}

func TestAnchorsCanBeUsed(t *testing.T) {
	s := mustSettings(t, "books:\n  - &b {name: a, dir: &d articles}\n  - {name: c, dir: *d}\n")
	if s.Books[1].Dir != "articles" {
		t.Errorf("read %+v", s.Books)
	}
	var b strings.Builder
	b.WriteString("env: &a0 {x0: y, x1: y, x2: y, x3: y, x4: y, x5: y, x6: y, x7: y, x8: y}\n")
	for i := 1; i < 7; i++ {
		fmt.Fprintf(&b, "k%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 30), ", "))
	}
	start := time.Now()
	if _, err := settingsOf(t, b.String()); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("aliases multiply the file: %v after %v", err, time.Since(start))
	}
}

func FuzzSettings(f *testing.F) {
	f.Add(fullSettings, "BOOKCI_BOOKS=[{dir: x}]")
	f.Add("image: {build: ., args: &a {x: 1}}\nenv: *a\n", "BOOKCI_ENV=A=1,B")
	f.Add("a: &a [*a]\n", "BOOKCI_LIMITS_MEMORY=1.5g")
	f.Fuzz(func(t *testing.T, text, variable string) {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return // no variable can be named so
		}
		defer os.Unsetenv(name)
		s, err := parse(nil, []byte(text), nil)
		var se *Error
		switch {
		case err == nil && (s == nil || checkMount(s.Mount) != nil):
			t.Fatalf("read %+v", s)
		case err != nil && (!errors.As(err, &se) || len(se.Problems) == 0):
			t.Fatalf("failed with %v", err)
		}
	})
}
