package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/system"
	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/host"
	"github.com/bookci/bookci/build/pictures"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// finding is one thing that doctor looked at.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Mend  string `json:"mend,omitempty"` // what to do when it is not OK
	code  int    // whose fault it is, as an exit status
}

func (a *app) newDoctorCmd() *cobra.Command {
	var c project.Choice
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Tell what is wrong here, and how to mend it",
		Args:  oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Dir = dirArg(args)
			findings := a.examine(cmd.Context(), c)
			if asJSON {
				if err := a.answer(findings); err != nil {
					return fmt.Errorf("writing the findings: %w", err)
				}
			} else {
				a.printFindings(findings)
			}
			return worst(findings)
		},
	}
	cmd.Flags().StringVarP(&c.Config, "config", "c", "", "the Re:VIEW config to look at")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

func (a *app) printFindings(findings []finding) {
	show := screen.NewQuiet(a.Stdout) // the findings are this command's result
	for _, f := range findings {
		mark := "OK     "
		if !f.OK {
			mark = "problem"
		}
		show.Println(a.Inert(fmt.Sprintf("%s  %-10s %s", mark, f.Check, strings.ReplaceAll(f.Text, "\n", "\n                    "))))
		if f.Mend != "" {
			show.Println(a.Inert(fmt.Sprintf("         %-10s mend: %s", "", f.Mend)))
		}
	}
}

// worst is the error whose exit status says whose fault the gravest finding is.
func worst(findings []finding) error {
	code := 0
	for _, f := range findings {
		if !f.OK {
			code = max(code, f.code)
		}
	}
	if code == 0 {
		return nil
	}
	return exit.Status(code)
}

// examine looks at everything that a build needs.
func (a *app) examine(ctx context.Context, c project.Choice) []finding {
	var all []finding
	add := func(f finding) { all = append(all, f) }
	ok := func(check, format string, args ...any) {
		add(finding{Check: check, OK: true, Text: fmt.Sprintf(format, args...)})
	}
	bad := func(check string, err error, code int) {
		add(finding{Check: check, Text: err.Error(), Mend: fault.Hint(err), code: code})
	}
	ok("bookci", "%s on %s/%s", a.Version, runtime.GOOS, runtime.GOARCH)

	p, err := project.Open(ctx, a.World, c, nil, a.Println)
	if err != nil {
		bad("book", err, exit.Code(err))
	} else {
		a.examineBooks(p, ok, add)
		a.examineFolders(p, ok, add)
	}
	if p == nil {
		p = &project.Project{Settings: settings.Default()}
	}
	a.examineDocker(ctx, p, ok, bad, add)
	return all
}

func (a *app) examineBooks(p *project.Project, ok func(string, string, ...any), add func(finding)) {
	if p.Settings.File != "" {
		ok("settings", "%s", p.Settings.File)
	}
	if ref, why := p.ImageChoice(); why != "" {
		ok("image", "%s is used because %s", ref, why)
	}
	for _, b := range p.Books {
		if err := p.Faults[b]; err != nil {
			add(finding{Check: "book", Text: err.Error(), Mend: fault.Hint(err), code: exit.Book})
			continue
		}
		ok("book", "%s: %s, %s, from %s", b.Name, filepath.Join(b.Root, filepath.FromSlash(b.Dir), b.Config), text.Count(len(b.Chapters), "chapter"), p.ImageRef())
		for _, d := range b.CheckWith(p.Settings.Command, p.Targets[b]...) {
			add(finding{Check: "book", OK: d.Severity == book.Warning, Text: d.String(), code: exit.Book})
		}
	}
}

// enoughDisk is what a build of a large book takes, in bytes: state, log and
// artifacts, twice.
const enoughDisk = 1 << 30

