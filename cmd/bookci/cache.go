package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/internal/fault"
)

// cacheFlags are what all cache commands have in common.
type cacheFlags struct {
	project.Choice
	store    string
	image    string
	progress string
	json     bool
}

func (f *cacheFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.store, "dir", "", "the cache folder (default: bookci in the user's cache folder)")
	flags.StringVar(&f.image, "image", "", "the image, instead of the book's")
	flags.StringVarP(&f.Config, "config", "c", "", "the Re:VIEW config")
	flags.StringVar(&f.progress, "progress", screen.Auto, "how to show progress: auto, tty, plain or quiet")
	flags.BoolVar(&f.json, "json", false, "print one JSON document")
}

// images is what a command about images works with.
type images struct {
	store *cache.Store
	refs  []string // the book's image, and the images that it is built upon
	lock  *cache.Lock
	root  string
	show  screen.Show
}

func (a *app) newCacheCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Keep the image between CI jobs",
		Long: `bookci cache keeps the book's image as a compressed tarball in a folder, so that
a CI job that restores that folder does not pull the image again.

  bookci cache restore    before the build: the tarball goes into Docker
  bookci cache save       after it: the image goes into the tarball, if it changed`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newCacheSaveCmd(), a.newCacheRestoreCmd(), a.newCacheStatusCmd(), a.newCachePruneCmd())
	return cmd
}

// images opens what a command about images needs. daemon may be nil.
func (a *app) images(ctx context.Context, f *cacheFlags, d *daemon.Daemon) (*images, error) {
	show, err := screen.New(a.Terminal(), f.progress)
	if err != nil {
		return nil, err
	}
	m := &images{show: show}
	if err := a.openImages(ctx, f, m); err != nil {
		show.Close()
		return nil, err
	}
	m.store.Now = time.Now
	m.store.Progress = func(p cache.Progress) {
		show.Event(event.Event{Kind: event.Transfer, Text: p.Step + " " + p.Ref, N: p.Done, Total: p.Total})
	}
	if d != nil {
		m.store.Daemon = d.Client
	}
	return m, nil
}

func (a *app) openImages(ctx context.Context, f *cacheFlags, m *images) error {
	dir := f.store
	p, err := project.Open(ctx, a.World, f.Choice, nil, m.show.Println)
	switch {
	case err == nil:
		m.root = p.Root
		dir = cmp.Or(dir, p.CacheDir())
	case f.image == "": // with --image no book is needed
		return err
	default:
		if m.root, err = filepath.Abs(f.Dir); err != nil {
			return fmt.Errorf("finding this folder: %w", err)
		}
	}
	if m.refs, err = bookImages(p, f.image); err != nil {
		return err
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return fault.Usagef("name a folder with --dir", "finding the user's cache folder: %w", err)
		}
		dir = filepath.Join(user, "bookci", "images")
	}
	m.store = &cache.Store{Dir: dir}
	if m.lock, err = cache.ReadLock(filepath.Join(m.root, cache.LockName)); err != nil {
		return fault.Usagef("mend it, or delete it and run `bookci lock`", "%w", err)
	}
	return nil
}

// bookImages is the book's image first, and then, where the book builds its
// own, the images that it is built upon.
func bookImages(p *project.Project, image string) ([]string, error) {
	if image != "" {
		return []string{image}, nil
	}
	opts, own := p.ImageBuild()
	if !own {
		return []string{p.ImageRef()}, nil
	}
	ref, err := cache.ImageRef(opts)
	if err != nil {
		return nil, fault.Usagef("bookci.yml: image.build names the folder, image.dockerfile the file in it", "%w", err)
	}
	bases, err := cache.BaseImages(opts)
	if err != nil {
		return nil, fault.Usagef("", "%w", err)
	}
	return append([]string{ref}, bases...), nil
}

// pin is the pin of the book's image. An image that the book builds itself has
// none, only its bases have: its tag is the hash of all else.
func (m *images) pin() *cache.Pin { return m.lock.Pin(m.refs[0]) }

// withImages runs a command that needs the daemon.
func (a *app) withImages(ctx context.Context, f *cacheFlags, run func(*images, *daemon.Daemon) error) error {
	d, err := daemon.Connect(ctx, a.Getenv)
	if err != nil {
		return err
	}
	defer d.Close() // nothing is under way any more
	m, err := a.images(ctx, f, d)
	if err != nil {
		return err
	}
	defer m.show.Close()
	reaper, err := workshop.StartReaper()
	if err != nil {
		return err
	}
	defer func() { _ = reaper.Close() }() // what it was to remove and could not is left to the next sweep
	m.store.Reaper = reaper
	return workshop.ImageError(run(m, d))
}

