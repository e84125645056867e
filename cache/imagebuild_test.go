package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

func contextDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		fatal(t, os.MkdirAll(filepath.Dir(path), 0o755))
		fatal(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return dir
}

// noBuild is a daemon that is not to build.
type noBuild struct{ *client.Client }

func (noBuild) ImageBuild(context.Context, io.Reader, build.ImageBuildOptions) (build.ImageBuildResponse, error) {
	return build.ImageBuildResponse{}, errors.New("a build call")
}

func TestABooksOwnImageIsBuiltOnceAndSavedAndRestoredLikeAnyOther(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		dir := contextDir(t, map[string]string{
			"Dockerfile":    "FROM scratch\nARG WORD=none\nCOPY busybox /bin/busybox\nCOPY text /text\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo $WORD >> /text\"]\nCMD [\"/bin/busybox\", \"cat\", \"/text\"]\n",
			"text":          "hello " + t.Name() + "\n",
			"secret.txt":    "no\n",
			".dockerignore": "secret*\n",
			"busybox":       string(busybox(t)),
		})
		fatal(t, os.Chmod(filepath.Join(dir, "busybox"), 0o755))
		var lines []string
		opts := BuildOptions{Name: "Test Book", Context: dir, Args: map[string]string{"WORD": "world"}, Network: "none", Output: func(l string) { lines = append(lines, l) }}
		built, err := BuildImage(t.Context(), c, opts)
		fatal(t, err)
		t.Cleanup(func() { removeImage(t, c, built.Ref) })
		if !strings.HasPrefix(built.Ref, "bookci/test-book:") || built.Unchanged {
			t.Errorf("built %+v", built)
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Step 5/6") }) {
			t.Errorf("the log is %q", lines)
		}
		if got := runs(t, c, built.Ref); !strings.Contains(got, "hello") || !strings.Contains(got, "world") {
			t.Errorf("it prints %q", got)
		}
		again, err := BuildImage(t.Context(), noBuild{c}, opts)
		if err != nil || !again.Unchanged || again.ID != built.ID {
			t.Errorf("built again: %+v, %v", again, err)
		}
		s := newStore(t, c)
		_, err = s.Save(t.Context(), built.Ref, nil)
		fatal(t, err)
		removeImage(t, c, built.Ref)
		r, err := s.Restore(t.Context(), built.Ref, nil)
		fatal(t, err)
		if r.ID != built.ID {
			t.Errorf("restored %s", r.ID)
		}
	})
}

func TestADockerfileThatFailsSaysWhereAndWhy(t *testing.T) {
	c := engines(t)[0]
	dir := contextDir(t, map[string]string{
		"Dockerfile": "FROM scratch\nLABEL bookci-test=fails\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo about to fail; exit 7\"]\n",
		"busybox":    string(busybox(t)),
	})
	fatal(t, os.Chmod(filepath.Join(dir, "busybox"), 0o755))
	t.Cleanup(func() { // the builder keeps the steps that went well
		list, err := c.ImageList(context.Background(), image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "bookci-test=fails"))})
		fatal(t, err)
		for _, img := range list {
			removeImage(t, c, img.ID)
		}
	})
	var log strings.Builder
	_, err := BuildImage(t.Context(), c, BuildOptions{Name: "fails", Context: dir, Network: "none", Output: func(l string) { log.WriteString(l + "\n") }})
	var failed *BuildError
	if !errors.As(err, &failed) || !strings.HasPrefix(failed.Step, "Step 4/4") || !strings.Contains(failed.Message, "7") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(log.String(), "about to fail\n") {
		t.Errorf("the log is %q", log.String())
	}
}