func (a *app) examineFolders(p *project.Project, ok func(string, string, ...any), add func(finding)) {
	if free, err := fsx.Free(p.Root); err == nil {
		f := finding{Check: "disk", OK: free >= enoughDisk, Text: fmt.Sprintf("%s free in %s", screen.Size(free), p.Root), code: exit.Environment}
		if !f.OK {
			f.Mend = "make room: a large book needs about 1 GB"
		}
		add(f)
	}
	if entries, bytes, err := pictures.Use(build.PicturesDir(p.State())); err != nil {
		add(finding{Check: "pictures", Text: err.Error(), Mend: "remove " + build.PicturesDir(p.State()) + ": the next build makes it anew", code: exit.Environment})
	} else {
		ok("pictures", "%d compressed pictures are kept in .bookci for the next build: %s of at most %s", entries, screen.Size(bytes), screen.Size(pictures.Limit))
	}
	if err := fsx.Writable(p.Root); err != nil {
		add(finding{Check: "folder", Text: fmt.Sprintf("%s cannot be written: %v", p.Root, err), code: exit.Environment,
			Mend: "bookci writes to artifacts, .bookci and .texmf-var there, and nowhere else"})
	}
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	if err != nil {
		return // not Linux
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return
	}
	folders := countFolders(p.Root)
	f := finding{Check: "watching", OK: folders < limit, Text: fmt.Sprintf("%d folders, of %d that inotify watches", folders, limit), code: exit.Environment}
	if !f.OK {
		f.Mend = "`sudo sysctl fs.inotify.max_user_watches=524288`, or `bookci watch --poll`"
	}
	add(f)
}

func countFolders(root string) (n int) {
	_ = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read is not watched either
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			n++
		}
		return nil
	})
	return n
}

func (a *app) examineDocker(ctx context.Context, p *project.Project, ok func(string, string, ...any), bad func(string, error, int), add func(finding)) {
	host := host.FindProgram("review-pdfmaker", a.Getenv("PATH"))
	d, err := daemon.Connect(ctx, a.Getenv)
	if err != nil {
		if host != "" {
			ok("engine", "host: %s (Docker does not answer)", host)
			return
		}
		bad("docker", err, exit.Environment)
		return
	}
	defer d.Close()
	info, err := d.Info(ctx)
	if err != nil {
		bad("docker", err, exit.Environment)
		return
	}
	ok("docker", "%s at %s (%s), version %s, API %s%s", info.Name, d.Endpoint, d.Found, info.ServerVersion, d.ClientVersion(), engineTraits(info))
	if host != "" {
		ok("host", "review-pdfmaker is at %s: --engine host would use it", host)
	}
	const enoughMemory = 2 << 30
	if info.MemTotal > 0 && info.MemTotal < enoughMemory {
		add(finding{Check: "memory", Text: screen.Size(info.MemTotal) + " for Docker", code: exit.Environment,
			Mend: "give Docker 4 GB in its settings: TeX and the work tree live in memory"})
	}
	if !info.MemoryLimit || !info.PidsLimit {
		ok("limits", "this engine cannot limit memory or processes: a hostile manuscript could take all of them")
	}
	if free, err := fsx.Free(info.DockerRootDir); err == nil && isLocal(d.Endpoint) {
		const enoughForImage = 5 << 30
		f := finding{Check: "disk", OK: free >= enoughForImage, Text: fmt.Sprintf("%s free in %s, where Docker keeps images", screen.Size(free), info.DockerRootDir), code: exit.Environment}
		if !f.OK {
			f.Mend = "`docker system df` shows what takes the room"
		}
		add(f)
	}
	ref := p.ImageRef()
	img, found, err := docker.FindImage(ctx, d, ref)
	switch {
	case err != nil:
		bad("image", err, exit.Environment)
	case !found:
		ok("image", "%s is not there yet: the first build pulls it (about 1 GB)", ref)
	default:
		age := ""
		if made, err := time.Parse(time.RFC3339Nano, img.Created); err == nil {
			age = fmt.Sprintf(", made %d days ago", int(time.Since(made).Hours()/24))
		}
		ok("image", "%s, %s%s", ref, screen.Size(img.Size), age)
	}
}

func isLocal(endpoint string) bool { return strings.HasPrefix(endpoint, "unix://") }

// engineTraits names what makes an engine other than a rootful Docker.
func engineTraits(info system.Info) string {
	var traits []string
	for _, o := range info.SecurityOptions {
		for _, word := range []string{"rootless", "userns", "selinux"} {
			if strings.Contains(o, word) {
				traits = append(traits, word)
			}
		}
	}
	if len(traits) == 0 {
		return ""
	}
	return ", " + strings.Join(traits, ", ")
}