func (a *app) newCacheSaveCmd() *cobra.Command {
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "save [DIR]",
		Short: "Keep the book's image as a tarball",
		Args:  oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Dir = dirArg(args)
			return a.withImages(cmd.Context(), &f, func(m *images, _ *daemon.Daemon) error {
				saved, err := m.store.Save(cmd.Context(), m.refs[0], m.pin())
				if err != nil {
					return err
				}
				if f.json {
					return writeJSON(a.Stdout, saved)
				}
				x := saved.Index
				if saved.Unchanged {
					m.show.Println(fmt.Sprintf("bookci: %s is saved already (%s)", x.Reference, screen.Size(x.Bytes)))
				} else {
					m.show.Println(fmt.Sprintf("bookci: saved %s: %s for %s, in %s", x.Reference, screen.Size(x.Bytes), screen.Size(x.TarBytes), screen.Seconds(saved.Took)))
				}
				_, err = fmt.Fprintln(a.Stdout, filepath.Join(m.store.Dir, x.File))
				return err
			})
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) newCacheRestoreCmd() *cobra.Command {
	var f cacheFlags
	var require bool
	cmd := &cobra.Command{
		Use:   "restore [DIR]",
		Short: "Put the kept image into Docker",
		Long: `bookci cache restore puts the kept image into Docker, unless it is there. When
nothing usable is kept it says why and succeeds: the build then pulls.`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Dir = dirArg(args)
			return a.withImages(cmd.Context(), &f, func(m *images, _ *daemon.Daemon) error {
				r, err := m.store.Restore(cmd.Context(), m.refs[0], m.pin())
				var miss *cache.Miss
				if errors.As(err, &miss) && !require {
					m.show.Println(fmt.Sprintf("bookci: %v; the build uses what Docker has, or pulls", miss))
					if f.json {
						return writeJSON(a.Stdout, miss)
					}
					return nil
				}
				switch {
				case err != nil:
					return err
				case f.json:
					return writeJSON(a.Stdout, r)
				case r.Unchanged:
					m.show.Println(fmt.Sprintf("bookci: %s is there already", m.refs[0]))
				default:
					m.show.Println(fmt.Sprintf("bookci: restored %s: read %s, left out %d layers that Docker had, in %s", m.refs[0], screen.Size(r.Read), r.LeftOut, screen.Seconds(r.Took)))
				}
				_, err = fmt.Fprintln(a.Stdout, r.ID)
				return err
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&require, "require", false, "fail when nothing usable is kept")
	return cmd
}

func (a *app) newCacheStatusCmd() *cobra.Command {
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "status [DIR]",
		Short: "Tell what is kept and what it spares",
		Args:  oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Dir = dirArg(args)
			ctx := cmd.Context()
			d, err := daemon.Connect(ctx, a.Getenv)
			if err != nil {
				d = nil // what is kept can be told without Docker
				if cause := context.Cause(ctx); cause != nil {
					return cause
				}
			} else {
				defer d.Close() // nothing is under way any more
			}
			m, err := a.images(ctx, &f, d)
			if err != nil {
				return err
			}
			defer m.show.Close()
			status, err := m.store.Status(ctx, m.lock)
			if err != nil {
				return workshop.ImageError(err)
			}
			if f.json {
				return writeJSON(a.Stdout, status)
			}
			return a.printStatus(status, d != nil)
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) printStatus(st cache.Status, asked bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", st.Dir, screen.Size(st.Bytes))
	for _, e := range st.Images {
		fmt.Fprintf(&b, "%s  %s  %s old", e.Ref, screen.Size(e.Bytes), age(e.Age))
		switch {
		case e.Problem != "":
			fmt.Fprintf(&b, "  unusable: %s", e.Problem)
		case !asked:
			b.WriteString("  (Docker does not answer)")
		default:
			fmt.Fprintf(&b, "  next from: %s", e.Use())
		}
		b.WriteString("\n")
		for _, cost := range []struct {
			name string
			took time.Duration
		}{{"restore", e.Restore}, {"pull", e.Pull}, {"save", e.Save}} {
			if cost.took > 0 {
				fmt.Fprintf(&b, "  %s took %s on this machine\n", cost.name, screen.Seconds(cost.took))
			}
		}
		if e.Restore > 0 && e.Pull > 0 && e.Restore > e.Pull {
			b.WriteString("  here a pull is faster than the tarball\n")
		}
	}
	if st.Unowned > 0 {
		fmt.Fprintf(&b, "%s of leftovers: `bookci cache prune` removes them\n", screen.Size(st.Unowned))
	}
	_, err := fmt.Fprint(a.Stdout, b.String())
	return err
}

// age is a span in the largest unit that fits.
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

func (a *app) newCachePruneCmd() *cobra.Command {
	var f cacheFlags
	var opts cache.PruneOptions
	var maxAge, maxSize string
	cmd := &cobra.Command{
		Use:   "prune [DIR]",
		Short: "Drop kept images and leftovers",
		Long: `bookci cache prune removes what killed processes left, and kept images beyond the
limits given, the oldest first. The book's own image stays.`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Dir = dirArg(args)
			var err error
			if opts.MaxAge, err = parseAge(maxAge); err != nil {
				return fault.Usagef("", "--max-age: %w", err)
			}
			if maxSize != "" {
				if opts.MaxSize, err = settings.ParseSize(maxSize); err != nil {
					return fault.Usagef("", "--max-size: %w", err)
				}
			}
			if opts.Keep < 0 {
				return fault.Usagef("", "--keep: %d is negative", opts.Keep)
			}
			m, err := a.images(cmd.Context(), &f, nil)
			if err != nil {
				return err
			}
			defer m.show.Close()
			opts.InUse = m.refs
			pruned, err := m.store.Prune(opts)
			if err != nil {
				return workshop.ImageError(err)
			}
			if f.json {
				return writeJSON(a.Stdout, pruned)
			}
			for _, ref := range pruned.Busy {
				m.show.Println(fmt.Sprintf("bookci: %s stays: another bookci is writing it", ref))
			}
			m.show.Println(fmt.Sprintf("bookci: freed %s", screen.Size(pruned.Freed)))
			for _, ref := range pruned.Dropped {
				if _, err := fmt.Fprintln(a.Stdout, ref); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&opts.Keep, "keep", 0, "how many images to keep (0: any number)")
	cmd.Flags().StringVar(&maxAge, "max-age", "", "drop images saved longer ago than this, such as 30d or 12h")
	cmd.Flags().StringVar(&maxSize, "max-size", "", "drop the oldest until the rest fits, such as 5GB")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "only tell what would go")
	return cmd
}

// parseAge reads a duration that may be in days.
func parseAge(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		d, err := settings.ParseDuration(days + "h")
		return d * 24, err
	}
	return settings.ParseDuration(text)
}
