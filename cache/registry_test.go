package cache

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"
)

// startRegistry runs the registry of Debian's package docker-registry on this
// machine's loopback and returns its host. It lets in author with the password
// "secret", or everyone.
func startRegistry(t *testing.T, c *client.Client, locked bool) string {
	t.Helper()
	if !strings.HasPrefix(c.DaemonHost(), "unix://") {
		t.Skip("the engine is on another machine, which cannot reach this one's loopback")
	}
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("no docker-registry to ask")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(t, err)
	host := l.Addr().String()
	fatal(t, l.Close())
	dir := t.TempDir()
	config := fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", dir, host)
	if locked {
		const line = "author:$2b$05$R8zNPTqN.ljdJ5J3NrmGPuZQ7QPMexPgVj0tj4UpThRyn455B47GC\n"
		fatal(t, os.WriteFile(filepath.Join(dir, "htpasswd"), []byte(line), 0o600))
		config += fmt.Sprintf("auth: {htpasswd: {realm: books, path: %s/htpasswd}}\n", dir)
	}
	fatal(t, os.WriteFile(filepath.Join(dir, "config.yml"), []byte(config), 0o600))
	cmd := exec.Command(program, "serve", filepath.Join(dir, "config.yml"))
	fatal(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	for range 100 {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return host
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the registry does not answer")
	return ""
}

func credentials(t *testing.T, password string) string {
	t.Helper()
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{Username: "author", Password: password})
	fatal(t, err)
	return auth
}

// push tags an image and pushes it.
func push(t *testing.T, c *client.Client, from, to, auth string) {
	t.Helper()
	fatal(t, c.ImageTag(t.Context(), from, to))
	id := imageID(t, c, to)
	t.Cleanup(func() { removeImage(t, c, id) }) // it has the registry's digest also when the tag has moved
	body, err := c.ImagePush(t.Context(), to, image.PushOptions{RegistryAuth: auth})
	fatal(t, err)
	defer body.Close()
	fatal(t, readStream(body, func(streamMessage) {}))
}

func TestALockFollowsARealRegistry(t *testing.T) {
	c := engines(t)[0]
	host := startRegistry(t, c, false)
	ref := host + "/team/book:1"
	push(t, c, makeImage(t, c, "reg1", "a"), ref, "none")
	lock := &Lock{Version: lockVersion, Images: map[string]*Pin{}}
	_, err := lock.Record(t.Context(), c, ref)
	fatal(t, err)
	if pin := lock.Pin(ref); pin.Digest == "" || len(pin.Platforms) != 1 {
		t.Fatalf("pin %+v", pin)
	}
	platform, err := DaemonPlatform(t.Context(), c)
	fatal(t, err)
	if changes, err := lock.Update(t.Context(), c, ref, "", platform); err != nil || len(changes) != 0 {
		t.Errorf("nothing moved, but: %v, %v", changes, err)
	}
	push(t, c, makeImage(t, c, "reg2", "b"), ref, "none")
	if _, err := lock.Record(t.Context(), c, ref); err == nil {
		t.Error("recorded an image that the lock does not allow")
	}
	changes, err := lock.Update(t.Context(), c, ref, "", platform)
	fatal(t, err)
	if len(changes) == 0 || changes[0].What != "registry digest" {
		t.Errorf("changes %+v", changes)
	}
	_, err = lock.Record(t.Context(), c, ref)
	fatal(t, err)
	if got := lock.Pin(ref).Platforms[platform].Config; got != imageID(t, c, ref) {
		t.Errorf("config %s", got)
	}
}

func TestALockPinsTheListOfAnImageForSeveralPlatforms(t *testing.T) {
	c := engines(t)[0]
	host := startRegistry(t, c, false)
	one := host + "/team/book:amd64"
	push(t, c, makeImage(t, c, "regm", "a"), one, "none")
	found, err := c.DistributionInspect(t.Context(), one, "")
	fatal(t, err)
	const listType = "application/vnd.docker.distribution.manifest.list.v2+json"
	entry := `{"mediaType":%q,"size":%d,"digest":%q,"platform":{"os":"linux","architecture":%q}}`
	var entries []string
	for _, arch := range []string{"amd64", "arm64"} {
		entries = append(entries, fmt.Sprintf(entry, found.Descriptor.MediaType, found.Descriptor.Size, found.Descriptor.Digest, arch))
	}
	list := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, listType, strings.Join(entries, ","))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+host+"/v2/team/book/manifests/1", strings.NewReader(list))
	fatal(t, err)
	req.Header.Set("Content-Type", listType)
	resp, err := http.DefaultClient.Do(req)
	fatal(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
	lock := &Lock{Version: lockVersion, Images: map[string]*Pin{}}
	ref := host + "/team/book:1"
	_, err = lock.Update(t.Context(), c, ref, "", "linux/amd64", "linux/arm64")
	fatal(t, err)
	if pin := lock.Pin(ref); pin.Digest != "sha256:"+hexOf([]byte(list)) || len(pin.Platforms) != 2 {
		t.Errorf("pin %+v", pin)
	}
	if _, err := (&Lock{Images: map[string]*Pin{}}).Update(t.Context(), c, ref, "", "linux/s390x"); err == nil || !strings.Contains(err.Error(), "linux/amd64, linux/arm64 only") {
		t.Errorf("a platform that is not offered: %v", err)
	}
}

func TestALockAsksARegistryWithTheCredentialsGiven(t *testing.T) {
	c := engines(t)[0]
	ref := startRegistry(t, c, true) + "/team/book:1"
	push(t, c, makeImage(t, c, "rega", "a"), ref, credentials(t, "secret"))
	lock := &Lock{Version: lockVersion, Images: map[string]*Pin{}}
	for _, auth := range []string{"", credentials(t, "wrong")} {
		if _, err := lock.Update(t.Context(), c, ref, auth, "linux/amd64"); err == nil || len(lock.Images) != 0 {
			t.Errorf("without the password: %v, %v", lock.Images, err)
		}
	}
	_, err := lock.Update(t.Context(), c, ref, credentials(t, "secret"), "linux/amd64")
	fatal(t, err)
}