func TestTheImagesNameFollowsWhatGoesIntoIt(t *testing.T) {
	files := map[string]string{"Dockerfile": "FROM scratch\nCOPY . /\n", "a": "1", "left/out": "x", "left/in": "y", ".dockerignore": "left\n!left/in\n"}
	ref := func(change func(dir string, o *BuildOptions)) string {
		dir := contextDir(t, files)
		o := BuildOptions{Name: "b", Context: dir}
		change(dir, &o)
		r, err := ImageRef(o)
		fatal(t, err)
		return r
	}
	write := func(name, text string) func(string, *BuildOptions) {
		return func(dir string, _ *BuildOptions) {
			fatal(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644))
		}
	}
	same := ref(func(string, *BuildOptions) {})
	for name, change := range map[string]func(string, *BuildOptions){
		"an ignored file": write("left/out", "z"),
		"a time":          write("a", "1"),
		"what is excluded": func(dir string, o *BuildOptions) {
			o.Exclude = []string{"artifacts"}
			fatal(t, os.CopyFS(dir+"/artifacts", os.DirFS(dir+"/left")))
		},
		"a private mode": func(dir string, _ *BuildOptions) { fatal(t, os.Chmod(filepath.Join(dir, "a"), 0o600)) },
	} {
		if got := ref(change); got != same {
			t.Errorf("%s changes the name", name)
		}
	}
	for name, change := range map[string]func(string, *BuildOptions){
		"a file":             write("a", "2"),
		"a file kept by !":   write("left/in", "z"),
		"a new file":         write("b", ""),
		"the Dockerfile":     write("Dockerfile", "FROM scratch\nENV A=b\nCOPY . /\n"),
		"the executable bit": func(dir string, _ *BuildOptions) { fatal(t, os.Chmod(filepath.Join(dir, "a"), 0o755)) },
		"an argument":        func(_ string, o *BuildOptions) { o.Args = map[string]string{"A": "b"} },
		"another platform":   func(_ string, o *BuildOptions) { o.Platform = "linux/arm64" },
		"a link for the file": func(dir string, _ *BuildOptions) {
			fatal(t, os.Remove(dir+"/a"))
			fatal(t, os.Symlink("left/in", dir+"/a"))
		},
	} {
		if got := ref(change); got == same {
			t.Errorf("%s does not change the name", name)
		}
	}
}

func TestOfAContextThatIsNotCopiedTheDockerfileAloneCounts(t *testing.T) {
	for dockerfile, counts := range map[string]bool{
		"FROM scratch\nENV COPY=1\nRUN apt-get install fonts\n":    false,
		"FROM debian AS a\nFROM scratch\nCOPY --from=a / /\n":      false,
		"FROM scratch\ncopy ch01.re /\n":                           true,
		"FROM scratch\nADD --chown=1 ch01.re /\n":                  true,
		"FROM scratch\nONBUILD COPY ch01.re /\n":                   true,
		"FROM scratch\nRUN --mount=type=bind,target=/x true\n":     true,
		"FROM scratch\nRUN \\\n --mount=type=bind,target=/x true":  true,
		"FROM debian AS a\nFROM scratch\nCOPY \\\n --from=a / /\n": false,
	} {
		dir := contextDir(t, map[string]string{"docker/Dockerfile": dockerfile, "ch01.re": "= One\n"})
		opts := BuildOptions{Name: "b", Context: dir, Dockerfile: "docker/Dockerfile"}
		before, err := ImageRef(opts)
		fatal(t, err)
		fatal(t, os.WriteFile(filepath.Join(dir, "ch01.re"), []byte("= Two\n"), 0o644))
		after, err := ImageRef(opts)
		fatal(t, err)
		if (after != before) != counts {
			t.Errorf("%q: an edited chapter makes another image: %t", dockerfile, after != before)
		}
		fatal(t, os.WriteFile(filepath.Join(dir, "docker/Dockerfile"), []byte(dockerfile+"ENV B=1\n"), 0o644))
		if again, err := ImageRef(opts); err != nil || again == after {
			t.Errorf("%q: an edited Dockerfile makes no other image, %v", dockerfile, err)
		}
	}
}

