// Command bookci builds Re:VIEW books.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
)

func main() { os.Exit(Main()) }

// Main is bookci as a whole: it is also what the end-to-end tests run.
func Main() int {
	ctx, stop := signals(context.Background())
	defer stop()
	a := &app{World: &world.World{
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Env:        os.Environ,
		OnTerminal: screen.Prepare(os.Stderr),
		Version:    bookciVersion(),
	}}
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
			cancel(exit.ErrInterrupted)
		} else {
			cancel(exit.ErrTerminated)
		}
		second := <-c
		os.Exit(exit.Interrupted + int(second.(syscall.Signal)) - int(syscall.SIGINT))
	}()
	return ctx, func() { cancel(nil); signal.Stop(c) }
}

// app is bookci in the world that it finds itself in.
type app struct {
	*world.World

	answered bool // the JSON document that --json asks for is written
}

func (a *app) main(ctx context.Context, args []string) int {
	root := a.newRootCmd()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.answered && wantsJSON(cmd, args) {
		// The mistake came before the command, or left it without its document.
		err = a.conclude(outcome.NewDocument(a.Version, nil, nil, err), err)
	}
	a.report(err)
	return exit.Code(err)
}

// report says on stderr what went wrong and what to do about it.
func (a *app) report(err error) {
	if _, silent := err.(exit.Status); err == nil || silent || errors.Is(err, exit.ErrReported) {
		return
	}
	screen.Fault(a.Println, err, fault.Hint(err))
}

// answer prints the one document of --json.
func (a *app) answer(doc any) error {
	a.answered = true
	return writeJSON(a.Stdout, doc)
}

// conclude is answer for a run that ended with err.
func (a *app) conclude(doc any, err error) error {
	if werr := a.answer(doc); werr != nil {
		return errors.Join(err, fmt.Errorf("writing the report: %w", werr))
	}
	return err
}

// wantsJSON reports whether cmd was given --json, also when a mistake before it
// kept it from being read.
func wantsJSON(cmd *cobra.Command, args []string) bool {
	flag := cmd.Flags().Lookup("json")
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return flag != nil && (flag.Value.String() == "true" || slices.Contains(args, "--json"))
}

// writeJSON writes a document that no CI's runner reads a command in. GitHub's takes
// ##[error] and Azure's ##vso[ for one wherever it stands in a line, also in a string
// that quotes a manuscript. A command after :: begins its line, where JSON has none.
func writeJSON(w io.Writer, doc any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(text.Bytes(), []byte("##"), []byte(`#\u0023`)))
	return err
}

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
	cmd.SetOut(a.Stdout)
	cmd.SetErr(a.Stderr)
	cmd.SetIn(a.Stdin)
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

// oneDir accepts a folder or nothing.
func oneDir(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fault.Usagef("", "one folder at most, not %d: %s", len(args), strings.Join(args, " "))
	}
	return nil
}

// dirArg is the folder that oneDir has let pass.
func dirArg(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// noArgs accepts nothing.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fault.Usagef("", "unexpected argument %q", args[0])
	}
	return nil
}
