//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/build/engine/host"
)

// patience bounds every wait of a script for something that should happen.
const patience = 60 * time.Second

// scriptCommands are the commands that scripts have beyond testscript's own.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"book":      cmdBook,
	"exits":     cmdExits,
	"start":     cmdStart,
	"signal":    cmdSignal,
	"ends":      cmdEnds,
	"waitfor":   cmdWaitFor,
	"snapshot":  cmdSnapshot,
	"unchanged": cmdUnchanged,
	"hold":      cmdHold,
	"held":      cmdHeld,
	"release":   cmdRelease,
	"asked":     cmdAsked,
	"json":      cmdJSON,
	"same":      cmdSame,
	"site":      cmdSite,
	"image":     cmdImage,
	"get":       cmdGet,
}

// book DIR writes a small book; files that are there are left as they are.
func cmdBook(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	for name, text := range map[string]string{
		"config.yml":  "review_version: 5.0\nbookname: book\nbooktitle: A book\ntexdocumentclass: [\"review-jsbook\", \"media=print\"]\n",
		"catalog.yml": "PREDEF:\n  - preface.re\nCHAPS:\n  - ch01.re\n  - ch02.re\n",
		"preface.re":  "= まえがき\n\nはじめに。\n",
		"ch01.re":     "= 第一章\n\n本文です。@<idx>{索引}\n\n//raw[|latex|\\ref{ch3}]\n",
		"ch02.re":     "= 第二章\n\nつづき。\n",
	} {
		name = filepath.Join(dir, name)
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
		ts.Check(os.WriteFile(name, []byte(text), 0o644))
	}
}

// exits CODE PROGRAM ARG... runs a program and checks its exit status.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// background is a program that start has started.
type background struct {
	cmd  *exec.Cmd
	done chan struct{}
	out  string // its outputs lie in out.stdout and out.stderr
}

func (b *background) kill() {
	_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
	<-b.done
}

// start NAME PROGRAM ARG... starts a program, as a terminal does: in a process
// group of its own. What it says goes to $BG/NAME.stdout and $BG/NAME.stderr.
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	s := sceneOf(ts)
	ts.Check(ts.Exec("env", "-0")) // the script's environment, which has no other way out
	environ := strings.Split(strings.TrimRight(ts.ReadFile("stdout"), "\x00"), "\x00")
	b := &background{cmd: exec.Command(host.FindProgram(args[1], ts.Getenv("PATH")), args[2:]...), done: make(chan struct{}), out: filepath.Join(s.dir, "bg", args[0])}
	b.cmd.Dir, b.cmd.Env = ts.MkAbs("."), environ
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := os.Create(b.out + ".stdout")
	ts.Check(err)
	stderr, err := os.Create(b.out + ".stderr")
	ts.Check(err)
	b.cmd.Stdout, b.cmd.Stderr = stdout, stderr
	ts.Check(b.cmd.Start())
	s.started[args[0]] = b
	go func() {
		_ = b.cmd.Wait() // its status is read by ends
		stdout.Close()
		stderr.Close()
		close(b.done)
	}()
}

// signal NAME SIGNAL: INT goes to the whole group, as Ctrl-C does, others to
// the process alone.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	b := sceneOf(ts).started[args[0]]
	if b == nil {
		ts.Fatalf("nothing named %s was started", args[0])
	}
	sig, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP}[args[1]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[1])
	}
	pid := b.cmd.Process.Pid
	if sig == syscall.SIGINT {
		pid = -pid
	}
	ts.Check(syscall.Kill(pid, sig))
}

// ends NAME CODE waits for a started program's end and checks its exit status,
// or the name of the signal that ended it.
func cmdEnds(ts *testscript.TestScript, _ bool, args []string) {
	b := sceneOf(ts).started[args[0]]
	if b == nil {
		ts.Fatalf("nothing named %s was started", args[0])
	}
	select {
	case <-b.done:
	case <-time.After(patience):
		ts.Fatalf("%s does not end; it said:\n%s", args[0], readAll(b.out+".stderr"))
	}
	ts.Logf("[%s stdout]\n%s[%s stderr]\n%s", args[0], readAll(b.out+".stdout"), args[0], readAll(b.out+".stderr"))
	got := strconv.Itoa(b.cmd.ProcessState.ExitCode())
	if st := b.cmd.ProcessState.Sys().(syscall.WaitStatus); st.Signaled() {
		got = st.Signal().String()
	}
	if got != args[1] {
		ts.Fatalf("%s ended with %s, want %s", args[0], got, args[1])
	}
}

func readAll(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return err.Error() + "\n"
	}
	return string(text)
}

// waitfor FILE REGEXP waits until the file says so.
func cmdWaitFor(ts *testscript.TestScript, _ bool, args []string) {
	re, err := regexp.Compile(`(?m)` + args[1])
	ts.Check(err)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && re.Match(text) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s does not say %q, but (%v):\n%s", args[0], args[1], err, text)
		}
	}
}

// hold [-answer] REGEXP keeps requests to Docker that match from reaching it,
// or their answers from reaching bookci.
func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	answer := args[0] == "-answer"
	if answer {
		args = args[1:]
	}
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	sceneOf(ts).proxy.hold(re, answer)
}

