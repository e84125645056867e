//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/cmd/bookci/owner"
)

// leftovers lists what bookci has left behind once limit is over: containers,
// processes, temporary files, and changes to the sources.
func (s *scene) leftovers(limit time.Duration) []string {
	var left []string
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		left = slices.Concat(s.containers(), s.processes(), s.temporary())
		if len(left) == 0 || time.Now().After(end) {
			break
		}
	}
	if diff := s.changes(); diff != "" {
		left = append(left, "changes to the sources:\n"+diff)
	}
	return left
}

// containers lists those that were made through the scene's proxy and are
// still there.
func (s *scene) containers() []string {
	if s.engine != nil {
		return s.engine.containers()
	}
	if s.proxy == nil {
		return nil
	}
	var left []string
	for _, id := range s.proxy.containers() {
		c, err := s.api.ContainerInspect(context.Background(), id)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			left = append(left, err.Error())
			continue
		}
		left = append(left, fmt.Sprintf("container %.12s (%s)", id, c.State.Status))
	}
	return left
}

// removeContainers tidies up after a failed script.
func (s *scene) removeContainers() {
	if s.proxy == nil {
		return
	}
	for _, id := range s.proxy.containers() {
		// It may be gone already.
		_ = s.api.ContainerRemove(context.Background(), id, container.RemoveOptions{Force: true})
	}
}

// removeImages removes those that the script's book has built.
func (s *scene) removeImages() error {
	if s.own == "" {
		return nil
	}
	ctx := context.Background()
	list, err := s.api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", "bookci/"+s.own))})
	for _, img := range list {
		for _, tag := range img.RepoTags {
			if strings.HasPrefix(tag, "bookci/"+s.own+":") {
				_, rerr := s.api.ImageRemove(ctx, tag, image.RemoveOptions{})
				err = errors.Join(err, rerr)
			}
		}
	}
	return err
}

// noOrphans fails for containers of ref whose bookci is gone.
func noOrphans(t *testing.T, api *client.Client, ref string) {
	list, err := api.ContainerList(context.Background(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", docker.Label), filters.Arg("ancestor", ref))})
	if err != nil {
		t.Error(err)
	}
	for _, c := range list {
		if !owner.Alive(c.Labels[docker.Label]) {
			t.Errorf("LEFT BEHIND: container %.12s (%s), whose bookci is gone", c.ID, c.State)
		}
	}
}

// processes lists those that a script's commands started and that still run:
// they have its work folder in their environment.
func (s *scene) processes() []string {
	var left []string
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil // not Linux: nothing to look at
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err != nil || !slices.Contains(strings.Split(string(env), "\x00"), "WORK="+s.work) {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil || len(line) == 0 {
			continue // gone meanwhile, or waiting to be reaped
		}
		left = append(left, fmt.Sprintf("process %d: %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
	}
	return left
}

var temporaryName = regexp.MustCompile(`^(\.bookci-.+|nonce-.+|.*\.part|.*\.new|\..*[0-9]{6,})$`)

// temporary lists bookci's files that are none of its lasting ones.
func (s *scene) temporary() []string {
	var left []string
	tmp, err := os.ReadDir(filepath.Join(s.dir, "tmp"))
	if err != nil {
		left = append(left, err.Error())
	}
	for _, e := range tmp {
		left = append(left, "temporary "+e.Name())
	}
	err = filepath.WalkDir(s.work, func(name string, d fs.DirEntry, err error) error {
		if err == nil && temporaryName.MatchString(d.Name()) {
			left = append(left, "temporary "+name)
		}
		return nil // what cannot be read was made so by the script
	})
	if err != nil {
		left = append(left, err.Error())
	}
	return left
}

// takeSnapshot describes every file below dir, but for folders of the names in
// without, which are bookci's.
func takeSnapshot(dir string, without []string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(without, d.Name()) {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s %d", info.Mode(), info.Size())
		if !d.IsDir() || rel != "." && !hasOwnFolder(name, without) {
			text += " " + info.ModTime().Format(time.RFC3339Nano)
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(name)
			if err != nil {
				return err
			}
			text += " -> " + to
		case info.Mode().IsRegular():
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %x", sha256.Sum256(content))
		}
		all[rel] = text
		return nil
	})
	return all, err
}

// hasOwnFolder reports whether a folder of one of the names is in dir: then
// the time of dir is that of its making.
func hasOwnFolder(dir string, names []string) bool {
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
