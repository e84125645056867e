package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// bookci.yml comes with the manuscript. What it asks for beyond bookci's promises
// waits for the user's word, which is kept outside the book and bound to the
// very values: another value is asked for again, as direnv does it.

func (a *app) newTrustCmd() *cobra.Command {
	var yes, forget bool
	cmd := &cobra.Command{
		Use:   "trust [DIR]",
		Short: "Let this book's bookci.yml have what goes beyond bookci's promises",
		Long: `trust shows each key of bookci.yml that gives the manuscript more than bookci does
by itself, says what it allows, and asks whether you want that. The answer is
kept outside the book, for these values in this folder: when one changes, bookci
asks again.`,
		Example: `  bookci trust
  bookci trust --yes articles
  bookci trust --forget`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.open(cmd.Context(), choice{dir: dirArg(args)}, nil, a.Println)
			if err != nil {
				return err
			}
			if forget {
				return a.setTrust(p.root, nil)
			}
			return a.runTrust(p, yes)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&forget, "forget", false, "take an earlier answer back")
	return cmd
}

func (a *app) runTrust(p *project, yes bool) error {
	asks := p.settings.Asks()
	if len(asks) == 0 {
		a.Println("bookci: bookci.yml asks for nothing that waits for your word")
		return nil
	}
	for _, k := range asks {
		a.Println(fmt.Sprintf("bookci: %s: %s: %s %s", k.Place, k.Key, text.Printable(k.Value), k.Allows))
	}
	if !yes {
		if !a.SomebodyAnswers() {
			return fault.Usagef("`bookci trust --yes` answers for you", "nobody is here to be asked")
		}
		fmt.Fprint(a.Stderr, "bookci: do you want that? [y/N] ")
		answer, err := bufio.NewReader(a.Stdin).ReadString('\n')
		if err != nil || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y") {
			return fault.Usagef("take the keys out of bookci.yml, or say them yourself by variable", "not trusted")
		}
	}
	if err := a.setTrust(p.root, asks); err != nil {
		return err
	}
	a.Println("bookci: trusted, until one of these values changes")
	return nil
}

// checkTrust refuses what bookci.yml asks for and the user has not allowed.
func (a *app) checkTrust(p *project) error {
	asks := p.settings.Asks()
	if len(asks) == 0 || slices.EqualFunc(a.trusted()[realRoot(p.root)], asks, func(x, y settings.Ask) bool {
		return x.Key == y.Key && x.Value == y.Value
	}) {
		return nil
	}
	k := asks[0]
	more := ""
	if len(asks) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(asks)-1)
	}
	return fault.Usagef("`bookci trust` shows all that it asks for and lets it have that; for one run, say it yourself: "+k.Instead,
		"%s: %s: %s %s: that waits for your word%s", k.Place, k.Key, text.Printable(k.Value), k.Allows, more)
}

// trustLimit bounds the file of answers.
const trustLimit = 16 << 20

// trusted are the answers so far, by root. A file that is not there or damaged
// holds none: the user is asked again.
func (a *app) trusted() map[string][]settings.Ask {
	all := map[string][]settings.Ask{}
	name, err := a.trustFile()
	if err != nil {
		return all
	}
	if data, err := fsx.ReadNamed(name, trustLimit); err != nil || json.Unmarshal(data, &all) != nil {
		return map[string][]settings.Ask{}
	}
	return all
}

func (a *app) setTrust(root string, asks []settings.Ask) error {
	name, err := a.trustFile()
	if err != nil {
		return err
	}
	all := a.trusted()
	if delete(all, realRoot(root)); asks != nil {
		all[realRoot(root)] = asks
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o700)
	}
	if err == nil {
		err = fsx.WriteFile(name, append(data, '\n'), 0o600)
	}
	if err != nil {
		return &fault.Environment{Err: fmt.Errorf("keeping the answer: %w", err), Hint: "XDG_STATE_HOME names the folder that it is kept in"}
	}
	return nil
}

// trustFile is where the answers are kept: with the user's own state, which no
// book can write to.
func (a *app) trustFile() (string, error) {
	dir := a.Getenv("XDG_STATE_HOME")
	switch home := a.Home(); {
	case dir != "":
	case runtime.GOOS == "windows":
		dir = a.Getenv("LOCALAPPDATA")
	case home != "":
		dir = filepath.Join(home, ".local", "state")
	}
	if dir == "" {
		return "", &fault.Environment{Err: errors.New("there is no folder to keep the answer in"), Hint: "set XDG_STATE_HOME"}
	}
	return filepath.Join(dir, "bookci", "trust.json"), nil
}

// realRoot is the root's name without links, so that one folder has one name.
func realRoot(root string) string {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		return real
	}
	return root
}
