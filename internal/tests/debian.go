package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// debian unpacks Debian's packages below a folder. apt chooses and verifies them,
// with lists and a cache of its own here, so that it needs no rights: it brings
// the packages that the machine does not have, and the programs use the
// machine's libraries beside those.
type debian struct {
	root    string   // where packages are unpacked
	apt     []string // how it is called
	updated bool
}

func openDebian(dir string) (*debian, error) {
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("there is no %s on this machine", program)
		}
	}
	state := filepath.Join(dir, "apt")
	d := &debian{root: filepath.Join(dir, "debian")}
	d.apt = []string{"apt-get", "-q", "-y", "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=",
		"-o", "Dir::State::Lists=" + filepath.Join(state, "lists"), "-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + state, "-o", "Dir::Cache::archives=" + filepath.Join(state, "debs")}
	for _, name := range []string{"apt/lists/partial", "apt/debs/partial", "debian"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// fetch unpacks a tool with all that it needs, and puts it into bin.
func (d *debian) fetch(t tool, bin string) error {
	if !d.updated {
		if err := d.run("update"); err != nil {
			return err
		}
		d.updated = true
	}
	program := d.find(t)
	if program == "" {
		if err := d.unpack(t.debian); err != nil {
			return err
		}
		if program = d.find(t); program == "" {
			return fmt.Errorf("it is not in the package %s here", t.debian[0])
		}
	}
	to := filepath.Join(bin, t.name)
	if t.link {
		_ = os.Remove(to) // a link to what is gone
		return os.Symlink(program, to)
	}
	return os.WriteFile(to, []byte(d.starter(t, program)), 0o755)
}

func (d *debian) run(args ...string) error {
	cmd := exec.Command(d.apt[0], append(slices.Clone(d.apt[1:]), args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", args[0], err, lastLine(out))
	}
	return nil
}

// unpack brings packages and what they depend on.
func (d *debian) unpack(packages []string) error {
	if err := d.run(append([]string{"install", "--download-only", "--no-install-recommends"}, packages...)...); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(filepath.Dir(d.root), "apt/debs/*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range debs {
		if out, err := exec.Command("dpkg-deb", "-x", deb, d.root).CombinedOutput(); err != nil {
			return fmt.Errorf("unpacking %s: %w: %s", filepath.Base(deb), err, lastLine(out))
		}
		if err := os.Remove(deb); err != nil {
			return err
		}
	}
	return errors.Join(d.relink(), d.borrow())
}

// relink has links lead to the files that were unpacked, where they would lead to
// the machine's.
func (d *debian) relink() error {
	return filepath.WalkDir(d.root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.Type()&fs.ModeSymlink == 0 {
			return err
		}
		to, err := os.Readlink(name)
		if err != nil || !filepath.IsAbs(to) || strings.HasPrefix(to, d.root) {
			return err
		}
		if _, err := os.Lstat(d.root + to); err != nil || d.root+to == name { // the machine's, or borrowed from it
			return nil
		}
		return errors.Join(os.Remove(name), os.Symlink(d.root+to, name))
	})
}

// borrow links the machine's libraries to where a compiler looks for them below
// the root.
func (d *debian) borrow() error {
	libraries, err := filepath.Glob("/lib/*-linux-gnu*/*.so.*")
	if err != nil {
		return err
	}
	loaders, err := filepath.Glob("/lib*/ld-linux-*.so.*")
	if err != nil {
		return err
	}
	for _, name := range append(libraries, loaders...) {
		to := d.root + name
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.Symlink(name, to)); err != nil {
			return err
		}
	}
	return nil
}

// find is the tool's program below the root, "" where there is none.
func (d *debian) find(t tool) string {
	at := t.at
	if len(at) == 0 {
		at = []string{"usr/bin/" + t.name}
	}
	for _, pattern := range at {
		found, _ := filepath.Glob(filepath.Join(d.root, pattern)) // the patterns are ours
		for _, name := range found {
			if info, err := os.Stat(name); err == nil && info.Mode()&0o111 != 0 {
				return name
			}
		}
	}
	return ""
}

// starter is a script that starts the program among its libraries.
func (d *debian) starter(t tool, program string) string {
	libraries := d.folders("@/usr/lib/*-linux-gnu*:@/lib/*-linux-gnu*:@/usr/lib/*-linux-gnu*/pulseaudio")
	script := "#!/bin/sh\nexport LD_LIBRARY_PATH=" + libraries + "\n"
	for _, v := range t.env {
		name, value, _ := strings.Cut(v, "=")
		script += "export " + name + "=" + d.folders(value) + "\n"
	}
	return script + "exec " + strings.TrimSpace(program+" "+d.folders(t.args)) + ` "$@"` + "\n"
}

// folders puts the root in for @, and the folders that are there for patterns.
func (d *debian) folders(list string) string {
	var out []string
	for _, one := range strings.Split(list, ":") {
		one = strings.ReplaceAll(one, "@", d.root)
		if found, _ := filepath.Glob(one); len(found) > 0 {
			out = append(out, found...)
		} else if !strings.ContainsAny(one, "*[") {
			out = append(out, one)
		}
	}
	return strings.Join(out, ":")
}
