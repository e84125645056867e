//go:build unix

package inside

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeTeX behaves like TeX where passes are concerned: what it makes depends on
// the files it finds, it writes files that the next pass finds, and with
// -recorder it says which, in order. It opens what it is told to and inputs
// chapters. A line "index WORD" makes an entry, "grow" makes the
// table of contents move the pages, "swing" never stands still, "needs FILE"
// fails without FILE, "fails" always, and "picture FILE" takes the size from the
// .xbb or asks extractbb.
const fakeTeX = `
for arg; do
	case $arg in
	-recorder) record=1 ;;
	-hang) sleep 100 ;;
	esac
done
n=0
while [ -n "$TEX_WAITS_FOR" ] && [ "$n" -lt 50 ]; do
	case $PWD in */own/ahead/*) break ;; esac
	sh -c "[ -e $TEX_WAITS_FOR ]" && break
	sleep 0.1
	n=$((n + 1))
done
job=${arg%.tex}
echo "run $PWD" >>"$RUNS"
record() { [ -z "$record" ] || [ -n "$NO_RECORD" ] || echo "$1" >>"$job.fls"; }
[ -z "$record" ] || [ -n "$NO_RECORD" ] || echo "PWD $(pwd -P)" >"$job.fls"
document() {
	aux=$(cat "$job.aux" 2>/dev/null)
	toc=$(cat "$job.toc" 2>/dev/null)
	ind=$(cat "$job.ind" 2>/dev/null)
	for file in aux toc ind; do [ ! -e "$job.$file" ] || record "INPUT ./$job.$file"; done
}
echo "This is fake TeX"
echo stderr of TeX >&2
page=1
: >"$job.idx.new"
indexed=
pages=
typeset() {
	while read -r word rest; do
		case $word in
		'\openin15')
			record "INPUT ${rest%% *}"
			: <"${rest%% *}"
			rest=${rest#*closein15 }
			word=${rest%% *}
			;;
		esac
		case $word in
		'\begin{document}') document ;;
		'\input{'*)
			file=${word#*\{}
			file=${file%\}}
			record "INPUT ./$file"
			typeset <"$file"
			;;
		grow) [ -n "$toc" ] && page=$((page + 1)) ;;
		index) indexed=1; echo "$rest $page" >>"$job.idx.new" ;;
		swing) case $aux in *swing-a*) turn=b ;; *) turn=a ;; esac ;;
		needs) [ -e "$rest" ] || fail="./$job.tex:1: File $rest not found" ;;
		dislikes) case $toc in *"old macro"*) fail="./$rest:1: Undefined control sequence" ;; esac ;;
		fails) fail="./$job.tex:1: Undefined control sequence" ;;
		picture)
			if [ -e "${rest%.*}.xbb" ]; then
				record "INPUT ./${rest%.*}.xbb"
				size=$(tail -n 1 "${rest%.*}.xbb")
			else
				size=$(extractbb -O "$rest" | tail -n 1)
			fi
			record "INPUT ./$rest"
			rest="of $size"
			;;
		chokes) case $aux in *"old macro"*) fail="./$job.aux:1: Undefined control sequence" ;; esac ;;
		esac
		pages="$pages $word $rest;"
		printf '[%s]' "$page"
		page=$((page + 1))
	done
}
record "INPUT $OUTSIDE"
record "INPUT $job.tex"
record "OUTPUT $job.log"
style=$(cat style.sty 2>/dev/null) && record "INPUT ./style.sty"
grep -q 'begin{document}' "$job.tex" || document
typeset <"$job.tex"
echo
record "OUTPUT $job.aux"
record "OUTPUT $job.toc"
[ -z "$indexed" ] || record "OUTPUT $job.idx"
record "OUTPUT $job.dvi"
echo log >"$job.log"
if [ -n "$fail" ]; then
	echo "$fail"
	exit 1
fi
{ echo "$pages"; cat "$OUTSIDE"; echo "style: $style date: $SOURCE_DATE_EPOCH"; echo "aux: $aux"; echo "toc: $toc"; echo "ind: $ind"; cat extra.cfg 2>/dev/null; echo post; } >"$job.dvi"
{ echo "pages $page"; grep 'old macro' "$job.tex"; [ -z "$turn" ] || echo "swing-$turn"; } >"$job.aux"
echo "contents $aux" | head -n 1 >"$job.toc"
[ -z "$ind" ] || echo "Index" >>"$job.toc"
if [ -n "$indexed" ]; then mv "$job.idx.new" "$job.idx"; else rm "$job.idx.new"; fi
exit 0
`

