package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nextStep says how somebody whose machine has no Docker that answers gets one.
// has tells whether there is a program of this name, or a file.
func nextStep(system string, has func(name string) bool) string {
	const group = "`sudo usermod -aG docker $USER` and log in again"
	switch system {
	case "darwin":
		if has("/Applications/Docker.app") {
			return "start Docker Desktop: `open -a Docker`, and wait until its whale stands still"
		}
		if has("brew") {
			return "install Docker Desktop: `brew install --cask docker-desktop`, then `open -a Docker`"
		}
		return "install Docker Desktop from https://docs.docker.com/desktop/setup/install/mac-install/ and start it"
	case "windows":
		if has(`C:\Program Files\Docker\Docker\Docker Desktop.exe`) {
			return "start Docker Desktop from the start menu, and wait until it says that the engine runs"
		}
		if has("winget") {
			return "install Docker Desktop: `winget install --exact --id Docker.DockerDesktop`, then start it from the start menu"
		}
		return "install Docker Desktop from https://docs.docker.com/desktop/setup/install/windows-install/ and start it"
	case "linux":
		if has("/proc/sys/fs/binfmt_misc/WSLInterop") || has("/proc/sys/fs/binfmt_misc/WSLInterop-late") {
			return "start Docker Desktop on Windows, and turn this distribution on in its settings, under Resources, WSL integration"
		}
		if has("dockerd") {
			if has("systemctl") {
				return "start Docker: `sudo systemctl enable --now docker`"
			}
			return "start Docker: `sudo service docker start`"
		}
		for _, by := range []struct{ program, install string }{
			{"apt-get", "`sudo apt-get update && sudo apt-get install docker.io`"},
			{"dnf", "`sudo dnf install moby-engine && sudo systemctl enable --now docker`"},
			{"zypper", "`sudo zypper install docker && sudo systemctl enable --now docker`"},
			{"pacman", "`sudo pacman -S docker && sudo systemctl enable --now docker`"},
			{"apk", "`sudo apk add docker && sudo service docker start`"},
		} {
			if has(by.program) {
				return "install Docker: " + by.install + "; then " + group
			}
		}
		return "install Docker as https://docs.docker.com/engine/install/ says; then " + group
	}
	return "no Docker Engine runs on this system: name one on another machine, as in DOCKER_HOST=ssh://user@host"
}

// isHere is nextStep's has for this machine.
func isHere(name string) bool {
	if filepath.IsAbs(name) || strings.ContainsAny(name, `/\`) {
		_, err := os.Stat(name)
		return err == nil
	}
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	// Those of root alone are often not on PATH.
	_, err := os.Stat(filepath.Join("/usr/sbin", name))
	return err == nil
}
