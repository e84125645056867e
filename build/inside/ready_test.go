//go:build unix

package inside

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fakeReVIEW is what of Re:VIEW a maker in Ruby needs to be watched: it says
// what it was told, and in which process.
const fakeReVIEW = `
warn 'said while loading'
module ReVIEW
  class LATEXBuilder; end
  class Converter; end
  class PDFMaker
    def self.execute(*args)
      puts "made of #{args.inspect} in #{Dir.pwd} by #{Process.pid} #{$PROGRAM_NAME} ARGV #{ARGV.inspect} with #{ENV['MARK'].inspect} #{ENV['BOOKCI_WAITS'].inspect}"
      warn 'said while making'
      exit Integer(ENV['STATUS'] || 0)
    end
  end
end
`

const fakeRubyMaker = `
$LOAD_PATH.unshift(File.join(__dir__, '../gem'))
require 'review/pdfmaker'
ReVIEW::PDFMaker.execute(*ARGV)
`

type readyBench struct {
	*texBench
	path string
}

func newReadyBench(t *testing.T, b *texBench) *readyBench {
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("ruby is not installed")
	}
	if _, err := exec.Command("env", "-0").Output(); err != nil {
		t.Skip("env does not know -0")
	}
	b.write("image/review-pdfmaker", "#!"+ruby+"\n"+fakeRubyMaker, 0o755)
	b.write("gem/review/pdfmaker.rb", fakeReVIEW, 0o666)
	for _, name := range []string{"bookci.rb", "bookci_positions.rb", "bookci_waits.rb"} {
		text, err := files.ReadFile("lib/" + name)
		must(t, err)
		b.write("own/lib/"+name, string(text), 0o666)
	}
	return &readyBench{b, filepath.Join(b.dir, "own/bin") + ":" + filepath.Join(b.dir, "image") + ":" + b.tools}
}

func (b *readyBench) own() string { return "BOOKCI_OWN=" + filepath.Join(b.dir, "own") }

// ready starts a maker that waits, and returns its process.
func (b *readyBench) ready() int {
	b.t.Helper()
	cmd := b.command(b.path, []string{b.own()}, filepath.Join(b.dir, "own/bin/bookci-ready"), "review-pdfmaker")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("bookci-ready: %v\n%s", err, out)
	}
	pid, err := os.ReadFile(filepath.Join(b.dir, "own/ready/pid"))
	must(b.t, err)
	number, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	must(b.t, err)
	b.t.Cleanup(func() { _ = syscall.Kill(number, syscall.SIGKILL) })
	return number
}

// runs a maker and returns standard output, standard error and the status.
func (b *readyBench) runs(env ...string) (string, string, int) {
	cmd := b.command(b.path, append([]string{b.own()}, env...), filepath.Join(b.dir, "own/bin/bookci-run"), "review-pdfmaker", "a config.yml", "")
	cmd.Dir = filepath.Join(b.dir, "book")
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run() // the status tells
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

func TestAMakerWaitsForItsCommandLine(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		r := newReadyBench(t, b)
		maker := filepath.Join(b.dir, "image/review-pdfmaker")
		says := func(pid int, mark string) string {
			return `made of ["a config.yml", ""] in ` + filepath.Join(b.dir, "book") + " by " + strconv.Itoa(pid) + " " + maker +
				` ARGV ["a config.yml", ""] with "` + mark + "\" nil\n"
		}
		for _, pause := range []time.Duration{0, 2 * time.Second} { // still loading, and waiting
			pid := r.ready()
			time.Sleep(pause)
			out, said, status := r.runs("STATUS=3", "MARK=a\nb=c")
			if want := says(pid, `a\nb=c`); out != want || said != "said while loading\nsaid while making\n" || status != 3 {
				t.Errorf("after %v it said\n%s%swith %d, want\n%s", pause, out, said, status, want)
			}
			if _, err := os.Stat(filepath.Join(b.dir, "own/ready")); err == nil {
				t.Error("what has begun is still there to be taken")
			}
		}
		pid := r.ready()
		must(t, syscall.Kill(pid, syscall.SIGKILL))
		out, said, status := r.runs("MARK=")
		if strings.Contains(out, " by "+strconv.Itoa(pid)+" ") || !strings.Contains(out, "made of") || said != "said while loading\nsaid while making\n" || status != 0 {
			t.Errorf("after the one that waited was killed: %s%s%d", out, said, status)
		}
	})
}

// They are taken out of the session while the next maker gets ready.
func TestAMakerThatWaitsKeepsTheNotesOfTheOneBefore(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		r := newReadyBench(t, b)
		b.write("own/run/notes/tex.log", "of the last build", 0o666)
		r.ready()
		time.Sleep(time.Second)
		if _, err := os.Stat(filepath.Join(b.dir, "own/run/notes/tex.log")); err != nil {
			t.Errorf("a maker that only waits: %v", err)
		}
		r.runs()
		if _, err := os.Stat(filepath.Join(b.dir, "own/run/notes/tex.log")); err == nil {
			t.Error("a maker that runs has kept the notes of another one")
		}
	})
}

func TestOnlyMakersInRubyWait(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		for _, name := range []string{"review-pdfmaker", "no-such-maker"} {
			cmd := b.command(filepath.Join(b.dir, "image")+":"+b.tools, []string{"BOOKCI_OWN=" + filepath.Join(b.dir, "own")},
				filepath.Join(b.dir, "own/bin/bookci-ready"), name)
			if err := cmd.Run(); err == nil {
				t.Errorf("%s waits", name)
			}
			if _, err := os.Stat(filepath.Join(b.dir, "runs")); err == nil {
				t.Errorf("%s ran", name)
			}
		}
	})
}