func TestTheDockerfileIsSentAlthoughItIsIgnored(t *testing.T) {
	dir := contextDir(t, map[string]string{"docker/Dockerfile": "FROM scratch\n", ".dockerignore": "*\n", "x": ""})
	c, err := readContext(BuildOptions{Context: dir, Dockerfile: "docker/Dockerfile"})
	fatal(t, err)
	var names []string
	for _, f := range c.files {
		names = append(names, f.path)
	}
	if !slices.Equal(names, []string{"docker", "docker/Dockerfile"}) {
		t.Errorf("files %v", names)
	}
	if _, err := readContext(BuildOptions{Context: dir, Dockerfile: "../Dockerfile"}); err == nil {
		t.Error("a Dockerfile outside is accepted")
	}
}

func TestBaseImagesAreThoseOfFROMLinesWithTheirArguments(t *testing.T) {
	for text, want := range map[string]string{
		"FROM vvakame/review:5.9\n": "vvakame/review:5.9",
		"from --platform=linux/amd64 vvakame/review AS a\nFROM a\nFROM scratch\n":          "vvakame/review:latest",
		"ARG V=5.8\nFROM vvakame/review:${V}\nARG V=1\nFROM debian:$V\n":                   "vvakame/review:5.9 debian:5.9",
		"ARG W\nFROM debian:${W:-bookworm}-slim\nCOPY --from=0 / /\nFROM debian:x AS y\n":  "debian:bookworm-slim debian:x",
		"# escape=`\nFROM `\n  debian:x\n":                                                 "debian:x",
		"FROM \\\n  debian:x \\\n\n  # a comment\n  AS y\nFROM y\n":                        "debian:x",
		"FROM debian:x\nRUN psql -c 'select * \\\nfrom users'\n# a comment \\\nFROM a:b\n": "debian:x a:b",
		"FROM a:b\nRUN echo \\\\\nFROM c:d\n":                                              "a:b c:d",
		"ARG A=x B=y\nARG C=${A}-$B\nFROM debian:$C\n":                                     "debian:x-y",
	} {
		got, err := baseImages(parseDockerfile(text), map[string]string{"V": "5.9"})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "FROM\n", "FROM --platform=x\n", "FROM $NONE\n"} {
		if got, err := baseImages(parseDockerfile(text), nil); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAPinnedBaseIsPartOfTheImagesName(t *testing.T) {
	dir := contextDir(t, map[string]string{"Dockerfile": "FROM vvakame/review:5.9\nRUN fonts\n"})
	lock := func(ref, digest string) *Lock {
		return &Lock{Images: map[string]*Pin{ref: {Digest: digest, Platforms: map[string]Platform{"linux/amd64": {DiffIDs: []string{digestA}}}}}}
	}
	name := func(l *Lock) string {
		t.Helper()
		ref, err := ImageRef(BuildOptions{Name: "book", Context: dir, Lock: l})
		fatal(t, err)
		return ref
	}
	plain, pinned := name(nil), name(lock("vvakame/review:5.9", digestA))
	if pinned == plain {
		t.Error("a pin makes no difference")
	}
	if got := name(lock("vvakame/review:5.9", digestB)); got == pinned || got == plain {
		t.Error("the lock was moved, and the old image would be used")
	}
	if got := name(lock("vvakame/review:5.8", digestB)); got != plain {
		t.Error("another image's pin counts")
	}
	both := lock("vvakame/review:5.9", digestA)
	both.Images["vvakame/review:5.9"].Platforms["linux/arm64"] = Platform{DiffIDs: []string{digestB}}
	if name(both) != pinned {
		t.Error("another machine's platform makes another name of the same registry image")
	}
	local := lock("vvakame/review:5.9", "")
	if got := name(local); got == plain || got == pinned {
		t.Error("an image of no registry is pinned by its content, which makes no difference")
	}
}

func TestWhatOnlyBuildKitKnowsIsNamedAtItsLine(t *testing.T) {
	for name, c := range map[string]struct {
		dockerfile string
		line       int
		what       string
	}{
		"none":              {"FROM scratch\nRUN a && \\\n  b\nCOPY --from=x --chown=1 a b\n", 0, ""},
		"a mount":           {"FROM scratch\n\nRUN --mount=type=cache,target=/c a\n", 3, "RUN --mount"},
		"on the next line":  {"FROM scratch\nRUN \\\n  --mount=type=cache,target=/c a\n", 2, "RUN --mount"},
		"a link":            {"FROM scratch\ncopy --from=x --link a b\n", 2, "COPY --link"},
		"a checksum":        {"FROM scratch\nADD --checksum=sha256:0 http://a b\n", 2, "ADD --checksum"},
		"a here-document":   {"FROM scratch\nRUN <<EOF\napt-get update\nEOF\n", 2, "a here-document (RUN <<EOF)"},
		"a file":            {"FROM scratch\nCOPY <<-\"END\" /a\nx\n\tEND\n", 2, "a here-document (COPY <<END)"},
		"a shift":           {"FROM scratch\nRUN echo $((1<<N))\nRUN true\n", 0, ""},
		"a here-string":     {"FROM scratch\nRUN bash -c 'cat <<<EOF'\nEOF\n", 0, ""},
		"a comment":         {"FROM scratch\n# RUN --mount=type=cache a\n", 0, ""},
		"a command's flag":  {"FROM scratch\nRUN tool --mount=x\n", 0, ""},
		"of a later stage":  {"FROM scratch\nONBUILD RUN --network=none a\n", 2, "RUN --network"},
		"in a continuation": {"FROM scratch\nRUN a \\\n  COPY --link\nADD --link a b\n", 4, "ADD --link"},
	} {
		dir := contextDir(t, map[string]string{"Dockerfile": c.dockerfile})
		line, what := onlyBuildKit(BuildOptions{Context: dir})
		if line != c.line || what != c.what {
			t.Errorf("%s: line %d, %q; want %d, %q", name, line, what, c.line, c.what)
		}
	}
}

func TestABuildThatNeedsBuildKitSaysSoWithTheEnginesWords(t *testing.T) {
	c := engines(t)[0]
	for _, dockerfile := range []string{"FROM scratch\nRUN <<EOF\necho one\nEOF\n", "FROM scratch\nCOPY --link Dockerfile /\n", "FROM scratch\nRUN --mount=type=tmpfs,target=/t true\n"} {
		dir := contextDir(t, map[string]string{"Dockerfile": dockerfile})
		_, err := BuildImage(t.Context(), c, BuildOptions{Name: "kit", Context: dir})
		var failed *BuildError
		if !errors.As(err, &failed) || failed.Place != "Dockerfile:2" || failed.Message == "" || !strings.Contains(err.Error(), "Dockerfile:2: only BuildKit knows ") {
			t.Errorf("%q: %v", dockerfile, err)
		}
	}
}

func TestAPlatformIsThatOfAnImageWithOrWithoutItsVariant(t *testing.T) {
	for _, c := range []struct {
		has, want string
		same      bool
	}{
		{"linux/amd64", "", true}, {"linux/amd64", "linux/amd64", true}, {"linux/amd64", "linux/arm64", false},
		{"linux/arm64/v8", "linux/arm64", true}, {"linux/arm64", "linux/arm64/v8", true}, {"linux/arm/v7", "linux/arm64", false}, {"", "linux/arm64", true},
	} {
		if got := (Content{Platform: c.has}).HasPlatform(c.want); got != c.same {
			t.Errorf("%q asked for %q: %t", c.has, c.want, got)
		}
	}
}

func TestALineGoesOnWhereTheDockerfileSaysSo(t *testing.T) {
	const text = "FROM x\nRUN dir C:\\\nCOPY . .\n"
	if copiesFiles(parseDockerfile(text)) || !copiesFiles(parseDockerfile("# escape=`\n"+text)) {
		t.Error("the line behind a \\ is an instruction just where another sign joins lines")
	}
}