const fakeMendex = `
for arg; do :; done
sort "$arg.idx" >"$arg.ind"
echo made index
`

// fakeExtractbb tells how large images are: of one on its output, or of many in
// files beside them, up to the first that is empty.
const fakeExtractbb = `
if [ "$1" = -O ]; then
	echo "asks for $2" >>"$RUNS"
	wc -c <"$2"
	exit
fi
echo "sizes of $#" >>"$RUNS"
for image; do
	[ -s "$image" ] || exit 1
	{ echo "Title: $image"; wc -c <"$image"; } >"${image%.*}.xbb"
done
`

// fakeDvipdfmx reads pages from a file, or from standard input up to their end.
// Both give the same but for an identifier, which is made from the files' names.
const fakeDvipdfmx = `
options=
pages=
made=
while [ $# -gt 0 ]; do
	case $1 in
	-o) made=$2; shift ;;
	-*) options="$options $1 $2"; shift ;;
	*) pages=$1 ;;
	esac
	shift
done
made=${made:-${pages%.dvi}.pdf}
echo "${pages:-stdin} -> $made" >&2
[ -z "${BOOKCI_ASKED-}" ] || { cat "${BOOKCI_ASKED_BEFORE:-/dev/null}" && echo "one more"; } >>"$BOOKCI_ASKED"
{
	echo "%PDF$options"
	if [ -n "$pages" ]; then
		case $PWD in */sample) ;; *) echo "converts $PWD" >>"$RUNS" ;; esac
		cat "$pages"
	else
		while IFS= read -r line && echo "$line" && [ "$line" != post ]; do :; done
		[ "$line" = post ] || exit 1
	fi
	cat picture.png 2>/dev/null
	:
} >"$made" || exit 1
trailer=$(wc -c <"$made")
id=$(printf '%s' "$pages $made" | md5sum | cut -c 1-32)
printf 'trailer /ID[<%s><%s>]\nstartxref\n%d\n%%%%EOF\n' "$id" "$id" "$trailer" >>"$made"
echo "[1][2]" >&2
`

// fakeMaker calls them as review-pdfmaker does.
const fakeMaker = `
dir=$(mktemp -d "$SCRATCH/book-pdf-XXXXXX")
cp -R "$1/." "$dir" && cd "$dir" || exit 1
rm -f *.xbb images/*.xbb # Re:VIEW does not take them along
run() { "$@" >>"$OUTPUT" 2>&1 || exit 1; }
for chapter in *.re; do
	[ ! -f "$chapter" ] || mv "$chapter" "${chapter%.re}.tex"
done
n=0
while [ -n "$WAIT_FOR" ] && [ "$n" -lt 100 ]; do
	sh -c "[ -e $WAIT_FOR ]" && break
	sleep 0.1
	n=$((n + 1))
done
[ -n "$HOOK_BEFORE" ] && sh -c "$HOOK_BEFORE"
run uplatex -interaction=nonstopmode __REVIEW_BOOK__.tex
[ -n "$HOOK" ] && sh -c "$HOOK"
run uplatex -interaction=nonstopmode __REVIEW_BOOK__.tex
[ -n "$HOOK_INDEX" ] && sh -c "$HOOK_INDEX"
if [ -s __REVIEW_BOOK__.idx ]; then
	run mendex -r __REVIEW_BOOK__
	[ -n "$HOOK_AFTER" ] && sh -c "$HOOK_AFTER"
	run uplatex -interaction=nonstopmode __REVIEW_BOOK__.tex
fi
run uplatex -interaction=nonstopmode __REVIEW_BOOK__.tex
[ -n "$HOOK_DVI" ] && sh -c "$HOOK_DVI"
run dvipdfmx -d 5 -z 9 __REVIEW_BOOK__.dvi
cp __REVIEW_BOOK__.pdf "$PDF"
cd / && rm -rf "$dir"
`

