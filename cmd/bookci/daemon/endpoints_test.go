package daemon

import (
	"slices"
	"testing"
)

func TestEachSystemHasItsUsualPlaces(t *testing.T) {
	env := map[string]string{"HOME": "/home/a", "USERPROFILE": `C:\Users\a`, "XDG_RUNTIME_DIR": "/run/user/1"}
	getenv := func(key string) string { return env[key] }
	hosts := func(goos string) (list []string) {
		for _, c := range usual(getenv, goos, func(path string) bool { return path != "/run/user/1/docker.sock" }) {
			list = append(list, c.host)
		}
		return list
	}
	if got, want := hosts("windows"), []string{"npipe:////./pipe/docker_engine", "npipe:////./pipe/dockerDesktopLinuxEngine", "npipe:////./pipe/podman-machine-default"}; !slices.Equal(got, want) {
		t.Errorf("on Windows: %q", got)
	}
	if got := hosts("darwin"); got[0] != "unix:///var/run/docker.sock" || got[1] != "unix:///home/a/.docker/run/docker.sock" || slices.Contains(got, "unix:///run/user/1/docker.sock") {
		t.Errorf("on a Mac: %q", got)
	}
	if got := Home(getenv, "windows"); got != `C:\Users\a` {
		t.Errorf("home on Windows is %s", got)
	}
}