// held waits until a request is held.
func cmdHeld(ts *testscript.TestScript, _ bool, _ []string) {
	if !sceneOf(ts).proxy.waitHeld(patience) {
		ts.Fatalf("no such request was made")
	}
}

// release lets requests pass again.
func cmdRelease(ts *testscript.TestScript, _ bool, _ []string) { sceneOf(ts).proxy.hold(nil, false) }

// asked REGEXP: Docker was asked so since the script began; ! asked: it was not.
func cmdAsked(ts *testscript.TestScript, neg bool, args []string) {
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	if got := sceneOf(ts).proxy.asked(re); (got == "") != neg {
		ts.Fatalf("asked %s: %q", args[0], got)
	}
}

// json PATH VALUE compares a value of the JSON document on stdout, written as
// JSON; a path is keys and indexes joined by dots. Without a value, the path
// must be there; with !, it must not.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	var doc any
	text := ts.ReadFile("stdout")
	dec := json.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("stdout is no JSON: %v", err)
	}
	if dec.More() {
		ts.Fatalf("stdout has more than one JSON document")
	}
	found := true
	for _, key := range strings.Split(args[0], ".") {
		switch v := doc.(type) {
		case map[string]any:
			doc, found = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if found = err == nil && i < len(v); found {
				doc = v[i]
			}
		default:
			found = false
		}
		if !found {
			break
		}
	}
	if found == neg {
		ts.Fatalf("%s: found is %t", args[0], found)
	}
	if neg || len(args) < 2 {
		return
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	ts.Check(enc.Encode(doc))
	if strings.TrimSpace(got.String()) != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], strings.TrimSpace(got.String()), args[1])
	}
}

// image NAME [KEY=VALUE]: gives the script's image another name, and with a
// variable the name of an image that differs from it by that. It goes with the script.
func cmdImage(ts *testscript.TestScript, _ bool, args []string) {
	s := sceneOf(ts)
	ctx := context.Background()
	ref := args[0]
	if len(args) == 1 {
		ts.Check(s.api.ImageTag(ctx, s.image, ref))
	} else {
		made, err := s.api.ContainerCreate(ctx, &container.Config{Image: s.image}, nil, nil, nil, "")
		ts.Check(err)
		_, err = s.api.ContainerCommit(ctx, made.ID, container.CommitOptions{Reference: ref, Changes: []string{"ENV " + args[1]}})
		ts.Check(errors.Join(err, s.api.ContainerRemove(ctx, made.ID, container.RemoveOptions{})))
	}
	ts.Defer(func() {
		_, _ = s.api.ImageRemove(ctx, ref, image.RemoveOptions{}) // a second Defer finds it gone
	})
}

// same FILE FILE: two files, of any kind, have the same bytes; ! same: not.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	a, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	if bytes.Equal(a, b) == neg {
		ts.Fatalf("%s and %s: same is %t", args[0], args[1], !neg == false)
	}
}

// get NAME PATH asks the preview of the watch that was started as NAME, whatever
// the answer: the stand-in's makers have no Re:VIEW.
func cmdGet(ts *testscript.TestScript, _ bool, args []string) {
	said := readAll(filepath.Join(sceneOf(ts).dir, "bg", args[0]+".stderr"))
	m := regexp.MustCompile(`the book is at (http://\S+/)`).FindStringSubmatch(said)
	if m == nil {
		ts.Fatalf("%s serves no preview:\n%s", args[0], said)
	}
	resp, err := http.Get(m[1] + strings.TrimPrefix(args[1], "/"))
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Logf("%s: %.500s", resp.Status, text)
}

// snapshot DIR [FOLDER...] notes every file's name, kind, permissions, time and content.
// When the script ends, and when it says `unchanged`, all must be as it was,
// but for bookci's three folders, and those named.
func cmdSnapshot(ts *testscript.TestScript, _ bool, args []string) {
	s := sceneOf(ts)
	s.sources = ts.MkAbs(args[0])
	var err error
	s.without = append([]string{"artifacts", ".bookci", ".texmf-var"}, args[1:]...)
	s.snapshot, err = takeSnapshot(s.sources, s.without)
	ts.Check(err)
}

func cmdUnchanged(ts *testscript.TestScript, _ bool, _ []string) {
	if diff := sceneOf(ts).changes(); diff != "" {
		ts.Fatalf("the sources have changed:\n%s", diff)
	}
}

func (s *scene) changes() string {
	if s.snapshot == nil {
		return ""
	}
	now, err := takeSnapshot(s.sources, s.without)
	if err != nil {
		return err.Error()
	}
	var diff strings.Builder
	for name, was := range s.snapshot {
		// The folder that bookci's folders appeared in has another time.
		if kind, _, ok := strings.Cut(now[name], " "); ok && strings.HasPrefix(kind, "d") && hasOwnFolder(filepath.Join(s.sources, name), s.without) && strings.HasPrefix(was, kind+" ") {
			continue
		}
		if now[name] != was {
			fmt.Fprintf(&diff, "%s: was %q, is %q\n", name, was, now[name])
		}
	}
	for name, is := range now {
		if _, ok := s.snapshot[name]; !ok {
			fmt.Fprintf(&diff, "%s: new: %q\n", name, is)
		}
	}
	return diff.String()
}
