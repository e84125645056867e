package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/internal/fault"
)

func (a *app) newLockCmd() *cobra.Command {
	var f cacheFlags
	var update bool
	cmd := &cobra.Command{
		Use:   "lock [DIR]",
		Short: "Pin the book's image in bookci.lock",
		Long: `bookci lock writes down in bookci.lock what the book's image is: its registry
digest, its config and its layers. Commit the file; build and cache then refuse
another image, and its hash makes a good key for a CI's cache.

An image that no registry has is pinned by content alone. Of an image that the
book builds itself, the images that it is built upon are pinned.`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Dir = dirArg(args)
			return a.withImages(cmd.Context(), &f, func(m *images, d *daemon.Daemon) error {
				return a.runLock(cmd.Context(), &f, m, d, update)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&update, "update", false, "ask the registry and move the lock to what it has now, without pulling")
	return cmd
}

// lockReport is what --json prints.
type lockReport struct {
	File    string         `json:"file"`
	Written bool           `json:"written"`
	Changes []cache.Change `json:"changes"`
}

func (a *app) runLock(ctx context.Context, f *cacheFlags, m *images, d *daemon.Daemon, update bool) error {
	refs := m.refs
	if len(refs) > 1 { // the first is the book's own, known by its hash
		refs = refs[1:]
	}
	rep := lockReport{File: filepath.Join(m.root, cache.LockName), Changes: []cache.Change{}}
	for _, ref := range refs {
		changes, err := a.lockOne(ctx, m, d, ref, update)
		if err != nil {
			return err
		}
		rep.Changes = append(rep.Changes, changes...)
	}
	var err error
	if rep.Written, err = m.lock.Write(rep.File); err != nil {
		return err
	}
	if f.json {
		return writeJSON(a.Stdout, rep)
	}
	for _, c := range rep.Changes {
		m.show.Println(fmt.Sprintf("bookci: %s: %s: %s -> %s", c.Ref, c.What, orNone(c.From), orNone(c.To)))
	}
	if !rep.Written {
		m.show.Println("bookci: bookci.lock is up to date")
	}
	for _, ref := range refs {
		if p := m.lock.Pin(ref); p != nil && p.Digest == "" {
			m.show.Println(fmt.Sprintf("bookci: %s comes from no registry: it is pinned by content alone", ref))
		}
	}
	_, err = fmt.Fprintln(a.Stdout, rep.File)
	return err
}

// lockOne pins what the daemon has, or with update what the registry has. An
// image that is not there is asked for at the registry too.
func (a *app) lockOne(ctx context.Context, m *images, d *daemon.Daemon, ref string, update bool) ([]cache.Change, error) {
	if !update {
		changes, err := m.lock.Record(ctx, d.Client, ref)
		if !errors.Is(err, cache.ErrNoImage) {
			return changes, err
		}
	}
	auth, err := d.Credentials(ref)
	if err != nil {
		return nil, err
	}
	platform, err := cache.DaemonPlatform(ctx, d.Client)
	if err != nil {
		return nil, err
	}
	changes, err := m.lock.Update(ctx, d.Client, ref, auth, platform)
	if err != nil {
		hint := ""
		var asked *cache.RegistryError
		if errors.As(err, &asked) {
			hint = docker.TroubleOf(asked.Err).Hint()
		}
		return nil, &fault.Environment{Err: err, Hint: hint}
	}
	return changes, nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