// A bench builds one small book plainly and through the shims.
type texBench struct {
	t       *testing.T
	dir     string
	shell   string // first line of every script
	tools   string // folder of the shell's tools
	follows bool   // whether its tail ends with a process
	env     []string
}

// eachShell runs test with every shell that this machine has for it.
func eachShell(t *testing.T, test func(t *testing.T, b *texBench)) {
	t.Helper()
	shells := map[string]string{"dash": "dash", "busybox": "busybox"}
	found := false
	for name, program := range shells {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		found = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &texBench{t: t, dir: t.TempDir()}
			b.tools = filepath.Join(b.dir, "tools")
			if name == "busybox" {
				b.shell = "#!" + path + " sh\n"
				list, err := exec.Command(path, "--list").Output()
				if err != nil {
					t.Skipf("busybox does not list its applets: %v", err)
				}
				must(t, os.Mkdir(b.tools, 0o777))
				for applet := range strings.Lines(string(list)) {
					must(t, os.Symlink(path, filepath.Join(b.tools, strings.TrimSpace(applet))))
				}
			} else {
				b.shell = "#!" + path + "\n"
				b.tools = os.Getenv("PATH")
			}
			b.install()
			b.follows = b.command(b.tools, nil, "sh", "-c", `true & tail --pid=$! -s 0.1 -f "$OUTSIDE"`).Run() == nil
			test(t, b)
		})
	}
	if !found {
		t.Skip("neither dash nor busybox is here")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *texBench) write(name, text string, mode os.FileMode) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	must(b.t, os.MkdirAll(filepath.Dir(path), 0o777))
	must(b.t, os.WriteFile(path, []byte(text), mode))
}

func (b *texBench) install() {
	for name, script := range map[string]string{
		"uplatex": fakeTeX, "lualatex": fakeTeX, "mendex": fakeMendex, "dvipdfmx": fakeDvipdfmx, "extractbb": fakeExtractbb,
		"review-pdfmaker": fakeMaker,
		"nproc":           "echo ${CORES:-2}\n",
	} {
		b.write("image/"+name, b.shell+script, 0o755)
	}
	names, shim, err := texShims()
	must(b.t, err)
	scripts := map[string][]byte{}
	for _, name := range names {
		scripts[name] = shim
	}
	must(b.t, fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasSuffix(name, ".rb") {
			scripts[name], err = files.ReadFile(name)
		}
		return err
	}))
	for name, text := range scripts {
		b.write("own/"+name, strings.Replace(string(text), "#!/bin/sh\n", b.shell, 1), 0o755)
	}
	for _, folder := range []string{"scratch", "state", "book"} {
		must(b.t, os.Mkdir(filepath.Join(b.dir, folder), 0o777))
	}
	b.write("outside.sty", "outside\n", 0o666)
}

// book replaces the book's TeX source.
func (b *texBench) book(lines ...string) {
	b.write("book/__REVIEW_BOOK__.tex", strings.Join(lines, "\n")+"\n", 0o666)
}

type texResult struct {
	pdf       string // empty when the maker failed
	output    string // of all programs, as the maker captured it
	events    []string
	runs      int  // of TeX
	asked     int  // times that TeX asked for the size of an image
	early     int  // of these, begun early
	converted bool // beside TeX
}

func (b *texBench) command(path string, env []string, argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = b.dir
	cmd.Env = append([]string{
		"PATH=" + path, "TMPDIR=" + b.dir,
		"SCRATCH=" + filepath.Join(b.dir, "scratch"), "OUTSIDE=" + filepath.Join(b.dir, "outside.sty"),
		"PDF=" + filepath.Join(b.dir, "out.pdf"), "RUNS=" + filepath.Join(b.dir, "runs"), "OUTPUT=" + filepath.Join(b.dir, "output"),
	}, append(slices.Clone(b.env), env...)...)
	return cmd
}

