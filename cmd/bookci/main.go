// Command bookci builds Re:VIEW books.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
)

func main() { os.Exit(Main()) }

// Main is bookci as a whole: it is also what the end-to-end tests run.
func Main() int {
	ctx, stop := signals(context.Background())
	defer stop()
	a := &app{
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		env:    os.Environ,
		term:   screen.Prepare(os.Stderr),
	}
	return a.main(ctx, os.Args[1:])
}

// signals returns a context that the first Ctrl-C or SIGTERM ends, with its
// name as the cause. The second one ends the process; what is then left, the
// daemon and the reaper remove.
func signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first := <-c
		if first == os.Interrupt {
			cancel(errInterrupted)
		} else {
			cancel(errTerminated)
		}
		second := <-c
		os.Exit(exitInterrupted + int(second.(syscall.Signal)) - int(syscall.SIGINT))
	}()
	return ctx, func() { cancel(nil); signal.Stop(c) }
}

// app is what every command needs of the world outside.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	env    func() []string // the environment, as os.Environ gives it
	term   bool            // stderr is a terminal

	answered bool // the JSON document that --json asks for is written
}

// getenv returns a variable of the environment, "" when it is not set.
func (a *app) getenv(key string) string { return lookUp(a.env(), key, runtime.GOOS) }

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

// home is the user's own folder, "" when it is not known.
func (a *app) home() string { return daemon.Home(a.getenv, runtime.GOOS) }

// terminal is where commands show what happens.
func (a *app) terminal() screen.Terminal {
	return screen.Terminal{Out: a.stderr, Is: a.term, Getenv: a.getenv}
}

func (a *app) main(ctx context.Context, args []string) int {
	root := a.newRootCmd()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.answered && wantsJSON(cmd, args) {
		// The mistake came before the command, or left it without its document.
		if werr := a.answer(newReport("", nil, err)); werr != nil {
			err = errors.Join(err, fmt.Errorf("writing the report: %w", werr))
		}
	}
	a.report(err)
	return exitCode(err)
}

// println writes a line on stderr, where no progress is shown.
func (a *app) println(text string) { screen.NewQuiet(a.stderr).Println(a.inert(text)) }

// report says on stderr what went wrong and what to do about it.
func (a *app) report(err error) {
	if _, silent := err.(passedOn); err == nil || silent || errors.Is(err, errReported) {
		return
	}
	screen.Fault(a.println, err, fault.Hint(err))
}

// errReported marks an error that the command has already said all about.
var errReported = errors.New("reported")

func (a *app) newRootCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bookci",
		Short: "Build Re:VIEW books",
		Long: `bookci builds Re:VIEW books with the vvakame/review image.

  bookci build            the book in this folder becomes artifacts/book.pdf
  bookci watch            builds it again after each change
  bookci doctor           tells what is wrong here, and how to mend it

It never writes to the manuscript, keeps the last good PDF when a build fails,
and leaves no container behind.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				var names []string
				for _, c := range cmd.Commands() {
					if !c.Hidden {
						names = append(names, c.Name())
					}
				}
				return fault.Usagef("`bookci help` lists the commands", "unknown command %q%s", args[0], text.DidYouMean(args[0], names))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetOut(a.stdout)
	cmd.SetErr(a.stderr)
	cmd.SetIn(a.stdin)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fault.Usagef(cmp.Or(fault.Hint(err), fmt.Sprintf("`%s --help` lists the flags", cmd.CommandPath())), "%w", err)
	})
	cmd.CompletionOptions.DisableDefaultCmd = false
	cmd.AddCommand(
		a.newBuildCmd(), a.newWatchCmd(), a.newRunCmd(), a.newCheckCmd(), a.newLinksCmd(), a.newTrustCmd(),
		a.newCacheCmd(), a.newLockCmd(), a.newFargateCmd(),
		a.newDoctorCmd(), a.newInitCmd(), a.newCICmd(), a.newVersionCmd(),
		a.newSweepCmd(), a.newSweepTasksCmd(), a.newReapCmd(),
	)
	return cmd
}
