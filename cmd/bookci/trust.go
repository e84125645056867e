package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/trust"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
)

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
			p, err := project.Open(cmd.Context(), a.World, project.Choice{Dir: dirArg(args)}, nil, a.Println)
			if err != nil {
				return err
			}
			if forget {
				return trust.Keep(a.World, p.Root, nil)
			}
			return a.runTrust(p, yes)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&forget, "forget", false, "take an earlier answer back")
	return cmd
}

func (a *app) runTrust(p *project.Project, yes bool) error {
	asks := p.Settings.Asks()
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
	if err := trust.Keep(a.World, p.Root, asks); err != nil {
		return err
	}
	a.Println("bookci: trusted, until one of these values changes")
	return nil
}