func (b *texBench) make(path string, env ...string) texResult {
	b.t.Helper()
	for _, name := range []string{"out.pdf", "runs", "output"} {
		_ = os.Remove(filepath.Join(b.dir, name))
	}
	cmd := b.command(path, env, filepath.Join(b.dir, "image/review-pdfmaker"), filepath.Join(b.dir, "book"))
	out, err := cmd.CombinedOutput()
	pdf, _ := os.ReadFile(filepath.Join(b.dir, "out.pdf"))
	if (err == nil) != (len(pdf) > 0) {
		b.t.Fatalf("the maker ended with %v and a PDF of %d bytes:\n%s", err, len(pdf), out)
	}
	runs, _ := os.ReadFile(filepath.Join(b.dir, "runs"))
	output, _ := os.ReadFile(filepath.Join(b.dir, "output"))
	return texResult{
		pdf: string(pdf), output: string(output),
		runs: bytes.Count(runs, []byte("run ")), early: bytes.Count(runs, []byte("/own/ahead/")),
		asked: bytes.Count(runs, []byte("asks for ")),
	}
}

// plain is what the maker does without bookci.
func (b *texBench) plain() texResult {
	b.t.Helper()
	return b.make(filepath.Join(b.dir, "image") + ":" + b.tools)
}

// build is what it does with the shims and what earlier builds kept.
func (b *texBench) build(env ...string) texResult {
	b.t.Helper()
	events := filepath.Join(b.dir, "events")
	must(b.t, os.WriteFile(events, nil, 0o666))
	own := filepath.Join(b.dir, "own")
	path := filepath.Join(own, "bin") + ":" + filepath.Join(b.dir, "image") + ":" + b.tools
	env = append([]string{"BOOKCI_OWN=" + own, "BOOKCI_STATE=" + filepath.Join(b.dir, "state"), "BOOKCI_EVENTS=" + events}, env...)
	if out, err := b.command(path, env, filepath.Join(own, "bin/bookci-begin")).CombinedOutput(); err != nil {
		b.t.Fatalf("bookci-begin: %v\n%s", err, out)
	}
	r := b.make(path, env...)
	if r.pdf != "" {
		if out, err := b.command(path, env, filepath.Join(own, "bin/bookci-keep")).CombinedOutput(); err != nil {
			b.t.Fatalf("bookci-keep: %v\n%s", err, out)
		}
	}
	text, _ := os.ReadFile(events)
	for line := range strings.Lines(string(text)) {
		r.events = append(r.events, strings.TrimSpace(strings.TrimPrefix(line, "\x1e")))
	}
	return r
}

// same builds and demands the plain maker's PDF, in at most runs runs of TeX.
func (b *texBench) same(what string, runs int, env ...string) texResult {
	b.t.Helper()
	want, got := b.plain(), b.build(env...)
	if got.pdf != want.pdf {
		b.t.Errorf("%s: the PDF differs\n--- plain\n%s--- build\n%s%s", what, want.pdf, got.pdf, strings.Join(got.events, "\n"))
	}
	if got.runs > runs {
		b.t.Errorf("%s: TeX ran %d times, want at most %d (plain: %d)\n%s", what, got.runs, runs, want.runs, strings.Join(got.events, "\n"))
	}
	return got
}

func TestPassesAreDoneOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text", "index b", "index a")
		b.same("from nothing", 4)
		b.book("text that changed", "index b", "index a")
		got := b.same("after an edit in one line", 1)
		if !slices.Contains(got.events, "pass 1 uplatex") || !slices.Contains(got.events, "skip 2 uplatex") {
			t.Errorf("events are %q", got.events)
		}
		if n := strings.Count(got.output, "This is fake TeX"); n != 4 {
			t.Errorf("the maker saw TeX's output %d times, want 4", n)
		}
		if !strings.Contains(got.output, "[1][2][3]\n") || !strings.Contains(got.output, "stderr of TeX") {
			t.Errorf("TeX's output did not come through: %q", got.output)
		}
		if !slices.Contains(got.events, "page 3") || !slices.Contains(got.events, "dvipage 2") {
			t.Errorf("pages were not reported: %q", got.events)
		}
	})
}

