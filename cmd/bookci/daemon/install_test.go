package daemon

import (
	"slices"
	"strings"
	"testing"
)

// Each system has words of its own, and what is there already is not installed.
func TestTheNextStepIsThatOfTheSystem(t *testing.T) {
	for _, c := range []struct {
		system string
		has    []string
		want   string
	}{
		{"linux", []string{"apt-get"}, "sudo apt-get install docker.io"},
		{"linux", []string{"dnf"}, "sudo dnf install moby-engine"},
		{"linux", []string{"zypper"}, "sudo zypper install docker"},
		{"linux", []string{"pacman"}, "sudo pacman -S docker"},
		{"linux", []string{"apk"}, "sudo apk add docker"},
		{"linux", nil, "https://docs.docker.com/engine/install/"},
		{"linux", []string{"apt-get", "dockerd", "systemctl"}, "sudo systemctl enable --now docker"},
		{"linux", []string{"dockerd"}, "sudo service docker start"},
		{"linux", []string{"apt-get", "/proc/sys/fs/binfmt_misc/WSLInterop"}, "WSL integration"},
		{"darwin", nil, "mac-install"},
		{"darwin", []string{"brew"}, "brew install --cask docker-desktop"},
		{"darwin", []string{"brew", "/Applications/Docker.app"}, "open -a Docker"},
		{"windows", nil, "windows-install"},
		{"windows", []string{"winget"}, "winget install --exact --id Docker.DockerDesktop"},
		{"windows", []string{"winget", `C:\Program Files\Docker\Docker\Docker Desktop.exe`}, "start Docker Desktop"},
		{"freebsd", []string{"pkg"}, "DOCKER_HOST=ssh://"},
	} {
		got := nextStep(c.system, func(name string) bool { return slices.Contains(c.has, name) })
		if !strings.Contains(got, c.want) {
			t.Errorf("%s with %q: %s", c.system, c.has, got)
		}
		if there := slices.Contains(c.has, "dockerd"); there && strings.Contains(got, "install docker") {
			t.Errorf("%s: Docker is there already: %s", c.system, got)
		}
	}
}
