package docker

import "testing"

func TestABindSourceIsAsDockerDesktopTakesIt(t *testing.T) {
	for root, want := range map[string]string{
		`/home/author/book`:                        `/home/author/book`,
		`C:\Users\author\本`:                        `C:\Users\author\本`,
		`\\?\D:\deep\book`:                         `D:\deep\book`,
		`\\wsl.localhost\Debian\home\author\book`:  `\\wsl.localhost\Debian\home\author\book`,
		`\\?\UNC\wsl.localhost\Debian\home\a\book`: `\\wsl.localhost\Debian\home\a\book`,
		`\\server\share\book`:                      `\\server\share\book`,
	} {
		if got := bindSource(root); got != want {
			t.Errorf("%s: %s, want %s", root, got, want)
		}
	}
}
