//go:build unix

package inside

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pictures prepares a session's folder of pictures, with pages that have pictures
// compressed, and a dvipdfmx that says what it does and takes its time.
func (b *texBench) pictures(pages int) {
	b.t.Helper()
	b.write("image/dvipdfmx", b.shell+`echo "$* [$BOOKCI_PICTURES_NEW]" >>"$RUNS"; sleep "${TAKES:-0}"; echo "done" >>"$RUNS"`+"\n", 0o755)
	b.write("own/pictures/loads", "remember\n", 0o666)
	must(b.t, os.MkdirAll(filepath.Join(b.dir, "own/pictures/new"), 0o777))
	b.write("own/pictures/ahead/command", "dvipdfmx\n-z\n9\n", 0o666)
	for n := range pages {
		b.write("own/pictures/ahead/00"+string(rune('0'+n))+".dvi", "page", 0o666)
	}
}

func (b *texBench) picturesAhead(env ...string) (wait func(stop bool) string) {
	b.t.Helper()
	own := filepath.Join(b.dir, "own")
	path := filepath.Join(own, "bin") + ":" + filepath.Join(b.dir, "image") + ":" + b.tools
	cmd := b.command(path, append(env, "BOOKCI_OWN="+own), filepath.Join(own, "bin/bookci-pictures"))
	must(b.t, cmd.Start())
	return func(stop bool) string {
		if stop {
			must(b.t, cmd.Process.Signal(os.Interrupt))
		}
		_ = cmd.Wait() // its status says that it was interrupted
		runs, _ := os.ReadFile(filepath.Join(b.dir, "runs"))
		return string(runs)
	}
}

func TestPicturesAreCompressedBeforehand(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.pictures(3)
		runs := b.picturesAhead("CORES=3")(false)
		for _, page := range []string{"000", "001", "002"} {
			if !strings.Contains(runs, "-z 9 -o /dev/null ./"+page+".dvi ["+filepath.Join(b.dir, "own/pictures/new")+"]\n") {
				t.Errorf("page %s was not converted: %s", page, runs)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(b.dir, "own/pictures/*")); len(left) != 2 {
			t.Errorf("left behind: %q", left)
		}
	})
}

func TestOnOneCorePicturesAreNotCompressedBeforehand(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		if strings.Contains(b.shell, "busybox") {
			t.Skip("busybox does not look for nproc on PATH")
		}
		b.pictures(1)
		if runs := b.picturesAhead("CORES=1")(false); runs != "" {
			t.Errorf("dvipdfmx ran: %s", runs)
		}
	})
}

func TestCompressingBeforehandIsGivenUpAtOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.pictures(3)
		wait := b.picturesAhead("CORES=3", "TAKES=30")
		begun := time.Now()
		for {
			runs, _ := os.ReadFile(filepath.Join(b.dir, "runs"))
			if strings.Count(string(runs), "\n") >= 1 {
				break
			}
			if time.Since(begun) > 20*time.Second {
				t.Fatalf("nothing begins: %s", runs)
			}
			time.Sleep(20 * time.Millisecond)
		}
		begun = time.Now()
		runs := wait(true)
		if strings.Contains(runs, "done") || time.Since(begun) > 20*time.Second {
			t.Errorf("it ended after %s, having done %s", time.Since(begun), runs)
		}
		if left, _ := filepath.Glob(filepath.Join(b.dir, "own/pictures/work*")); len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

func TestASessionKeepsOfTheMemoryWhatIsNotAtHome(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		own := filepath.Join(b.dir, "own")
		begin := func() {
			t.Helper()
			out, err := b.command(b.tools, []string{"BOOKCI_OWN=" + own, "BOOKCI_STATE=" + filepath.Join(b.dir, "state")}, filepath.Join(own, "bin/bookci-begin")).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		list := func(folder string) string {
			t.Helper()
			files, err := os.ReadDir(filepath.Join(own, "pictures", folder))
			must(t, err)
			var names []string
			for _, f := range files {
				names = append(names, f.Name())
			}
			slices.Sort(names)
			return strings.Join(names, " ")
		}
		for _, name := range []string{"a", "used", "tmp.1.0"} {
			b.write("own/pictures/new/"+name, "entry", 0o666)
		}
		begin()
		if list("kept") != "a" || list("new") != "" {
			t.Errorf("kept are %q, new are %q", list("kept"), list("new"))
		}
		// Where the memory at home is seen, that has what was taken there.
		must(t, os.RemoveAll(filepath.Join(own, "pictures/kept")))
		b.write("home/a", "entry", 0o666)
		must(t, os.Symlink(filepath.Join(b.dir, "home"), filepath.Join(own, "pictures/kept")))
		b.write("own/pictures/new/a", "entry", 0o666)
		b.write("own/pictures/new/b", "entry", 0o666)
		begin()
		if list("kept") != "a" || list("new") != "b" {
			t.Errorf("kept are %q, new are %q", list("kept"), list("new"))
		}
	})
}

// A conversion gets the list of what the last one asked for, where a core is free
// for what is prepared, and leaves its own. The fake's list is one line longer each time.
func TestAConversionKnowsWhatTheLastOneAskedFor(t *testing.T) {
	eachEarly(t, func(t *testing.T, b *texBench) {
		if !b.follows {
			t.Skip("tail does not know --pid here")
		}
		must(t, os.MkdirAll(filepath.Join(b.dir, "own/pictures/new"), 0o777))
		b.write("own/pictures/loads", "remember\nahead\n", 0o666)
		// The shells that stand in for programs can load no library that reads pictures.
		libraries, err := filepath.Glob(filepath.Join(b.dir, "own/lib/pictures/remember-*.so"))
		must(t, err)
		for _, library := range libraries {
			text, err := os.ReadFile(library)
			must(t, err)
			must(t, os.WriteFile(strings.Replace(library, "remember", "ahead", 1), text, 0o666))
		}
		asked := func(what string, lines int) {
			t.Helper()
			text, _ := os.ReadFile(filepath.Join(b.dir, "state/tex/asked")) // none: 0
			if n := strings.Count(string(text), "\n"); n != lines {
				t.Errorf("%s: the list has %d lines, want %d", what, n, lines)
			}
		}
		b.chapters("one", "two")
		b.run()
		asked("a first build", 1)
		b.chapters("one", "two with an edit")
		b.run(b.waitEarly())
		asked("an edit", 2)
		b.run(b.published())
		asked("nothing new", 2)
		b.endEarly()
		b.chapters("one", "two with another edit")
		b.run("CORES=1")
		asked("on one core", 1)
	})
}
