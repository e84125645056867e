//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/internal/standin"
)

func newCloud(t *testing.T, api *client.Client, image string) (c *cloud, environ []string) {
	found, err := api.ImageInspect(context.Background(), image)
	if err != nil {
		t.Skipf("not on this machine: %v", err)
	}
	bucket := s3server.Start(t)
	bucket.Bucket(t, "books")
	c = &cloud{bucket: bucket, ecs: ecsstandin.Start(t, api)}
	for key, value := range c.environment(found.ID) {
		environ = append(environ, key+"="+value)
	}
	return c, environ
}

// However far a build has come when bookci is killed, nothing is left of it.
// FARGATE_KILLS says how often it is tried, once without it.
func TestAKillLeavesNothing(t *testing.T) {
	t.Parallel()
	kills, err := strconv.Atoi(os.Getenv("FARGATE_KILLS"))
	if err != nil {
		kills = 1
	}
	api := standin.Docker(t)
	c, environ := newCloud(t, api, standin.ImageWithCurl(t, api))
	root := t.TempDir()
	if err := writeFleet(root, 2); err != nil {
		t.Fatal(err)
	}
	for range kills {
		after := time.Duration(rand.IntN(12_000)) * time.Millisecond
		cmd := bookciCommand(t.Context(), root, "build", "--force", "--jobs", "2")
		cmd.Env = append(cmd.Env, environ...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		_ = cmd.Process.Kill() // one that is done already has nothing left either
		_ = cmd.Wait()
		if left := c.left(); left != "" {
			t.Errorf("killed after %v: left: %s", after, left)
		}
	}
}

// TestFargateBesideDocker is a bench: FARGATE_BOOKS=DIR:DIR go test ./cmd/bookci
// -run TestFargateBesideDocker -v builds each on both engines, with the real image,
// and compares the artifacts to the byte. FARGATE_TARGETS is pdf without it.
func TestFargateBesideDocker(t *testing.T) {
	books := filepath.SplitList(os.Getenv("FARGATE_BOOKS"))
	if len(books) == 0 {
		t.Skip("FARGATE_BOOKS is not set")
	}
	targets := os.Getenv("FARGATE_TARGETS")
	if targets == "" {
		targets = "pdf"
	}
	api := standin.Docker(t)
	_, environ := newCloud(t, api, standin.RealImage)
	for _, dir := range books {
		build := func(engine string, environ ...string) (map[string]string, time.Duration) {
			root := filepath.Join(t.TempDir(), "book")
			if err := os.CopyFS(root, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			cmd := bookciCommand(t.Context(), root, "build", "--engine", engine, "--target", targets)
			cmd.Env = append(append(cmd.Env, environ...), "SOURCE_DATE_EPOCH=1700000000")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			begun := time.Now()
			out, err := cmd.Output()
			took := time.Since(begun)
			var exit *exec.ExitError
			if errors.As(err, &exit) || err != nil {
				t.Fatalf("%s on %s: %v\n%s", dir, engine, err, stderr.String())
			}
			made := map[string]string{}
			for _, name := range bytes.Fields(out) {
				text, err := os.ReadFile(filepath.Join(root, string(name)))
				if err != nil {
					t.Fatal(err)
				}
				made[string(name)] = string(text)
			}
			return made, took
		}
		here, onDocker := build("docker", "BOOKCI_IMAGE="+standin.RealImage)
		there, onFargate := build("fargate", append(environ, "BOOKCI_IMAGE="+standin.RealImage)...)
		t.Logf("%s: docker %.1f s, fargate %.1f s: %+.1f s", dir, onDocker.Seconds(), onFargate.Seconds(), (onFargate - onDocker).Seconds())
		if len(here) == 0 || len(here) != len(there) {
			t.Errorf("%s: %d artifacts and %d", dir, len(here), len(there))
		}
		for name, text := range here {
			if there[name] != text {
				t.Errorf("%s: %s differs", dir, name)
			}
		}
	}
}