func TestPagesAreThoseOfAPlainBuildAfterEveryEdit(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		for i, lines := range [][]string{
			{"text"},
			{"text", "more text"},
			{"text", "index a"},
			{"grow", "text", "index a"},
			{"grow", "text", "index b", "index a"},
			{"grow", "text", "more", "index b"},
			{"text", "more"}, // the index is gone
			{"text", "index c"},
			{"old macro", "text"},
			{"chokes"}, // what was kept stops TeX
			{"chokes", "more"},
		} {
			b.book(lines...)
			b.same(fmt.Sprintf("edit %d", i), 6)
		}
	})
}

func TestTheSizesOfImagesAreFoundOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		sized := func(what string, runs, asked int, env ...string) {
			t.Helper()
			if got := b.same(what, runs, env...); got.asked != asked {
				t.Errorf("%s: TeX asked for the sizes of %d images, want %d", what, got.asked, asked)
			}
		}
		b.write("book/images/a.png", "small", 0o666)
		b.write("book/images/b c.JPG", "an image", 0o666)
		b.book("picture images/a.png", "picture images/b c.JPG")
		sized("from nothing", 3, 0)
		b.write("book/images/a.png", "larger now", 0o666)
		sized("an image of another size", 2, 0)
		b.env = []string{"HOOK=echo of a hook >images/a.png"}
		sized("a hook that changes an image", 3, 0)
		b.env = []string{"HOOK=cp images/a.png images/a.pdf; echo of a hook >images/a.png"}
		sized("a hook that gives an image the name of another", 3, 1)
		b.env = []string{"HOOK_BEFORE=echo by the author >images/a.xbb"}
		sized("a size that the book brings", 3, 0)
		b.env = nil
		b.write("book/images/0.png", "", 0o666)
		sized("an image that cannot be read", 3, 0)
		// Of which of them would a.xbb be?
		b.write("book/images/a.pdf", "%PDF", 0o666)
		sized("two images of one name", 2, 1)
	})
}

func TestAFileThatChangesBetweenPassesIsNoticed(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text")
		b.same("first", 4)
		b.env = []string{"HOOK_INDEX=echo of a hook >extra.cfg"}
		b.same("a hook writes a file", 4)
		b.env = []string{"HOOK_INDEX=echo and outside the folder >>" + filepath.Join(b.dir, "outside.sty")}
		before, err := os.ReadFile(filepath.Join(b.dir, "outside.sty"))
		must(t, err)
		want := b.plain()
		must(t, os.WriteFile(filepath.Join(b.dir, "outside.sty"), before, 0o666))
		if got := b.build(); got.pdf != want.pdf {
			t.Errorf("a file of another folder changed, and the PDF differs:\n%s\n%s", got.pdf, want.pdf)
		}
	})
}

func TestWithoutARecordEveryPassRuns(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text", "index a")
		b.same("with a record", 4)
		b.env = []string{"NO_RECORD=1"}
		b.book("grow", "other text")
		if got := b.same("without, and with files kept", 4); got.runs != 4 {
			t.Errorf("TeX ran %d times, want once more than plainly, as the first pass was not to be trusted", got.runs)
		}
		if got := b.same("without", 3); got.runs != 3 {
			t.Errorf("TeX ran %d times, want 3", got.runs)
		}
	})
}

func TestAHookMayRewriteTheIndex(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.env = []string{"HOOK_AFTER=echo by hook >>__REVIEW_BOOK__.ind"}
		b.book("text", "index a")
		b.same("from nothing", 5)
		b.book("other text", "index a")
		b.same("kept", 4)
		b.env = []string{"HOOK_INDEX=sed 's/a/z/' __REVIEW_BOOK__.idx >t && mv t __REVIEW_BOOK__.idx"}
		b.book("text", "index a")
		b.same("before the index is made", 8)
	})
}

