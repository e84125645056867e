package world

import (
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/screen"
)

// World is the world outside as one run of bookci finds it.
type World struct {
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	Env        func() []string // the environment, as os.Environ gives it
	OnTerminal bool            // stderr is a terminal
	Version    string          // this bookci's own
}

// Getenv returns a variable of the environment, "" when it is not set.
func (w *World) Getenv(key string) string { return lookUp(w.Env(), key, runtime.GOOS) }

// lookUp is the value of a variable in env, as a system looks it up.
func lookUp(env []string, key, goos string) string {
	for _, kv := range env {
		// Windows has Path, and variables named =C: for the folders of drives.
		if k, v, _ := strings.Cut(kv, "="); k == key || goos == "windows" && strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// Home is the user's own folder, "" when it is not known.
func (w *World) Home() string { return daemon.Home(w.Getenv, runtime.GOOS) }

// Here is the folder that the user stands in, otherwise when it is not known.
func Here(otherwise string) string {
	here, err := os.Getwd()
	if err != nil {
		return otherwise
	}
	return here
}

// Terminal is where commands show what happens.
func (w *World) Terminal() screen.Terminal {
	return screen.Terminal{Out: w.Stderr, Is: w.OnTerminal, Getenv: w.Getenv}
}

// Println writes a line on stderr, where no progress is shown.
func (w *World) Println(text string) { screen.NewQuiet(w.Stderr).Println(w.Inert(text)) }

// SomebodyAnswers tells whether a person is there to be asked.
func (w *World) SomebodyAnswers() bool { return w.OnTerminal && isTerminal(w.Stdin) }

// SomebodyReads tells whether a person, and no program, reads stdout.
func (w *World) SomebodyReads() bool { return isTerminal(w.Stdout) }

// isTerminal tells whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