func TestPagesThatNeverStandStillAreThePlainOnes(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text")
		b.same("first", 4)
		b.book("swing")
		b.same("swinging", 12)
		b.book("swing", "more")
		b.same("swinging, known", 3)
		b.book("text")
		b.same("standing still again", 4)
		b.book("text", "more")
		b.same("kept again", 4)
		b.book("texts", "more")
		b.same("kept again", 1)
	})
}

func TestAFailedBuildDoesNotPoisonTheNext(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text", "index a")
		b.same("first", 4)
		b.book("text", "fails")
		if got := b.same("broken", 2); got.pdf != "" || !strings.Contains(got.output, "Undefined control sequence") {
			t.Errorf("a broken book gave %q", got.output)
		}
		b.book("text, mended", "index a")
		b.same("mended", 1)
	})
}

func TestDamagedStateIsDropped(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text", "index a")
		b.same("first", 4)
		damage := map[string]func(path string) error{
			"emptied":     func(p string) error { return os.Truncate(p, 0) },
			"removed":     os.Remove,
			"other bytes": func(p string) error { return os.WriteFile(p, []byte("\\bad"), 0o666) },
			"a folder":    func(p string) error { return firstError(os.Remove(p), os.Mkdir(p, 0o777)) },
		}
		for what, do := range damage {
			for _, name := range []string{"stamp", "sums", "files/__REVIEW_BOOK__.aux"} {
				found, err := filepath.Glob(filepath.Join(b.dir, "state/tex/*", name))
				if err != nil || len(found) != 1 {
					t.Fatalf("%s: %v %v", name, found, err)
				}
				must(t, do(found[0]))
				b.same(name+" "+what, 4)
			}
		}
		must(t, os.RemoveAll(filepath.Join(b.dir, "state")))
		must(t, os.WriteFile(filepath.Join(b.dir, "state"), nil, 0o666))
		want := b.plain()
		env := []string{"BOOKCI_STATE=" + filepath.Join(b.dir, "state")}
		if got := b.make(filepath.Join(b.dir, "own/bin")+":"+filepath.Join(b.dir, "image")+":"+b.tools, env...); got.pdf != want.pdf {
			t.Errorf("with a file for a folder the PDF differs")
		}
	})
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func TestOtherCallsReachTheRealProgram(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.write("image/xelatex", b.shell+`printf '<%s>' "$@"; cat; exit 7`+"\n", 0o755)
		path := filepath.Join(b.dir, "own/bin") + ":" + filepath.Join(b.dir, "image") + ":" + b.tools
		env := []string{"BOOKCI_STATE=" + filepath.Join(b.dir, "state")}
		for _, argv := range [][]string{
			{"--version"}, {"-synctex=1", "__REVIEW_BOOK__.tex"}, {"-shell-escape", "__REVIEW_BOOK__.tex"}, {"a b", "*", "it's.tex"}, {},
		} {
			cmd := b.command(path, env, append([]string{filepath.Join(b.dir, "own/bin/xelatex")}, argv...)...)
			cmd.Stdin = strings.NewReader("typed")
			cmd.Dir = filepath.Join(b.dir, "book")
			b.book("text")
			out, err := cmd.CombinedOutput()
			want := "<" + strings.Join(argv, "><") + ">typed"
			if string(out) != want || cmd.ProcessState.ExitCode() != 7 {
				t.Errorf("xelatex %q gave %q (%v), want %q", argv, out, err, want)
			}
		}
		cmd := b.command(path, env, filepath.Join(b.dir, "own/bin/platex"), "--version")
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 127 {
			t.Errorf("a program that is not there ended with %d: %s", cmd.ProcessState.ExitCode(), out)
		}
	})
}

func TestAFirstLookTakesOnePassAndLeavesNothing(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("grow", "text", "index a")
		want := b.same("the whole book", 5)
		b.book("grow", "text")
		if got := b.build("BOOKCI_ONE_PASS=1"); got.runs != 1 || !strings.Contains(got.pdf, "ind: a 4") {
			t.Errorf("TeX ran %d times for\n%s", got.runs, got.pdf)
		}
		b.book("grow", "text", "index a")
		if got := b.same("the whole book again", 1); got.pdf != want.pdf {
			t.Errorf("the first look left its traces")
		}
	})
}
